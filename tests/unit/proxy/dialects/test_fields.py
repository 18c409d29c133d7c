"""Every field of the SDKs' request types has a class, so that a new one is noticed on the day it is pinned."""

import json
from typing import Any

import pytest

from aggregator.errors import UnsupportedParameter
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.load_catalogue import packaged
from aggregator.orchestrator.merge import merged
from aggregator.proxy.dialects import lanes
from aggregator.proxy.dialects.fields import HINT, MESSAGES, PLAIN, RESPONSES, passed
from aggregator.proxy.dialects.published import ALL, CHAT
from aggregator.proxy.model import Route, Way
from local import drift, sdk_fields
from tests.fakes.chat_world import NANO_A_TOKEN, ask

CATALOGUE = Catalogue(merged(packaged(), None, None, region="us-east-1"), version=1)


@pytest.mark.parametrize("dialect", ["messages", "responses", "chat", "embeddings", "gemini", "converse"])
def test_every_field_of_an_sdk_s_request_has_a_class(dialect: str) -> None:
    names = sdk_fields.fields()[dialect]

    assert len(names) >= 5
    assert [name for name in names if name not in ALL[dialect]] == []


def test_a_new_field_of_an_sdk_is_news() -> None:
    versions = {"anthropic": "1", "openai": "2"}
    found = {dialect: ["model"] for dialect in ALL} | {"gemini": ["contents", "ofTomorrow"], "converse": []}

    lines = list(drift.report({"versions": versions, "fields": found}, {"openai": "2"}))

    assert lines[:2] == ["anthropic 1 (pinned: None)", "openai 2"]
    assert (
        "embeddings: 5 fields classed (4 plain, 1 hint, 0 steering, 0 priced, 0 stored); 1 in the SDK"
        in lines
    )
    assert lines[-1] == "new in gemini: ofTomorrow"


def test_where_nothing_is_new_that_is_said() -> None:
    lines = list(drift.report({"versions": {}, "fields": {dialect: [] for dialect in ALL}}, {}))

    assert lines[-1] == "nothing new: every field has a class"


@pytest.mark.parametrize(
    ("model", "dialect"), [("gemini-2.5-flash", "gemini"), ("claude-opus-5", "converse")]
)
def test_nothing_is_written_for_gemini_and_converse_but_what_is_plain_there(model: str, dialect: str) -> None:
    over = next(
        each for each in CATALOGUE.find(model).routes if each.provider.id in ("google", "bedrock-converse")
    )
    said = ask(
        messages=[{"role": "system", "content": "S"}, {"role": "user", "content": "hi"}],
        tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}],
        tool_choice="auto", stop=["x"], reasoning_effort="low", verbosity="low", user="u",
    )  # fmt: skip

    sent = lanes.lane_of(said, over).adapter.encode(said, Way(Route(over, NANO_A_TOKEN), 100), "sk-1")

    body = json.loads(sent.body)
    written = (body.keys() | body.get("generationConfig", {}).keys()) - {"generationConfig"}
    assert len(written) >= 4
    assert {ALL[dialect][name].kind for name in written} == {PLAIN}


def test_hints_of_chats_are_those_that_are_looked_for() -> None:
    hints = {name for name, field in CHAT.items() if field.kind == HINT}

    assert hints | {"store"} == lanes._HINTS


@pytest.mark.parametrize("fields", [MESSAGES, RESPONSES])
def test_what_is_plain_or_a_hint_passes_as_it_is(fields: Any) -> None:
    body = {name: {"x": 1} for name, field in fields.items() if field.kind in (PLAIN, HINT)}

    assert passed(body, fields, house=False) == body


@pytest.mark.parametrize(("fields", "name"), [
    *((MESSAGES, name) for name, field in MESSAGES.items() if field.kind not in (PLAIN, HINT)),
    *((RESPONSES, name) for name, field in RESPONSES.items() if field.kind not in (PLAIN, HINT)),
])  # fmt: skip
def test_what_is_steering_priced_or_stored_is_refused_by_name_unless_it_asks_for_nothing(
    fields: Any, name: str
) -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        passed({name: "something"}, fields, house=True)

    assert refused.value.param == name
    for nothing in (None, *fields[name].nothing):
        passed({name: nothing}, fields, house=True)


def test_an_unknown_field_is_for_the_house_alone() -> None:
    assert passed({"of_tomorrow": 1}, MESSAGES, house=True) == {"of_tomorrow": 1}
    assert passed({"of_tomorrow": None}, MESSAGES, house=False) == {"of_tomorrow": None}
    with pytest.raises(UnsupportedParameter):
        passed({"of_tomorrow": 1}, MESSAGES, house=False)
