"""What a model can say in each provider's dialect, and how it is read again when it comes back."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.unit.proxy.dialects.citing_world import (
    AMAZONS,
    CLAUDES,
    FOUND,
    PAGE,
    said_by_amazon,
    said_by_claude,
    said_by_google,
)

JsonObject = dict[str, Any]
Said = list[JsonObject]

SEALS = st.sampled_from(["c2lnQQ==", "c2lnQg=="])
WORDS = st.sampled_from(["one", "two ", "drei: ü", '"{', "\n"]).map(lambda words: f"{words}.")


@dataclass(frozen=True)
class Dialect:
    """What a model says in it (`talk`; `calls` come last where `in_order` is not kept), and how it is read again."""

    talk: st.SearchStrategy[JsonObject]
    call: Callable[[int], JsonObject]
    answer: Callable[[Said], bytes]
    given_back: Callable[[JsonObject], Said]
    merged: Callable[[JsonObject, JsonObject], JsonObject | None]
    unsaid: Callable[[JsonObject], bool] = lambda _: False
    is_thought: Callable[[JsonObject], bool] = lambda _: False


def _texts_in_messages(before: JsonObject, after: JsonObject) -> JsonObject | None:
    """Neighbours that are one for a client who keeps no bounds between texts, unless a source holds them apart."""
    both = before.get("type") == after.get("type") == "text" and not (
        "citations" in before or "citations" in after
    )
    return before | {"text": before["text"] + after["text"]} if both else None


CLAUDE = Dialect(
    talk=st.one_of(
        st.builds(lambda words: {"type": "text", "text": words}, WORDS),
        st.builds(lambda words: {"type": "text", "text": words, "citations": [FOUND, CLAUDES]}, WORDS),
        st.builds(
            lambda words, seal: {"type": "thinking", "thinking": words, "signature": seal}, WORDS, SEALS
        ),
        st.builds(lambda data: {"type": "redacted_thinking", "data": data}, SEALS),
    ),
    call=lambda n: {"type": "tool_use", "id": f"t{n}", "name": "f", "input": {"n": n}},
    answer=lambda said: said_by_claude(*said),
    given_back=lambda body: body["messages"][1]["content"],
    merged=_texts_in_messages,
    is_thought=lambda block: "thinking" in block["type"],
)

AMAZON = Dialect(
    talk=st.one_of(
        st.builds(lambda words: {"text": words}, WORDS),
        st.builds(
            lambda words: {"citationsContent": {"content": [{"text": words}], "citations": [AMAZONS]}}, WORDS
        ),
        st.builds(
            lambda words, seal: {"reasoningContent": {"reasoningText": {"text": words, "signature": seal}}},
            WORDS,
            SEALS,
        ),
        st.builds(lambda data: {"reasoningContent": {"redactedContent": data}}, SEALS),
    ),
    call=lambda n: {"toolUse": {"toolUseId": f"t{n}", "name": "f", "input": {"n": n}}},
    answer=lambda said: said_by_amazon(*said),
    given_back=lambda body: body["messages"][1]["content"],
    merged=lambda before, after: (
        {"text": before["text"] + after["text"]} if "text" in before and "text" in after else None
    ),
    is_thought=lambda block: "reasoningContent" in block,
)


def _parts_of_google(before: JsonObject, after: JsonObject) -> JsonObject | None:
    """Words are one with words before them that no signature ends."""
    both = "text" in before and "text" in after and "thoughtSignature" not in before
    return {**after, "text": before["text"] + after["text"]} if both else None


GOOGLE = Dialect(
    talk=st.one_of(
        st.builds(lambda words: {"text": words}, WORDS),
        st.builds(lambda words, seal: {"text": words, "thoughtSignature": seal}, WORDS, SEALS),
        st.builds(lambda words: {"text": words, "thought": True}, WORDS),
    ),
    call=lambda n: {
        "functionCall": {"id": f"t{n}", "name": "f", "args": {"n": n}},
        **({} if n else {"thoughtSignature": "Y2FsbA=="}),  # the first of a step is signed
    },
    answer=lambda said: said_by_google(*said),
    given_back=lambda body: body["contents"][1]["parts"],
    merged=_parts_of_google,
    unsaid=lambda part: part.get("thought") is True,
)


def _said_by_openai(said: Said) -> bytes:
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    body = {
        "id": "r",
        "object": "response",
        "model": "m",
        "status": "completed",
        "output": said,
        "usage": usage,
    }
    return json.dumps(body).encode()


def _message(words: str, *, cited: bool) -> JsonObject:
    annotation = {"type": "url_citation", "start_index": 0, "end_index": len(words), **PAGE}
    part = {"type": "output_text", "text": words, "annotations": [annotation] if cited else []}
    return {"type": "message", "role": "assistant", "content": [part]}


def _messages_of_openai(before: JsonObject, after: JsonObject) -> JsonObject | None:
    """Words that follow each other are one text, and its sources count the characters of all of it."""
    if before["type"] != "message" or after["type"] != "message":
        return None
    (first,), (second,) = before["content"], after["content"]
    moved = [
        each | {name: each[name] + len(first["text"]) for name in ("start_index", "end_index")}
        for each in second["annotations"]
    ]
    text = {"text": first["text"] + second["text"], "annotations": first["annotations"] + moved}
    return before | {"content": [first | text]}


def _output_given_back(body: JsonObject) -> Said:
    """The model's items of an input, its words in one part each, as they count in `_messages_of_openai`."""
    said: Said = []
    for item in body["input"]:
        if item.get("role") == "assistant":
            said += [{**item, "content": [part]} for part in item["content"]]
        elif item.get("type") in ("reasoning", "function_call"):
            said.append(item)
    return said


OPENAI = Dialect(
    talk=st.one_of(
        st.builds(lambda words: _message(words, cited=False), WORDS),
        st.builds(lambda words: _message(words, cited=True), WORDS),
        st.builds(
            lambda words, seal: {
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": words}],
                "encrypted_content": seal,
            },
            WORDS,
            SEALS,
        ),
        st.builds(lambda seal: {"type": "reasoning", "summary": [], "encrypted_content": seal}, SEALS),
    ),
    call=lambda n: {"type": "function_call", "call_id": f"t{n}", "name": "f", "arguments": f'{{"n":{n}}}'},
    answer=_said_by_openai,
    given_back=_output_given_back,
    merged=_messages_of_openai,
    is_thought=lambda item: item["type"] == "reasoning",
)


def _said_in_a_chat(said: Said) -> bytes:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    choice = {"index": 0, "message": _as_message(said), "finish_reason": "stop"}
    return json.dumps({"id": "c", "model": "m", "choices": [choice], "usage": usage}).encode()


def _as_message(said: Said) -> JsonObject:
    """What is said in a chat: thoughts, one text, calls, with no order between them."""
    words = "".join(each["text"] for each in said if each.keys() == {"text"})
    fields = {
        "reasoning_details": [each for each in said if "format" in each],
        "tool_calls": [each for each in said if "function" in each],
    }
    return {
        "role": "assistant",
        "content": words or None,
        **{name: each for name, each in fields.items() if each},
    }


def _message_given_back(body: JsonObject) -> Said:
    (message,) = (each for each in body["messages"] if each["role"] == "assistant")
    details = [
        {name: value for name, value in each.items() if name != "index"}
        for each in message.get("reasoning_details", ())
    ]
    words = [{"text": message["content"]}] if message["content"] else []
    return [*details, *words, *message.get("tool_calls", ())]


CHAT = Dialect(
    talk=st.one_of(
        st.builds(lambda words: {"text": words}, WORDS),
        st.builds(
            lambda words, seal: {
                "type": "reasoning.text",
                "format": "x-v1",
                "signature": seal,
                "text": words,
            },
            WORDS,
            SEALS,
        ),
    ),
    call=lambda n: {
        "id": f"t{n}",
        "type": "function",
        "function": {"name": "f", "arguments": f'{{"n":{n}}}'},
    },
    answer=_said_in_a_chat,
    given_back=_message_given_back,
    merged=lambda before, after: (
        {"text": before["text"] + after["text"]} if before.keys() == after.keys() == {"text"} else None
    ),
)

DIALECTS = {"messages": CLAUDE, "converse": AMAZON, "gemini": GOOGLE, "responses": OPENAI, "chat": CHAT}
