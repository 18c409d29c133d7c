"""What Claude Code 2.1.332, Codex 0.171.0 and opencode 1.18.33 send in a task, recorded by `make agents` and cut short.

Each passes to its dialect's own house as it came but for a list of changes, and is taken by all other providers.
`codex` is what it sends for models that it knows, with its tools in an item of the input; `codex-functions` for others,
with a search that is declared, and left out where it has no price; these were recorded on one of Gemini's.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aggregator.errors import InvalidRequest, UnsupportedParameter
from aggregator.orchestrator.model import Provider
from aggregator.proxy.dialects import lanes
from aggregator.proxy.dialects.chat.from_client import read
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.reasoning import is_packed
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.model import Ask, Way
from conformance.agents.marks import cache_marks, changes, tool_answers
from tests.fakes.chat_world import chat_event, provider, way

JsonObject = dict[str, Any]

RECORDED = Path(__file__).parent / "agents"
READ: dict[str, Callable[[JsonObject], Ask]] = {
    "/v1/messages": MESSAGES.read,
    "/v1/responses": RESPONSES.read,
    "/v1/chat/completions": read,
}
ABLE = frozenset({"chat", "vision", "tools", "reasoning"})


def recorded(agent: str) -> list[JsonObject]:
    said: list[JsonObject] = json.loads((RECORDED / f"{agent}.json").read_text(encoding="utf-8"))
    return said


def house(dialect: str) -> Provider:
    protocol = "anthropic" if dialect == "messages" else "openai"
    return provider(protocol, protocol=protocol, house=True, dialects=frozenset({dialect}))


def sent(request: JsonObject, to: Provider) -> tuple[JsonObject, dict[str, str]]:
    """Body and headers that go out, with a cap as the client has it, or 32000 tokens."""
    ask = READ[request["path"]](chat_event(request["body"]) | {"headers": request["headers"]})
    ask = ask._replace(user_id="ann")
    out: Way = way(
        to.id, ask.max_output_tokens or 32_000, provider=to, capabilities=ABLE, max_output_tokens=128_000
    )
    via = out.route.via
    lanes.check(ask, via)
    made = lanes.lane_of(ask, via).adapter.encode(lanes.translated(ask, via), out, "key-1")
    body: JsonObject = json.loads(made.body)
    return body, dict(made.headers)


@pytest.mark.unjudged(
    "Codex gives items a status and a null that their published types have not: they arrive as they came"
)
@pytest.mark.parametrize(
    ("agent", "dialect", "changed"),
    [
        ("claude-code", "messages", {"model"}),
        (
            "codex",
            "responses",
            {"model", "+max_output_tokens", "+safety_identifier", "-client_metadata", "prompt_cache_key"},
        ),
        (
            "codex-functions",
            "responses",
            {
                "model",
                "+max_output_tokens",
                "+safety_identifier",
                "-client_metadata",
                "tools",
                "prompt_cache_key",
            },
        ),
        ("opencode", "chat", {"model"}),
    ],
)
def test_all_four_requests_reach_their_own_house_as_they_came_but_for_the_named_changes(
    agent: str, dialect: str, changed: set[str]
) -> None:
    requests = recorded(agent)

    found = [set(changes(each["body"], sent(each, house(dialect))[0])) for each in requests]

    assert found == [changed if others_thoughts(each) == 0 else changed | {"input"} for each in requests]


def test_claude_codes_cache_marks_and_headers_arrive_where_it_put_them() -> None:
    for request in recorded("claude-code"):
        body, headers = sent(request, house("messages"))

        assert len(cache_marks(request["body"])) == 3
        assert cache_marks(body) == cache_marks(request["body"])
        assert request["headers"].items() <= headers.items()


@pytest.mark.parametrize("protocol", ["openai", "anthropic", "gemini", "bedrock"])
@pytest.mark.parametrize("agent", ["claude-code", "codex", "codex-functions", "opencode"])
def test_every_other_provider_takes_them_too_with_all_results_of_tools(agent: str, protocol: str) -> None:
    for request in recorded(agent):
        body, _ = sent(request, provider(protocol, protocol=protocol))

        assert results_in(body) == tool_answers(request["body"])


def test_tools_that_codex_brings_in_an_item_are_the_requests_own_where_the_item_is_not_known() -> None:
    request = recorded("codex")[0]
    brought = [each["name"] for tool in request["body"]["input"][0]["tools"] for each in tool["tools"]]

    body, _ = sent(request, provider("gemini", protocol="gemini"))

    assert [each["name"] for each in body["tools"][0]["functionDeclarations"]] == brought
    assert brought[:2] == ["exec", "wait"]
    assert "additional_tools" not in json.dumps(body)


@pytest.mark.parametrize(
    ("tools", "place"),
    [(["web_search"], "input.0.tools.0"), ("all", "input.0.tools"), ([{}], "input.0.tools.0.type")],
)
def test_tools_of_a_wrong_shape_in_an_item_are_refused_by_name(tools: Any, place: str) -> None:
    request = recorded("codex")[0]
    request["body"]["input"][0]["tools"] = tools

    with pytest.raises((InvalidRequest, UnsupportedParameter)) as refused:
        sent(request, provider("gemini", protocol="gemini"))

    assert refused.value.param == place


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "web_search"},
        {"type": "mcp", "server_url": "https://tools.example"},
        {"type": "file_search", "vector_store_ids": ["vs_1"]},
        {"type": "shell", "environment": {"type": "container_auto"}},
        {"type": "new_one"},
        {"type": "namespace", "name": "n", "tools": [{"type": "code_interpreter"}]},
        {"type": ["web_search"]},
    ],
)
def test_a_tool_that_runs_at_the_provider_does_not_pass_unpriced_in_an_item(tool: Any) -> None:
    request = recorded("codex")[0]
    request["body"]["input"][0]["tools"].append(tool)

    with pytest.raises(UnsupportedParameter) as refused:
        sent(request, house("responses"))

    assert refused.value.param == "input.0.tools.3.type"


def others_thoughts(request: JsonObject) -> int:
    """Thoughts that Gemini sealed, where the model was one of its: OpenAI could not open them, and does without."""
    items = request["body"].get("input") or ()
    return sum(is_packed(item.get("encrypted_content") or "") for item in items)


def results_in(body: Any) -> int:
    """Results of tools in a request of any protocol."""
    if isinstance(body, list):
        return sum(map(results_in, body))
    if not isinstance(body, dict):
        return 0
    if "functionResponse" in body or "toolResult" in body:
        return 1
    if body.get("role") == "tool" or body.get("type") == "tool_result":
        return 1
    return sum(results_in(each) for each in body.values())
