"""Each provider is called in its own dialect, at the path where it has it: through the encoders of the cloud."""

import re
import uuid
from typing import Any

import pytest

from tests.e2e.caller import UserCaller
from tests.e2e.conftest import NewUser
from tests.e2e.stack import Stack

JsonObject = dict[str, Any]

CITY = {"type": "object", "properties": {"city": {"type": "string"}}}
ASKED = {
    "max_completion_tokens": 1000,
    "tools": [{"type": "function", "function": {"name": "weather", "parameters": CITY}}],
}
CASES = [
    ("gpt-4o-mini", False, "/openai/v1/chat/completions"),
    ("gpt-5.4", False, "/openai/v1/responses"),
    ("gpt-5.4", True, "/openai/v1/responses"),
    ("claude-sonnet-4-5", False, "/anthropic/v1/messages"),
    ("claude-sonnet-4-5", True, "/anthropic/v1/messages"),
    ("gemini-3.1-pro-preview", False, "/google/v1beta/models/gemini-3.1-pro-preview:generateContent"),
    ("gemini-3.1-pro-preview", True, "/google/v1beta/models/gemini-3.1-pro-preview:streamGenerateContent"),
    ("nova-pro", False, "/bedrock-converse/model/amazon.nova-pro-v1%3A0/converse"),
    ("nova-pro", True, "/bedrock-converse/model/amazon.nova-pro-v1%3A0/converse-stream"),
    ("mistral-small-latest", True, "/mistral/v1/chat/completions"),
]


@pytest.fixture(scope="module")
def user(new_user: NewUser) -> UserCaller:
    return new_user(credit="50.00")


@pytest.mark.parametrize(("model", "stream", "path"), CASES)
def test_a_tool_is_called_and_its_result_told_in_the_providers_own_dialect(
    stack: Stack, user: UserCaller, model: str, stream: bool, path: str
) -> None:
    mark = uuid.uuid4().hex
    first = {"role": "user", "content": f"weather {mark}"}

    asked = user.call("POST", "/v1/chat/completions", {"model": model, "messages": [first], **ASKED})
    assert asked.status == 200, asked.body
    said = asked.json["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": said["tool_calls"][0]["id"], "content": "sunny"}
    ended = user.call(
        "POST",
        "/v1/chat/completions",
        {"model": model, "messages": [first, said, result], **ASKED, "stream": stream},
    )

    assert ended.status == 200, ended.body
    words = "".join(re.findall(r'"content": ?"([^"]*)"', ended.body.decode()))
    assert words == "The tool weather answered: sunny."
    assert [each["path"] for each in stack.asked(mark)][-1] == path


def test_a_call_of_bedrock_is_signed(stack: Stack, user: UserCaller) -> None:
    """The stand-in answers 403 where it is not: see its own tests."""
    mark = uuid.uuid4().hex

    answer = user.call(
        "POST", "/v1/chat/completions", {"model": "nova-pro", "messages": [{"role": "user", "content": mark}]}
    )

    assert answer.status == 200, answer.body
    [asked] = stack.asked(mark)
    assert {"x-amz-date", "host"} <= set(asked["headers"])
