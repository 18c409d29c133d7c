"""The published events: their schemas are checked in, and only optional fields may be added to them."""

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.events.schemas import HERE, PUBLISHED, JsonObject, breaks, checked_in, schema_of

FROZEN = HERE / "frozen"
CONTRACTS = Path(__file__).parents[3] / "layers/common/python/aggregator/contracts"


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_schema_that_is_checked_in_is_the_codes_own(name: str) -> None:
    assert checked_in(name) == json.loads(json.dumps(schema_of(name))), (
        "run python -m tests.contract.events.schemas"
    )


@pytest.mark.parametrize("name", PUBLISHED)
def test_only_optional_fields_were_added_since_it_was_published(name: str) -> None:
    assert breaks(checked_in(name, FROZEN), schema_of(name)) == []


def test_every_contract_is_held() -> None:
    written = {path.stem for path in CONTRACTS.glob("*.py")} - {"__init__", "base"}

    assert written == {name.removesuffix(".v1") for name in PUBLISHED}


def _a_new_optional_field(schema: JsonObject) -> None:
    schema["properties"]["region"] = {"type": "string", "default": None}


def _a_new_optional_field_within(schema: JsonObject) -> None:
    schema["$defs"]["HeldMoney"]["properties"]["note"] = {"type": "string"}


def _other_words(schema: JsonObject) -> None:
    schema["description"] = schema["properties"]["model"]["title"] = "other words"


def _a_new_kind_of_object(schema: JsonObject) -> None:
    schema["$defs"]["New"] = {"type": "object", "title": "New"}


@pytest.mark.parametrize(
    "change", [_a_new_optional_field, _a_new_optional_field_within, _other_words, _a_new_kind_of_object]
)
def test_what_consumers_need_not_know_may_change(change: Callable[[JsonObject], None]) -> None:
    schema = copy.deepcopy(schema_of("ai_usage.v1"))

    change(schema)

    assert breaks(schema_of("ai_usage.v1"), schema) == []


def _a_field_gone(schema: JsonObject) -> None:
    del schema["properties"]["latencyMs"]


def _a_field_gone_within(schema: JsonObject) -> None:
    del schema["$defs"]["CountedUsage"]["properties"]["images"]


def _another_type(schema: JsonObject) -> None:
    schema["properties"]["latencyMs"]["type"] = "number"


def _a_tighter_bound(schema: JsonObject) -> None:
    schema["properties"]["userId"]["maxLength"] = 100


def _another_value(schema: JsonObject) -> None:
    schema["properties"]["outcome"]["enum"].append("new")


def _required_before_but_not_now(schema: JsonObject) -> None:
    schema["required"].remove("keyId")


def _a_new_required_field(schema: JsonObject) -> None:
    schema["properties"]["region"] = {"type": "string"}
    schema["required"].append("region")


def _an_object_gone(schema: JsonObject) -> None:
    del schema["$defs"]["Rates"]


def _unknown_fields_refused(schema: JsonObject) -> None:
    schema["additionalProperties"] = False


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_a_field_gone, ["AiUsage.latencyMs: gone"]),
        (_a_field_gone_within, ["CountedUsage.images: gone"]),
        (_another_type, ["AiUsage.latencyMs: changed"]),
        (_a_tighter_bound, ["AiUsage.userId: changed"]),
        (_another_value, ["AiUsage.outcome: changed"]),
        (_required_before_but_not_now, ["AiUsage.keyId: required before or after, not both"]),
        (_a_new_required_field, ["AiUsage.region: required before or after, not both"]),
        (_an_object_gone, ["Rates: gone"]),
        (_unknown_fields_refused, ["AiUsage: changed"]),
    ],
)
def test_what_consumers_rely_on_may_not_change(change: Callable[[JsonObject], None], told: list[str]) -> None:
    schema = copy.deepcopy(schema_of("ai_usage.v1"))

    change(schema)

    assert breaks(schema_of("ai_usage.v1"), schema) == told
