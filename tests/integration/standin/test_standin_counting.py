"""The stand-in counts inputs as providers do: by the SDKs, the same as its answers say, and no field beyond theirs."""

import http.client
import json
from typing import Any

import anthropic
import openai
import pytest

from local.standin import StandIn

TOOL = {"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}


def test_claude_counts_what_its_answer_counts(claude: anthropic.Anthropic) -> None:
    asked: dict[str, Any] = {
        "model": "claude",
        "system": "be short",
        "messages": [{"role": "user", "content": "what is the weather?"}],
        "tools": [TOOL],
    }

    counted = claude.messages.count_tokens(**asked)
    answered = claude.messages.create(**asked, max_tokens=100)

    assert counted.input_tokens == answered.usage.input_tokens == 75


def test_claude_says_how_much_of_its_answer_was_thought(claude: anthropic.Anthropic) -> None:
    asked: dict[str, Any] = {
        "model": "claude",
        "max_tokens": 2000,
        "messages": [{"role": "user", "content": "hi"}],
    }

    plain = claude.messages.create(**asked).usage
    thinking = claude.messages.create(**asked, thinking={"type": "enabled", "budget_tokens": 1024}).usage
    with claude.messages.stream(**asked, thinking={"type": "enabled", "budget_tokens": 1024}) as stream:
        streamed = stream.get_final_message().usage

    assert [
        (each.output_tokens, each.output_tokens_details and each.output_tokens_details.thinking_tokens)
        for each in (plain, thinking, streamed)
    ] == [(15, 0), (31, 16), (31, 16)]


def test_openai_counts_what_its_answer_counts(gpt: openai.OpenAI) -> None:
    counted = gpt.responses.input_tokens.count(
        model="gpt-4o-mini", input="how are you?", instructions="short"
    )
    answered = gpt.responses.create(
        model="gpt-4o-mini", input="how are you?", instructions="short", store=False
    )

    assert answered.usage is not None
    assert counted.input_tokens == answered.usage.input_tokens == 14


def post(standin: StandIn, path: str, body: Any) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", standin.port, timeout=60)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    return answer.status, said


CONTENTS = [{"role": "user", "parts": [{"text": "how are you?"}]}]
GEMINI = "/google/v1beta/models/gemini-3.8-flash"


def test_gemini_counts_what_its_answer_counts(standin: StandIn) -> None:
    asked = {"contents": CONTENTS, "systemInstruction": {"parts": [{"text": "short"}]}}

    whole = {"generateContentRequest": {"model": "models/gemini-3.8-flash", **asked}}
    counted = post(standin, f"{GEMINI}:countTokens", whole)
    _, answered = post(standin, f"{GEMINI}:generateContent", asked)
    words = post(standin, f"{GEMINI}:countTokens", {"contents": CONTENTS})

    assert counted == (
        200,
        {"totalTokens": 14, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 14}]},
    )
    assert answered["usageMetadata"]["promptTokenCount"] == 14
    assert words[1]["totalTokens"] == 10


USER = [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        (
            "/anthropic/v1/messages/count_tokens",
            {"model": "claude", "messages": USER, "max_tokens": 5},
            "max_tokens",
        ),
        ("/anthropic/v1/messages/count_tokens", {"messages": USER}, "model"),
        ("/anthropic/v1/messages/count_tokens", {"model": "claude"}, "messages"),
        ("/anthropic/v1/messages/count_tokens", [], "object"),
        (
            "/openai/v1/responses/input_tokens",
            {"model": "gpt", "input": "hi", "max_output_tokens": 5},
            "max_output_tokens",
        ),
        ("/openai/v1/responses/input_tokens", {"model": "gpt", "input": "hi", "store": False}, "store"),
        (f"{GEMINI}:countTokens", {"contents": CONTENTS, "generationConfig": {}}, "generationConfig"),
        (f"{GEMINI}:countTokens", {}, "Exactly one"),
        (
            f"{GEMINI}:countTokens",
            {"contents": CONTENTS, "generateContentRequest": {"contents": CONTENTS}},
            "Exactly one",
        ),
        (f"{GEMINI}:countTokens", {"generateContentRequest": {"contents": CONTENTS}}, "model"),
    ],
)
def test_what_is_none_of_the_prompt_is_refused_by_name(
    standin: StandIn, path: str, body: Any, word: str
) -> None:
    status, said = post(standin, path, body)

    assert status == 400
    assert word in said["error"]["message"]


def test_a_count_is_refused_in_its_providers_form(standin: StandIn) -> None:
    _, said = post(standin, "/anthropic/v1/messages/count_tokens", {"model": "claude"})

    assert said == {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "messages: Field required"},
        "request_id": said["request_id"],
    }
