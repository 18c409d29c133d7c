"""Whatever a client says over many turns, in whatever order, arrives so: three clients' dialects, five of providers.

What goes upstream is read in the vocabulary of the three-turn test. Neighbours of text are one here, for some providers
take a text where others take parts; what stands on a call that its provider did not sign says nothing.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.proxy.dialects.chat.from_client import read as read_chat
from aggregator.proxy.dialects.lanes import check, lane_of, translated
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.model import Ask
from tests.fakes.chat_world import chat_event, provider, way
from tests.unit.proxy.dialects.test_three_turns_with_tools import (
    DOCUMENT,
    PDF,
    PICTURE,
    PNG,
    SCHEMA,
    TARGETS,
    Seen,
    seen_in,
)

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Round:
    """A question, what the assistant said to it, what its calls came to in the order of their results, a note."""

    question: tuple[str, ...]
    words: bool
    results: tuple[int, ...]
    note: bool


@dataclass
class Told:
    """The rounds with words and ids of their own, one after another, and what is to be seen of them."""

    rounds: list[Round]
    seen: Seen = field(default_factory=lambda: [("text", "S")])

    def said(self) -> list[tuple[str, Any]]:
        """Turns: the role, and the words, parts, calls or results in it."""
        turns: list[tuple[str, Any]] = []
        for n, each in enumerate(self.rounds):
            parts = [(kind, f"q{n}.{k};") for k, kind in enumerate(("text", *each.question))]
            turns.append(("user", parts))
            self.seen += [(kind, words) if kind == "text" else (kind,) for kind, words in parts]
            ids = [f"c{n}x{k}" for k in range(len(each.results))]
            words = f"a{n};" if each.words or not ids else ""
            turns.append(("assistant", (words, ids)))
            self.seen += [("text", words)] if words else []
            self.seen += [("call", call_id, str(k)) for k, call_id in enumerate(ids)]
            given_in_order = [ids[k] for k in each.results]
            if ids:
                turns.append(("results", given_in_order))
            self.seen += [("result", call_id, f"r{call_id}") for call_id in given_in_order]
            if each.note:
                turns.append(("system", f"note{n};"))
                self.seen.append(("text", f"note{n};"))
        turns.append(("user", [("text", "last;")]))
        self.seen.append(("text", "last;"))
        return turns


_rounds = st.lists(
    st.builds(
        Round,
        st.lists(st.sampled_from(["text", "image", "file"]), max_size=3).map(tuple),
        st.booleans(),
        st.integers(0, 3).flatmap(lambda many: st.permutations(range(many))).map(tuple),
        st.booleans(),
    ),
    min_size=1,
    max_size=3,
)


def parts_of(said: list[tuple[str, str]], text: str, image: JsonObject, file: JsonObject) -> list[JsonObject]:
    """What a user says, in parts: words under the type `text`, a picture and a file as a dialect has them."""
    return [
        {"text": {"type": text, "text": words}, "image": image, "file": file}[kind] for kind, words in said
    ]


def of_chat(turns: list[tuple[str, Any]]) -> Ask:
    shown: JsonObject = {"type": "image_url", "image_url": {"url": PICTURE}}
    held: JsonObject = {"type": "file", "file": {"file_data": DOCUMENT, "filename": "a.pdf"}}
    messages: list[JsonObject] = [{"role": "system", "content": "S"}]
    for role, said in turns:
        match role:
            case "user":
                parts = parts_of(said, "text", shown, held)
                messages.append({"role": "user", "content": parts})
            case "assistant":
                calls = [
                    {"id": each, "type": "function", "function": {"name": "f", "arguments": f'{{"n":{n}}}'}}
                    for n, each in enumerate(said[1])
                ]
                message = {"role": "assistant", "content": said[0] or None}
                messages.append(message | ({"tool_calls": calls} if calls else {}))
            case "results":
                messages += [{"role": "tool", "tool_call_id": each, "content": f"r{each}"} for each in said]
            case _:
                messages.append({"role": "system", "content": said})
    tool = {"type": "function", "function": {"name": "f", "parameters": SCHEMA}}
    return read_chat(chat_event({"model": "mini", "max_tokens": 50, "tools": [tool], "messages": messages}))


def of_messages(turns: list[tuple[str, Any]]) -> Ask:
    def held(kind: str, media_type: str, data: str) -> JsonObject:
        return {"type": kind, "source": {"type": "base64", "media_type": media_type, "data": data}}

    shown, document = (
        held("image", "image/png", PNG),
        held("document", "application/pdf", PDF) | {"title": "a.pdf"},
    )
    messages: list[JsonObject] = []
    for role, said in turns:
        match role:
            case "user":
                parts = parts_of(said, "text", shown, document)
                messages.append({"role": "user", "content": parts})
            case "assistant":
                blocks: list[JsonObject] = [{"type": "text", "text": said[0]}] if said[0] else []
                blocks += [
                    {"type": "tool_use", "id": each, "name": "f", "input": {"n": n}}
                    for n, each in enumerate(said[1])
                ]
                messages.append({"role": "assistant", "content": blocks})
            case "results":
                results = [
                    {"type": "tool_result", "tool_use_id": e, "content": [{"type": "text", "text": f"r{e}"}]}
                    for e in said
                ]
                messages.append({"role": "user", "content": results})
            case _:
                messages.append({"role": "system", "content": said})
    tools = [{"name": "f", "input_schema": SCHEMA}]
    body = {"model": "mini", "max_tokens": 50, "system": "S", "tools": tools, "messages": messages}
    return MESSAGES.read(chat_event(body))


def of_responses(turns: list[tuple[str, Any]]) -> Ask:
    shown: JsonObject = {"type": "input_image", "image_url": PICTURE}
    held: JsonObject = {"type": "input_file", "file_data": DOCUMENT, "filename": "a.pdf"}
    items: list[JsonObject] = []
    for role, said in turns:
        match role:
            case "user":
                parts = parts_of(said, "input_text", shown, held)
                items.append({"type": "message", "role": "user", "content": parts})
            case "assistant":
                if said[0]:
                    part = {"type": "output_text", "text": said[0]}
                    items.append({"type": "message", "role": "assistant", "content": [part]})
                items += [
                    {"type": "function_call", "call_id": each, "name": "f", "arguments": f'{{"n":{n}}}'}
                    for n, each in enumerate(said[1])
                ]
            case "results":
                items += [
                    {"type": "function_call_output", "call_id": each, "output": f"r{each}"} for each in said
                ]
            case _:
                items.append({"type": "message", "role": "developer", "content": said})
    tools = [{"type": "function", "name": "f", "parameters": SCHEMA}]
    body = {"model": "mini", "max_output_tokens": 50, "instructions": "S", "tools": tools, "input": items}
    return RESPONSES.read(chat_event(body))


def as_one(seen: Seen) -> Seen:
    """The same, where neighbours of text are one."""
    found: Seen = []
    for each in (said for said in seen if said[0] != "thinking"):
        if each[0] == "text" and found and found[-1][0] == "text":
            found[-1] = ("text", found[-1][1] + each[1].replace("\n\n", ""))
        else:
            found.append(("text", each[1].replace("\n\n", "")) if each[0] == "text" else each)
    return found


@pytest.mark.parametrize("dialect", TARGETS)
@pytest.mark.parametrize("client", [of_chat, of_messages, of_responses])
@settings(max_examples=12, deadline=None)
@given(rounds=_rounds)
def test_whatever_a_client_says_arrives_in_its_order(client: Any, dialect: str, rounds: list[Round]) -> None:
    target, told = TARGETS[dialect], Told(rounds)
    there = provider(protocol=target.protocol, dialects=target.dialects, extensions=target.extensions)
    able = frozenset({"chat", "tools", "vision", "toolsOverResponses"})
    on = way(provider=there, upstream_model=target.model, capabilities=able)
    ask = client(told.said())

    check(ask, on.route.via)
    sent = lane_of(ask, on.route.via).adapter.encode(translated(ask, on.route.via), on, "k")

    assert as_one(seen_in(dialect, json.loads(sent.body))) == as_one(told.seen)
