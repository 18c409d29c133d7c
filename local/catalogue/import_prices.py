"""Writes the catalogue's data file: facts and prices from litellm's price file, choices from the files beside this.

    python -m local.catalogue.import_prices --litellm <site-packages of an environment with litellm>

litellm's `model_prices_and_context_window_backup.json` (MIT) states prices, limits and abilities of models by
provider. `models.json` says which of them the platform offers, by which routes, and what an image costs at most, and
has the prices and retirements that litellm does not know yet;
`providers.json` says how each provider is reached and what it does not take. Where a price has changed since
the last run, a version is added that is in force from `--effective`; what was there stays, because entries of
the ledger name the version they were charged at.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from aggregator.orchestrator.check import check
from local.catalogue.abilities import abilities, context_window, fact_of, limits
from local.catalogue.prices import amounts, keep_versions, kept_by_hand, price

JsonObject = dict[str, Any]

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / "layers/common/python/aggregator/orchestrator/catalogue.json"
PRICE_FILE = "litellm/model_prices_and_context_window_backup.json"

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
        keep_versions(model, earlier.get(model["id"], {}), effective_at)
    return {
        "aliases": chosen["aliases"],
        "providers": [
            {"id": provider_id} | {k: v for k, v in entry.items() if k not in _NOT_IN_CATALOGUE}
            for provider_id, entry in providers.items()
        ],
        "models": models,
    }


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
        provider: fact_of(facts, providers[provider]["factsPrefix"], upstream)
        | kept_by_hand(choice.get("prices", {}).get(provider, {}))
        for provider, upstream in choice["routes"].items()
    }
    routes = [
        {"provider": provider, "upstreamModel": choice["routes"][provider], "weight": 100, "order": order}
        | limits(fact)
        | {"capabilities": abilities(fact, providers[provider], choice["routes"][provider])}
        | {"prices": [price(fact, as_of, providers[provider], choice["routes"][provider])]}
        for order, (provider, fact) in enumerate(found.items())
    ]
    first = next(iter(found.values()))
    able = list(dict.fromkeys(each for route in routes for each in route["capabilities"]))
    model = {"id": model_id, "displayName": choice["name"], "contextWindow": context_window(first)}
    model |= limits(first)
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


def _only_what_differs(route: JsonObject, model: JsonObject) -> JsonObject:
    def same(key: str) -> bool:
        if key == "prices":
            return all(amounts(a) == amounts(b) for a, b in zip(route[key], model[key], strict=True))
        return bool(route[key] == model.get(key))

    return {key: content for key, content in route.items() if key not in model or not same(key)}


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
