"""What a translated request says and its provider does not get is told; what asks for nothing is refused nowhere."""

import json
from typing import Any

import pytest

from aggregator.errors import UnsupportedParameter
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.load_catalogue import packaged
from aggregator.orchestrator.merge import merged
from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.proxy.dialects import lanes
from aggregator.proxy.dialects.chat.from_client import read as read_chat
from aggregator.proxy.dialects.embeddings.client import EMBEDDINGS
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.model import Ask, Route, Way
from tests.fakes.chat_world import NANO_A_TOKEN, chat_event

JsonObject = dict[str, Any]

CATALOGUE = Catalogue(merged(packaged(), None, None, region="us-east-1"), version=1)
HI = [{"role": "user", "content": "hi"}]
MARKED = [
    {"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]}
]


def via(name: str) -> CatalogueRoute:
    provider_id, _, model = name.partition("/")
    return next(each for each in CATALOGUE.find(model).routes if each.provider.id == provider_id)


def chat(**fields: Any) -> Ask:
    return read_chat(chat_event({"model": "mini", "messages": HI} | fields))


def responses(**fields: Any) -> Ask:
    return RESPONSES.read(chat_event({"model": "mini", "input": "hi"} | fields))


def messages(**fields: Any) -> Ask:
    return MESSAGES.read(chat_event({"model": "mini", "max_tokens": 9, "messages": HI} | fields))


@pytest.fixture(autouse=True)
def _role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def told(ask: Ask, over: CatalogueRoute) -> tuple[str, ...]:
    lanes.check(ask, over)
    lane = lanes.lane_of(ask, over)
    key = None if over.provider.keyless else "sk-1"
    sent = lane.adapter.encode(lanes.translated(ask, over), Way(Route(over, NANO_A_TOKEN), 100), key)
    return lanes.left_out(ask, over, lane, sent)


LABELS: JsonObject = {"user": "u", "metadata": {"a": "b"}, "prompt_cache_key": "k", "verbosity": "low"}


@pytest.mark.parametrize(("over", "names"), [
    ("openai/gpt-4.1", ()),
    ("groq/gpt-oss-120b", ("metadata", "prompt_cache_key", "verbosity")),
    ("mistral/mistral-large-latest", ("user", "verbosity")),
    ("google/gemini-2.5-flash", ("user", "prompt_cache_key", "metadata", "verbosity")),
    ("anthropic/claude-opus-5", ("prompt_cache_key", "metadata", "verbosity")),
    ("bedrock-converse/claude-opus-5", ("user", "prompt_cache_key", "metadata", "verbosity")),
    ("openai/gpt-5.4-pro", ()),
])  # fmt: skip
def test_labels_of_a_chat_are_told_where_a_provider_has_no_place_for_them(
    over: str, names: tuple[str, ...]
) -> None:
    assert told(chat(**LABELS), via(over)) == names
    assert told(chat(), via(over)) == ()


@pytest.mark.parametrize(("over", "names"), [
    ("anthropic/claude-opus-5", ("prompt_cache_key", "prompt_cache_options", "client_metadata", "metadata")),
    ("google/gemini-2.5-flash", (
        "safety_identifier", "prompt_cache_key", "prompt_cache_options", "client_metadata", "metadata",
        "text.verbosity",
    )),
])  # fmt: skip
def test_labels_of_a_response_are_told_on_translated_lanes(over: str, names: tuple[str, ...]) -> None:
    text = {"verbosity": "low"} if over.startswith("google") else {}
    ask = responses(
        safety_identifier="s", prompt_cache_key="k", prompt_cache_options={"mode": "explicit"}, metadata={"a": "b"},
        client_metadata={"c": "d"}, text=text,
    )  # fmt: skip

    assert told(ask, via(over)) == names
    assert told(responses(metadata={}, prompt_cache_key=None), via(over)) == ()


@pytest.mark.parametrize(("over", "names"), [
    ("openai/gpt-4.1", ("context_management", "diagnostics", "metadata", "cache_control")),
    ("google/gemini-2.5-flash", ("context_management", "diagnostics", "metadata", "cache_control")),
    ("bedrock-converse/mistral-large-2512", ("context_management", "diagnostics", "metadata", "cache_control")),
])  # fmt: skip
def test_what_a_message_says_for_claude_alone_is_told_on_translated_lanes(
    over: str, names: tuple[str, ...]
) -> None:
    ask = messages(
        messages=MARKED, metadata={"user_id": "u"}, diagnostics={"previous_message_id": None},
        context_management={"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    )  # fmt: skip

    assert told(ask, via(over)) == names
    assert told(messages(metadata={}, context_management={"edits": []}), via(over)) == ()


TOOL: JsonObject = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}


@pytest.mark.parametrize("over", ["google/gemini-2.5-flash", "bedrock-converse/mistral-large-2512"])
def test_what_tools_say_for_one_house_alone_is_told_on_translated_lanes(over: str) -> None:
    found_later = TOOL | {"defer_loading": True, "output_schema": {"type": "object"}, "async": True}
    brought = {"type": "additional_tools", "role": "developer", "tools": [
        {"type": "namespace", "name": "n", "tools": [TOOL | {"name": "g", "defer_loading": True}]},
    ]}  # fmt: skip
    deferred = {"name": "f", "input_schema": {}, "defer_loading": True, "eager_input_streaming": True}

    of_items = responses(
        input=[brought, {"role": "user", "content": "hi"}], reasoning={"context": "all_turns"}
    )

    assert told(responses(tools=[found_later]), via(over)) == (
        "tools.async", "tools.defer_loading", "tools.output_schema",
    )  # fmt: skip
    assert told(of_items, via(over)) == ("reasoning.context", "tools.defer_loading")
    assert told(messages(tools=[deferred]), via(over)) == (
        "tools.defer_loading",
        "tools.eager_input_streaming",
    )
    nothing = responses(
        tools=[TOOL | {"defer_loading": False, "allowed_callers": ["direct"]}], reasoning={"context": "auto"}
    )
    assert told(nothing, via(over)) == ()


def test_a_tool_that_only_other_tools_may_call_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        told(responses(tools=[TOOL | {"allowed_callers": ["programmatic"]}]), via("google/gemini-2.5-flash"))

    assert refused.value.param == "tools.0.allowed_callers"


def test_labels_of_embeddings_are_told_too() -> None:
    said = EMBEDDINGS.read(chat_event({"model": "mini", "input": "hi", "user": "u"}))

    assert told(said, via("mistral/mistral-embed")) == ("user",)
    assert told(said, via("openai/text-embedding-3-small")) == ()


def test_marks_that_reach_a_provider_are_not_told() -> None:
    assert told(messages(messages=MARKED), via("anthropic/claude-opus-5")) == ()
    assert told(messages(messages=MARKED), via("openai/gpt-4.1")) == ("cache_control",)


def test_nothing_that_asks_for_nothing_is_refused_on_a_translated_lane() -> None:
    nothing = messages(
        mcp_servers=[],
        fallbacks=[],
        inference_geo="global",
        speed="standard",
        service_tier="auto",
        container=None,
    )
    empty = responses(
        background=False, background_options={}, access_programs={}, conversation=None, prompt=None
    )

    for ask in (nothing, empty):
        assert told(ask, via("google/gemini-2.5-flash")) == ()


@pytest.mark.parametrize(
    "name", ["provider", "preset", "data_sources", "deferred", "models", "plugins", "moderation"]
)
def test_what_steers_is_refused_by_name_on_every_lane(name: str) -> None:
    routes = ("openai/gpt-5.6", "anthropic/claude-opus-5", "google/gemini-2.5-flash", "xai/grok-4.5")
    for over in routes:
        for read in (chat, responses, messages):
            with pytest.raises(UnsupportedParameter) as refused:
                told(read(**{name: {"x": 1}}), via(over))
            assert refused.value.param == name


@pytest.mark.parametrize(
    "over", ["openai/gpt-4.1", "openai/gpt-5.4-pro", "groq/gpt-oss-120b", "xai/grok-4.5"]
)
def test_a_chat_completion_is_kept_at_no_provider_and_the_client_is_told(over: str) -> None:
    at = via(over)
    lane = lanes.lane_of(chat(store=True), at)

    sent = lane.adapter.encode(chat(store=True), Way(Route(at, NANO_A_TOKEN), 100), "sk-1")

    assert json.loads(sent.body).get("store", False) is False
    assert lanes.left_out(chat(store=True), at, lane, sent) == ("store",)
    assert told(chat(store=False), at) == ()


def test_what_went_out_is_what_is_looked_at() -> None:
    over = via("anthropic/claude-opus-5")
    lane = lanes.lane_of(chat(user="u"), over)
    sent = lane.adapter.encode(chat(user="u"), Way(Route(over, NANO_A_TOKEN), 100), "sk-1")

    assert json.loads(sent.body)["metadata"] == {"user_id": "u"}
    assert lanes.left_out(chat(user="u"), over, lane, sent) == ()
    assert lanes.left_out(chat(verbosity="low"), over, lane, sent) == ("verbosity",)
