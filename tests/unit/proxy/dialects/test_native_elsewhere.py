"""Native lanes to whoever else speaks a dialect of clients, as the shipped catalogue has them: path, proof, changes."""

import json
from typing import Any

import pytest

from aggregator.errors import UnsupportedParameter
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.load_catalogue import packaged
from aggregator.orchestrator.merge import merged
from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.orchestrator.model import Spoken
from aggregator.proxy.dialects import lanes
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.exchange import UpstreamRequest
from aggregator.proxy.model import Ask, Route, Way
from tests.fakes.chat_world import NANO_A_TOKEN, chat_event, provider, route

JsonObject = dict[str, Any]

CATALOGUE = Catalogue(merged(packaged(), None, None, region="us-east-1"), version=1)
HI = [{"role": "user", "content": "hi"}]
MESSAGE: JsonObject = {
    "model": "mini", "max_tokens": 100, "messages": HI, "system": "S", "temperature": 0.5, "stop_sequences": ["x"],
    "tools": [{"name": "f", "input_schema": {"type": "object", "properties": {}}}],
    "thinking": {"type": "enabled", "budget_tokens": 50}, "metadata": {"user_id": "theirs"},
}  # fmt: skip
RESPONSE: JsonObject = {
    "model": "mini", "input": "hi", "instructions": "S", "max_output_tokens": 100, "store": False, "temperature": 0.5,
    "tools": [{"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}, "strict": False}],
    "reasoning": {"effort": "low"}, "metadata": {"team": "a"},
}  # fmt: skip


def via(model: str, provider_id: str) -> CatalogueRoute:
    """A route of the shipped catalogue."""
    return next(each for each in CATALOGUE.find(model).routes if each.provider.id == provider_id)


def at(provider_id: str, upstream_model: str = "some-model") -> CatalogueRoute:
    """A route that an operator could add at a shipped provider that has no models of its own."""
    listed = CATALOGUE.provider(provider_id)
    return route("x", provider=listed, upstream_model=upstream_model).via


def message(headers: JsonObject | None = None, **fields: Any) -> Ask:
    return MESSAGES.read(chat_event(MESSAGE | fields) | {"headers": headers or {}})


def response(**fields: Any) -> Ask:
    return RESPONSES.read(chat_event(RESPONSE | fields))


def sent(ask: Ask, over: CatalogueRoute, key: str | None = "sk-1") -> UpstreamRequest:
    lanes.check(ask, over)
    lane = lanes.lane_of(ask, over)
    assert lane.is_native
    return lane.adapter.encode(ask, Way(Route(over, NANO_A_TOKEN), 100), key)


def headers_of(request: UpstreamRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


@pytest.mark.parametrize(("over", "url", "proof"), [
    (via("deepseek-v4-pro", "deepseek"), "https://api.deepseek.com/anthropic/v1/messages", ("x-api-key", "sk-1")),
    (at("openrouter"), "https://openrouter.ai/api/v1/messages", ("authorization", "Bearer sk-1")),
    (
        via("claude-opus-5", "bedrock-converse"),
        "https://bedrock-runtime.us-east-1.amazonaws.com/anthropic/v1/messages",
        ("authorization", "Bearer sk-1"),
    ),
])  # fmt: skip
def test_messages_go_out_as_they_came_to_whoever_speaks_them(
    over: CatalogueRoute, url: str, proof: tuple[str, str]
) -> None:
    request = sent(message(), over)

    assert request.url == url
    assert json.loads(request.body) == MESSAGE | {"model": over.upstream_model}
    assert list(json.loads(request.body)) == list(MESSAGE)
    assert headers_of(request)[proof[0]] == proof[1]
    assert headers_of(request)["anthropic-version"] == "2023-06-01"
    assert request.ignored == ()


@pytest.mark.parametrize(("over", "url"), [
    (via("gpt-oss-120b", "groq"), "https://api.groq.com/openai/v1/responses"),
    (via("gpt-5.6-sol", "bedrock"), "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1/responses"),
    (
        at("bedrock-mantle", "openai.gpt-oss-120b"),
        "https://bedrock-mantle.us-east-1.api.aws/v1/responses",
    ),
    (at("openrouter"), "https://openrouter.ai/api/v1/responses"),
    (via("grok-4.5", "xai"), "https://api.x.ai/v1/responses"),
    (at("azure"), "https://YOUR-RESOURCE.openai.azure.com/openai/v1/responses"),
])  # fmt: skip
def test_responses_go_out_as_they_came_to_whoever_speaks_them(over: CatalogueRoute, url: str) -> None:
    request = sent(response(), over)

    assert request.url == url
    assert json.loads(request.body) == RESPONSE | {"model": over.upstream_model}
    assert request.ignored == ()


def test_a_message_to_claude_at_amazon_is_signed_with_the_role_where_there_is_no_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    request = sent(
        message({"anthropic-beta": "effort-2025-11-24"}), via("claude-opus-5", "bedrock-converse"), None
    )

    proof = headers_of(request)["authorization"]
    assert "/us-east-1/bedrock/aws4_request" in proof
    assert "anthropic-beta;anthropic-version;content-type;host" in proof
    assert headers_of(request)["anthropic-beta"] == "effort-2025-11-24"


def test_of_betas_those_go_along_that_the_provider_has_under_its_names_and_the_others_are_told() -> None:
    asked = {
        "anthropic-beta": "advanced-tool-use-2025-11-20, files-api-2025-04-14,tool-search-tool-2025-10-19"
    }

    claude = sent(message(asked), via("claude-opus-5", "bedrock-converse"))
    deepseek = sent(message(asked), via("deepseek-v4-pro", "deepseek"))

    assert headers_of(claude)["anthropic-beta"] == "tool-search-tool-2025-10-19"
    assert claude.ignored == ("anthropic-beta.files-api-2025-04-14",)
    assert "anthropic-beta" not in headers_of(deepseek)
    assert deepseek.ignored == (
        "anthropic-beta.advanced-tool-use-2025-11-20",
        "anthropic-beta.files-api-2025-04-14",
        "anthropic-beta.tool-search-tool-2025-10-19",
    )


def test_what_a_provider_has_not_is_left_out_and_told() -> None:
    ask = response(
        prompt_cache_key="k",
        include=["reasoning.encrypted_content"],
        text={"verbosity": "low"},
        truncation=None,
    )

    request = sent(ask, via("gpt-oss-120b", "groq"))

    assert json.loads(request.body) == RESPONSE | {"model": "openai/gpt-oss-120b", "text": {}}
    assert request.ignored == ("include", "prompt_cache_key", "text.verbosity")


def test_what_amazon_has_not_goes_to_claude_at_anthropic_alone() -> None:
    ask = message(diagnostics={"previous_message_id": "msg_1"}, service_tier="auto")

    request = sent(ask, via("claude-opus-5", "bedrock-converse"))

    assert json.loads(request.body) == MESSAGE | {"model": "global.anthropic.claude-opus-5"}
    assert request.ignored == ("diagnostics", "service_tier")


@pytest.mark.unpublished("of_tomorrow")
def test_a_field_of_tomorrow_is_refused_by_name_where_it_is_not_the_house() -> None:
    for ask, over in (
        (message(of_tomorrow=1), via("deepseek-v4-pro", "deepseek")),
        (message(of_tomorrow=1), via("claude-opus-5", "bedrock-converse")),
        (response(of_tomorrow=1), via("gpt-oss-120b", "groq")),
    ):
        with pytest.raises(UnsupportedParameter) as refused:
            lanes.check(ask, over)
        assert refused.value.param == "of_tomorrow"
    assert (
        json.loads(sent(message(of_tomorrow=1), via("claude-opus-5", "anthropic")).body)["of_tomorrow"] == 1
    )


@pytest.mark.unpublished("of_tomorrow")
def test_a_field_of_tomorrow_goes_to_its_house_and_is_logged_by_its_name_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sent(message(of_tomorrow="secret words"), via("claude-opus-5", "anthropic"))
    sent(response(of_tomorrow="secret words"), via("gpt-5.6", "openai"))
    sent(message(), via("claude-opus-5", "anthropic"))

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["message"], line["dialect"], line["fields"]) for line in lines] == [
        ("unknown_fields", "messages", ["of_tomorrow"]),
        ("unknown_fields", "responses", ["of_tomorrow"]),
    ]
    assert "secret words" not in json.dumps(lines)


@pytest.mark.parametrize(("ask", "over"), [
    (message(), via("mistral-large-2512", "bedrock-converse")),
    (response(), via("gpt-oss-120b", "bedrock")),
    (message(), via("grok-4.5", "xai")),
])  # fmt: skip
def test_a_model_that_is_not_spoken_to_so_is_reached_by_the_translated_lane(
    ask: Ask, over: CatalogueRoute
) -> None:
    assert not lanes.lane_of(ask, over).is_native


def test_a_list_of_dialects_as_earlier_versions_have_it_names_usual_paths() -> None:
    whole = merged(packaged(), None, {"providers": {"xai": {"dialects": ["responses"]}}}, region="us-east-1")

    found = Catalogue(whole, version=1).provider("xai")

    assert found.dialects == {"responses": Spoken("/responses")}
    assert provider(dialects={"responses": Spoken("/r")}).dialects["responses"].path == "/r"
