"""Every version of every price there ever was: so any charge can be recomputed. Standard library only.

A published body keeps under `retiredPrices` the versions of routes and models that it has no more, whoever took them
out: a load, an operator, or a roll-back. So the live body knows all of them, and no old one needs to be read.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.billing.price import Price
from aggregator.errors import Conflict
from aggregator.orchestrator.catalogue import Catalogue

JsonObject = dict[str, Any]
Key = tuple[str, str, str]


def price_versions(catalogue: Catalogue) -> Iterator[tuple[str, str, Price]]:
    """Model, provider and price: what is needed to recompute a charge."""
    for model in catalogue.models():
        for route in model.routes:
            for dated in route.prices:
                yield model.id, route.provider.id, dated.price
    yield from catalogue.retired_prices


def remembering(before: Mapping[str, Any] | None, after: JsonObject) -> JsonObject:
    """The body `after`, with every price version that `before` knew and it does not have itself.

    Raises:
        Conflict: a version would have other rates than it had: charges name it, so it never changes.
    """
    known = known_prices(after)
    retired: list[JsonObject] = []
    for (model, provider, version), price in known_prices(before or {}).items():
        again = known.get((model, provider, version))
        if again is None:
            retired.append({"model": model, "provider": provider, **price})
        elif Price.from_json(again) != Price.from_json(price):
            raise Conflict(
                f"The price version '{version}' of {model} over {provider} is there already, with other rates.",
                param="price.version",
            )
    kept = [*after.get("retiredPrices", ()), *retired]
    return {**after, "retiredPrices": kept} if kept else after


def known_prices(body: Mapping[str, Any]) -> dict[Key, JsonObject]:
    """Every price version of a body, retired ones too, by model, provider and version."""
    known = {
        (each["model"], each["provider"], each["version"]): {
            name: value for name, value in each.items() if name not in {"model", "provider"}
        }
        for each in body.get("retiredPrices", ())
    }
    for model in body.get("models", {}).values():
        for route in model.get("routes", ()):
            for price in route.get("prices", model.get("prices", ())):
                known[model["id"], route["provider"], price["version"]] = price
    return known
