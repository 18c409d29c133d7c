"""Writes the catalogue's data file: facts and prices from litellm's price file, choices from the files beside this.

    python local/catalogue/import_prices.py --litellm <site-packages of an environment with litellm>

litellm's `model_prices_and_context_window_backup.json` (MIT) states prices, limits and abilities of models by
provider. `models.json` says which of them the platform offers, by which routes, and what an image costs at most, and
has the prices and retirements that litellm does not know yet;
`providers.json` says how each provider is reached and what it does not take. Where a price has changed since
the last run, a version is added that is in force from `--effective`; what was there stays, because entries of
the ledger name the version they were charged at.

All arithmetic is decimal: prices are parsed from their text and must come out as whole nano-US-dollars.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from importlib.metadata import distributions
from pathlib import Path
from re import fullmatch
from typing import Any

from aggregator.orchestrator.check import check

JsonObject = dict[str, Any]

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / "layers/common/python/aggregator/orchestrator/catalogue.json"
PRICE_FILE = "litellm/model_prices_and_context_window_backup.json"

ALWAYS = "1970-01-01T00:00:00.000Z"
"""The first version of a price holds for all time before the second: `asOf` says when it was read."""

NANO_USD_PER_MILLION = Decimal(10) ** 15
"""From US dollars for one token to nano-US-dollars for a million."""

# Our name of a rate: litellm's.
RATES = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cachedInput": "cache_read_input_token_cost",
    "cacheWrite": "cache_creation_input_token_cost",
    "reasoning": "output_cost_per_reasoning_token",
    "cacheWriteHour": "cache_creation_input_token_cost_above_1hr",
}

# Our name of an ability: litellm's.
ABILITIES = {
    "tools": "supports_function_calling",
    "parallelTools": "supports_parallel_function_calling",
    "vision": "supports_vision",
    "jsonSchema": "supports_response_schema",
    "reasoning": "supports_reasoning",
    "promptCaching": "supports_prompt_caching",
}

_NOT_IN_CATALOGUE = ("factsPrefix", "lacks", "has", "onlyModels", "serviceTiers", "toolPrices")


def catalogue(
    facts: Mapping[str, JsonObject],
    providers: Mapping[str, JsonObject],
    chosen: JsonObject,
    before: JsonObject,
    *,
    as_of: date,
    effective_at: str,
) -> JsonObject:
    """The whole data file, without its `source`; `before` is the one it replaces, for its price versions."""
    earlier = {model["id"]: model for model in before.get("models", ())}
    models = [
        _model(
            model_id,
            choice,
            facts=facts,
            providers=providers,
            image_tokens=chosen["imageTokens"],
            as_of=as_of,
        )
        for model_id, choice in chosen["models"].items()
    ]
    for model in models:
        _keep_versions(model, earlier.get(model["id"], {}), effective_at)
    return {
        "aliases": chosen["aliases"],
        "providers": [
            {"id": provider_id} | {k: v for k, v in entry.items() if k not in _NOT_IN_CATALOGUE}
            for provider_id, entry in providers.items()
        ],
        "models": models,
    }


def nano_usd_per_million(usd_per_token: Decimal) -> int:
    """A published price as an exact integer.

    Raises:
        ValueError: it is finer than a nano-dollar for a million tokens.
    """
    nano_usd = usd_per_token * NANO_USD_PER_MILLION
    if nano_usd != nano_usd.to_integral_value():
        raise ValueError(f"{usd_per_token} USD a token is no whole number of nano-dollars a million")
    return int(nano_usd)


def rates(fact: JsonObject, suffix: str = "") -> JsonObject:
    """The rates of one tier; what is not priced apart is left out.

    Raises:
        KeyError: there is no input price, or no output price though the model writes.
    """
    said = {
        ours: nano_usd_per_million(Decimal(fact[theirs + suffix]))
        for ours, theirs in RATES.items()
        if fact.get(theirs + suffix) is not None
    }
    if fact["mode"] == "embedding":
        said.setdefault("output", 0)
    for name in ("cacheWrite", "cacheWriteHour"):
        if not said.get(name):
            said.pop(name, None)  # 0 means that writing is not charged apart from the input
    if said.get("reasoning") == said["output"]:
        said.pop("reasoning")
    return {"input": said.pop("input"), "output": said.pop("output")} | said


def price(
    fact: JsonObject, as_of: date, provider: JsonObject | None = None, upstream: str = ""
) -> JsonObject:
    """One version of a price, in force since ever.

    A provider's `serviceTiers` have rates of their own where the price file knows them; its `toolPrices` are US dollars
    for a call, the first that fit the model's name there.
    """
    said: JsonObject = {"version": as_of.isoformat(), "effectiveAt": ALWAYS} | _rates_and_tiers(fact)
    if provider is not None:
        said |= _paid_apart(fact, provider, upstream)
    source = fact.get("source", "")
    return said | {"asOf": as_of.isoformat()} | ({"source": source} if source.startswith("https://") else {})


def _rates_and_tiers(fact: JsonObject, service: str = "") -> JsonObject:
    starts = sorted(
        int(found[1])
        for key in fact
        if (found := fullmatch(rf"input_cost_per_token_above_(\d+)k_tokens{service}", key)) is not None
    )
    said = rates(fact, service)
    if starts:
        said["tiers"] = [
            {"aboveInputTokens": start * 1000} | rates(fact, f"_above_{start}k_tokens{service}")
            for start in starts
        ]
    return said


def _paid_apart(fact: JsonObject, provider: JsonObject, upstream: str) -> JsonObject:
    said: JsonObject = {}
    tiers = {
        name: _rates_and_tiers(fact, f"_{name}")
        for name in provider.get("serviceTiers", ())
        if f"input_cost_per_token_{name}" in fact and f"output_cost_per_token_{name}" in fact
    }
    if fact.get("supports_function_calling"):
        usd: JsonObject = next(
            (
                each["usd"]
                for each in provider.get("toolPrices", ())
                if any(fnmatchcase(upstream, pattern) for pattern in each["models"])
            ),
            {},
        )
        said["tools"] = {name: int(Decimal(amount).scaleb(9)) for name, amount in usd.items()}
    if tiers:
        said["serviceTiers"] = tiers
    return {name: content for name, content in said.items() if content}


def abilities(fact: JsonObject, provider: JsonObject, upstream: str = "") -> list[str]:
    """What a model can do on a provider's endpoint, which may be less than the model itself can.

    `onlyModels` names abilities that the endpoint gives to certain models, whatever the price file says of them.
    """
    if fact["mode"] == "embedding":
        return ["embeddings"]
    able = ["chat", "streaming", *(ours for ours, theirs in ABILITIES.items() if fact.get(theirs))]
    if "cache_read_input_token_cost" in fact:
        able.append("promptCaching")
    if fact.get("supports_audio_input") and _audio_costs_no_more_than_text(fact):
        able.append("audioInput")
    if fact["mode"] == "responses":
        able.append("onlyResponses")
        if not fact.get("supports_native_streaming"):
            able.remove("streaming")
    if "tools" in able:
        able += provider.get("has", [])
    only: JsonObject = provider.get("onlyModels", {})
    able = [each for each in able if each not in only and each not in provider.get("lacks", [])]
    able += [each for each in only if any(fnmatchcase(upstream, pattern) for pattern in only[each])]
    return list(dict.fromkeys(able))


def _audio_costs_no_more_than_text(fact: JsonObject) -> bool:
    return Decimal(fact.get("input_cost_per_audio_token") or 0) <= Decimal(fact["input_cost_per_token"])


def _model(
    model_id: str,
    choice: JsonObject,
    *,
    facts: Mapping[str, JsonObject],
    providers: Mapping[str, JsonObject],
    image_tokens: list[JsonObject],
    as_of: date,
) -> JsonObject:
    found = {
        provider: _fact(facts, providers[provider]["factsPrefix"], upstream)
        | _kept_by_hand(choice.get("prices", {}).get(provider, {}))
        for provider, upstream in choice["routes"].items()
    }
    routes = [
        {"provider": provider, "upstreamModel": choice["routes"][provider], "weight": 100, "order": order}
        | _limits(fact)
        | {"capabilities": abilities(fact, providers[provider], choice["routes"][provider])}
        | {"prices": [price(fact, as_of, providers[provider], choice["routes"][provider])]}
        for order, (provider, fact) in enumerate(found.items())
    ]
    first = next(iter(found.values()))
    able = list(dict.fromkeys(each for route in routes for each in route["capabilities"]))
    model = {"id": model_id, "displayName": choice["name"], "contextWindow": _context_window(first)}
    model |= _limits(first)
    if "vision" in able:
        model["maxImageTokens"] = next(
            bound["tokens"]
            for bound in image_tokens
            if any(fnmatchcase(model_id, pattern) for pattern in bound["models"])
        )
    if "retiresAt" in choice:
        model["retiresAt"] = choice["retiresAt"]
    elif all("deprecation_date" in fact for fact in found.values()):
        model["retiresAt"] = max(fact["deprecation_date"] for fact in found.values())
    model |= {"capabilities": able, "prices": routes[0]["prices"]}
    return model | {"routes": [_only_what_differs(route, model) for route in routes]}


def _kept_by_hand(said: JsonObject) -> JsonObject:
    """Rates of `models.json`, US dollars for a million tokens, as litellm would have them."""
    usd = {theirs: Decimal(said[ours]).scaleb(-6) for ours, theirs in RATES.items() if ours in said}
    return usd | ({"source": said["source"]} if said else {})


def _fact(facts: Mapping[str, JsonObject], prefixes: Iterable[str], upstream: str) -> JsonObject:
    names = [prefix + name for prefix in prefixes for name in (upstream, upstream.rsplit("/", 1)[-1])]
    for name in names:
        if name in facts:
            return facts[name]
    raise SystemExit(f"litellm's file knows none of {names}")


def _limits(fact: JsonObject) -> JsonObject:
    limits = {"maxInputTokens": fact["max_input_tokens"]}
    if fact["mode"] != "embedding":
        limits["maxOutputTokens"] = fact["max_output_tokens"]
    return limits


def _context_window(fact: JsonObject) -> int:
    """OpenAI's reasoning models: litellm states the input limit, which leaves room for the output."""
    limit: int = fact["max_input_tokens"]
    return limit + int(fact["max_output_tokens"]) if limit in {272_000, 922_000} else limit


def _only_what_differs(route: JsonObject, model: JsonObject) -> JsonObject:
    def same(key: str) -> bool:
        if key == "prices":
            return all(_amounts(a) == _amounts(b) for a, b in zip(route[key], model[key], strict=True))
        return bool(route[key] == model.get(key))

    return {key: content for key, content in route.items() if key not in model or not same(key)}


def _amounts(version: JsonObject) -> JsonObject:
    return {k: v for k, v in version.items() if k not in {"version", "effectiveAt", "asOf", "source"}}


def _keep_versions(model: JsonObject, earlier: JsonObject, effective_at: str) -> None:
    """Versions that were there stay; a route that had its model's prices takes them along when it gets its own."""
    before_by_provider = {route["provider"]: route for route in earlier.get("routes", ())}
    of_model = earlier.get("prices", [])
    for holder, before in [
        (model, of_model),
        *(
            (route, before_by_provider.get(route["provider"], {"prices": []}).get("prices", of_model))
            for route in model["routes"]
        ),
    ]:
        if not before or "prices" not in holder:
            continue
        new = holder["prices"][0]
        if _amounts(new) == _amounts(before[-1]):
            holder["prices"] = before
        else:
            names = {each["version"] for each in before}
            day = new["version"]
            version = next(n for n in (day, *(f"{day}.{k}" for k in range(2, 99))) if n not in names)
            holder["prices"] = [*before, new | {"version": version, "effectiveAt": effective_at}]


def text_of(content: JsonObject) -> str:
    """JSON with one line for each provider and model, so that a diff names what changed."""

    def line(value: Any) -> str:
        return json.dumps(value, separators=(", ", ": "), ensure_ascii=False)

    lists = {
        key: "[\n" + ",\n".join("    " + line(each) for each in content[key]) + "\n  ]"
        for key in ("providers", "models")
    }
    return (
        "{\n" + ",\n".join(f'  "{key}": {lists.get(key) or line(content[key])}' for key in content) + "\n}\n"
    )


def main() -> int:
    """Write the data file; 1 if it has problems, which are then printed and nothing is written."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--litellm", type=Path, required=True, help="site-packages that holds litellm")
    parser.add_argument("--as-of", type=date.fromisoformat, default=datetime.now(UTC).date())
    parser.add_argument("--effective", default=None, help="when changed prices come into force (ISO 8601)")
    chosen = parser.parse_args()
    version = next(each.version for each in distributions(name="litellm", path=[str(chosen.litellm)]))
    facts = json.loads((chosen.litellm / PRICE_FILE).read_text(encoding="utf-8"), parse_float=Decimal)
    before = json.loads(TARGET.read_text(encoding="utf-8")) if TARGET.exists() else {}
    content = catalogue(
        facts,
        json.loads((HERE / "providers.json").read_text(encoding="utf-8")),
        json.loads((HERE / "models.json").read_text(encoding="utf-8")),
        before,
        as_of=chosen.as_of,
        effective_at=chosen.effective or f"{chosen.as_of.isoformat()}T00:00:00.000Z",
    )
    problems = check(content)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return 1
    source = {"name": f"litellm {version}, {PRICE_FILE}", "licence": "MIT", "asOf": chosen.as_of.isoformat()}
    TARGET.write_text(text_of({"source": source} | content), encoding="utf-8")
    print(f"{len(content['models'])} models, {len(content['providers'])} providers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
