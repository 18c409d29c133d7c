"""What an operator can do to a catalogue's body. Pure rules, standard library only.

An entry that an operator touches is the operator's from then on: loads of the data file leave it alone.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aggregator.billing.price import Price
from aggregator.errors import Conflict, InvalidRequest, NotFound
from aggregator.orchestrator.addresses import is_this_machine, problem_of_url
from aggregator.orchestrator.change_catalogue import Edit
from aggregator.orchestrator.merge import OPERATOR
from aggregator.orchestrator.price_versions import known_prices
from aggregator.runtime.clock import iso

JsonObject = dict[str, Any]

_BY_DEFAULT: Mapping[str, JsonObject] = {
    "providers": {"protocol": "openai", "maxTokensField": "max_tokens", "timeoutSeconds": 600},
    "models": {"capabilities": ["chat", "streaming"]},
}


def put_model(model_id: str, fields: Mapping[str, Any], now: datetime) -> Edit:
    """Set fields of a model; those left out stay. One that is not there yet is made.

    `price`, of the model or of a route, is a new version of its price, beside those there are. `routes` replaces all
    routes; one over a provider that had a route already goes on from that route's own prices.
    """

    def apply(body: JsonObject) -> JsonObject:
        before = body["models"].get(model_id, {})
        entry = {**_start("models", before, model_id), **_without(fields, "price", "routes")}
        prices = _Prices(_names_of_prices(body, model_id), now)
        if fields.get("routes") is not None:
            entry["routes"] = [
                _route(route, before, prices, f"routes.{number}")
                for number, route in enumerate(fields["routes"])
            ]
        if fields.get("price") is not None:
            entry["prices"] = prices.after(before.get("prices", []), fields["price"], "price")
        return _with(body, "models", model_id, entry, before)

    return Edit("put", apply, f"model {model_id}")


def put_provider(provider_id: str, fields: Mapping[str, Any], *, this_machine: bool) -> Edit:
    """Set fields of a provider; those left out stay. One that is not there yet is made.

    `this_machine`: its URL may name the machine we run on, which makes sense on a developer's machine alone.
    """

    def apply(body: JsonObject) -> JsonObject:
        url = str(fields.get("baseUrl", ""))
        if not this_machine and not problem_of_url(url) and is_this_machine(url):
            raise InvalidRequest("baseUrl: must not be this machine", param="baseUrl")
        before = body["providers"].get(provider_id, {})
        entry = {**_start("providers", before, provider_id), **fields}
        return _with(body, "providers", provider_id, entry, before)

    return Edit("put", apply, f"provider {provider_id}")


def put_alias(alias: str, target: Mapping[str, Any]) -> Edit:
    """Let an alias stand for a model; everybody's."""

    def apply(body: JsonObject) -> JsonObject:
        return _with(body, "aliases", alias, dict(target), body["aliases"].get(alias, {}))

    return Edit("put", apply, f"alias {alias}")


def delete_alias(alias: str) -> Edit:
    """Take an alias away. One of the data file comes back with the next load."""

    def apply(body: JsonObject) -> JsonObject:
        if alias not in body["aliases"]:
            raise NotFound(f"There is no alias '{alias}'.")
        kept = {name: entry for name, entry in body["aliases"].items() if name != alias}
        return {**body, "aliases": kept}

    return Edit("delete", apply, f"alias {alias}")


def roll_back_to(version: int, old: JsonObject) -> Edit:
    """Everything as it was at a version. Price versions that came later stay known, but are in force no more."""
    return Edit(f"rollback to {version}", lambda _: old)


class _Prices:
    """Names new price versions of a model, so that no two of them ever share a name."""

    def __init__(self, used: set[str], now: datetime) -> None:
        self._used = used
        self._now = iso(now)

    def after(self, before: list[JsonObject], price: Mapping[str, Any], path: str) -> list[JsonObject]:
        """The prices `before`, and the new one in its place; the same if it says what is there already."""
        effective_at = price.get("effectiveAt") or self._now
        in_force = max(
            (each["effectiveAt"] for each in before if each["effectiveAt"] <= self._now), default=""
        )
        named = next((each for each in before if each["version"] == price.get("version")), None)
        if named is not None:
            if _rates(named) == _rates(price):
                return before
            raise Conflict(
                f"The price version '{named['version']}' is there already, with other rates.",
                param=f"{path}.version",
            )
        if "version" not in price and _says_the_same(before, price, in_force):
            return before
        if effective_at <= in_force:
            raise InvalidRequest(
                f"{path}.effectiveAt: must be after {in_force}, from which the price in force holds",
                param=f"{path}.effectiveAt",
            )
        version = price.get("version") or self._new_name(effective_at[:10])
        self._used.add(version)
        new = {"asOf": self._now[:10], **price, "version": version, "effectiveAt": effective_at}
        return sorted([*before, new], key=lambda each: str(each["effectiveAt"]))

    def _new_name(self, day: str) -> str:
        names = [day, *(f"{day}.{number}" for number in range(2, len(self._used) + 3))]
        return next(name for name in names if name not in self._used)


def _names_of_prices(body: Mapping[str, Any], model_id: str) -> set[str]:
    """Names of all prices of a model there ever were, and of those that are the model's while no route takes them."""
    model = body["models"].get(model_id, {})
    here = [
        *model.get("prices", ()),
        *(each for route in model.get("routes", ()) for each in route.get("prices", ())),
    ]
    live_or_retired = {version for model, _, version in known_prices(body) if model == model_id}
    return live_or_retired | {price["version"] for price in here}


def _rates(price: Mapping[str, Any]) -> Price:
    return Price.from_json({**price, "version": ""})


def _says_the_same(before: list[JsonObject], price: Mapping[str, Any], in_force: str) -> bool:
    """Whether a price without a name is the one in force, or the one that is to come at its moment."""
    moment = price.get("effectiveAt") or in_force
    return any(each["effectiveAt"] == moment and _rates(each) == _rates(price) for each in before)


def _route(route: Mapping[str, Any], before: Mapping[str, Any], prices: _Prices, path: str) -> JsonObject:
    routes = {each["provider"]: each for each in before.get("routes", ())}
    old = routes.get(route["provider"])
    made = {"weight": 100, "order": 0, **_without(route, "price")}
    if route.get("price") is not None:
        so_far = [] if old is None else old.get("prices", before.get("prices", []))
        made["prices"] = prices.after(so_far, route["price"], f"{path}.price")
    elif old is not None and "prices" in old:
        made["prices"] = old["prices"]
    return _said(made)


def _start(kind: str, before: Mapping[str, Any], entry_id: str) -> JsonObject:
    return dict(before) if before else {"id": entry_id, **_BY_DEFAULT[kind]}


def _with(
    body: JsonObject, kind: str, entry_id: str, entry: JsonObject, before: Mapping[str, Any]
) -> JsonObject:
    owned = _said({**entry, "origin": OPERATOR})
    if before and owned == {**before, "origin": OPERATOR}:
        return body
    return {**body, kind: {**body[kind], entry_id: owned}}


def _said(entry: Mapping[str, Any]) -> JsonObject:
    """An entry without the fields that were taken away."""
    return {name: value for name, value in entry.items() if value is not None}


def _without(fields: Mapping[str, Any], *names: str) -> JsonObject:
    return {name: value for name, value in fields.items() if name not in names}
