"""JSON Schemas of the published events, and the rule by which they may change.

python -m tests.contract.events.schemas        writes the schemas as they are now; frozen/ stays as it was published
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from aggregator.contracts.ai_usage import AiUsage
from aggregator.contracts.api_key_changed import ApiKeyChanged
from aggregator.contracts.balance_low import BalanceLow
from aggregator.contracts.catalogue_changed import CatalogueChanged
from aggregator.contracts.plan_changed import PlanChanged
from aggregator.contracts.team_changed import TeamChanged
from aggregator.contracts.transaction_created import TransactionCreated
from aggregator.contracts.user_changed import UserChanged

JsonObject = dict[str, Any]

HERE = Path(__file__).parent
PUBLISHED: dict[str, type[BaseModel]] = {
    "ai_usage.v1": AiUsage,
    "api_key_changed.v1": ApiKeyChanged,
    "balance_low.v1": BalanceLow,
    "catalogue_changed.v1": CatalogueChanged,
    "plan_changed.v1": PlanChanged,
    "team_changed.v1": TeamChanged,
    "transaction_created.v1": TransactionCreated,
    "user_changed.v1": UserChanged,
}


def schema_of(name: str) -> JsonObject:
    """The schema of an event as the code has it."""
    return PUBLISHED[name].model_json_schema(by_alias=True)


def checked_in(name: str, folder: Path = HERE) -> JsonObject:
    """The schema of an event as it stands in the repository."""
    schema: JsonObject = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return schema


def breaks(before: JsonObject, after: JsonObject) -> list[str]:
    """What `after` changes of `before` beyond adding optional fields; each as the place and what happened there."""
    objects_before, objects_after = _objects(before), _objects(after)
    found: list[str] = []
    for place, old in objects_before.items():
        if place in objects_after:
            found += _breaks_of(place, old, objects_after[place])
        else:
            found.append(f"{place}: gone")
    return found


def _breaks_of(place: str, old: JsonObject, new: JsonObject) -> Iterator[str]:
    fields_before, fields_after = old.get("properties", {}), new.get("properties", {})
    for name, said in fields_before.items():
        if name not in fields_after:
            yield f"{place}.{name}: gone"
        elif _meaning(said) != _meaning(fields_after[name]):
            yield f"{place}.{name}: changed"
    for name in sorted(set(old.get("required", ())) ^ set(new.get("required", ()))):
        yield f"{place}.{name}: required before or after, not both"
    if _meaning(old) != _meaning(new):
        yield f"{place}: changed"


def _objects(schema: JsonObject) -> dict[str, JsonObject]:
    within: dict[str, JsonObject] = schema.get("$defs", {})
    return {schema["title"]: schema, **within}


def _meaning(schema: Any) -> Any:
    """A schema without its words, and without what is compared field by field."""
    if isinstance(schema, list):
        return [_meaning(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    aside = {"title", "description", "examples", "properties", "required", "$defs"}
    return {name: _meaning(each) for name, each in schema.items() if name not in aside}


if __name__ == "__main__":
    for name in PUBLISHED:
        text = json.dumps(schema_of(name), indent=2, sort_keys=True) + "\n"
        (HERE / f"{name}.json").write_text(text, encoding="utf-8")
