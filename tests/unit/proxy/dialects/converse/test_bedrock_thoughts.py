"""What a model on Bedrock thought goes back to it, and to no other."""

import pytest

from tests.fakes.bedrock_requests import sent
from tests.fakes.bedrock_wire import CLAUDE, LLAMA


@pytest.fixture(autouse=True)
def _role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def test_what_claude_thought_goes_back_to_claude_before_what_it_said() -> None:
    details = [
        {
            "type": "reasoning.text",
            "text": "hm",
            "signature": "sig",
            "format": "anthropic-claude-v1",
            "index": 0,
        },
        {"type": "reasoning.encrypted", "data": "cXV4", "format": "anthropic-claude-v1", "index": 1},
        {"type": "reasoning.text", "text": "unsigned", "format": "anthropic-claude-v1", "index": 2},
        {"type": "reasoning.encrypted", "data": "gAAAA", "format": "openai-responses-v1", "index": 3},
    ]
    turn = {"role": "assistant", "content": "yes", "reasoning_content": "hm", "reasoning_details": details}
    messages = [{"role": "user", "content": "hi"}, turn, {"role": "user", "content": "why?"}]

    claude = sent(CLAUDE, messages=messages)
    llama = sent(LLAMA, messages=messages)

    assert claude["messages"][1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "sig"}}},
        {"reasoningContent": {"redactedContent": "cXV4"}},
        {"text": "yes"},
    ]
    assert llama["messages"][1]["content"] == [{"text": "yes"}]


def test_what_another_model_on_bedrock_thought_needs_no_signature() -> None:
    details = [{"type": "reasoning.text", "text": "hm", "format": "bedrock-converse-v1", "index": 0}]
    turn = {"role": "assistant", "content": "yes", "reasoning_details": details}
    messages = [{"role": "user", "content": "hi"}, turn, {"role": "user", "content": "why?"}]

    body = sent("qwen.qwen3-32b-v1:0", messages=messages)

    assert body["messages"][1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "hm"}}},
        {"text": "yes"},
    ]
