"""A completion as JSON: whole, or chunk by chunk."""

from collections.abc import Iterator
from typing import Any

from local.standin import tokens
from local.standin.ask import Ask, JsonObject
from local.standin.completion import Choice, Completion, SpokenCall
from local.standin.directives import Directives
from local.standin.logprobs import logprobs_of

_EXTRA = {"provider": "Stand-in", "x_standin_extra": {"nested": [1, None, "two"]}}
_EXTRA_IN_CHOICE = {"native_finish_reason": "x_standin"}


def whole(completion: Completion, ask: Ask, directives: Directives) -> JsonObject:
    """The body of an answer that is not streamed."""
    choices = [] if directives.empty else [_choice(choice, ask, directives) for choice in completion.choices]
    body = {**_head(completion, "chat.completion", directives), "choices": choices}
    if not directives.no_usage:
        body["usage"] = completion.usage()
    return body


def chunks(completion: Completion, ask: Ask, directives: Directives) -> Iterator[JsonObject]:
    """The chunks of a streamed answer, in order; several choices take turns token by token."""
    head = _head(completion, "chat.completion.chunk", directives)
    if ask.wants_usage_chunk and not directives.no_usage:
        head["usage"] = None
    choices = [] if directives.empty else completion.choices
    spoken = sum(choice.hidden_thought_tokens for choice in choices)
    for choice, delta, new_tokens, probabilities in _turns(choices, ask, directives):
        spoken += new_tokens
        chunk = {**head, "choices": [_delta(choice, delta, probabilities, directives)]}
        if directives.usage_every_chunk:
            chunk["usage"] = completion.usage(spoken)
        yield chunk
    for choice in choices:
        chunk = {**head, "choices": [_delta(choice, {}, None, directives, finish=choice.finish)]}
        if directives.usage_every_chunk or (directives.usage_last_choice and choice is choices[-1]):
            chunk["usage"] = completion.usage()
        yield chunk
    if ask.wants_usage_chunk and not directives.no_usage and not directives.usage_last_choice:
        yield {**head, "choices": [], "usage": completion.usage()}


_Turn = tuple[Choice, JsonObject, int, JsonObject | None]


def _turns(choices: list[Choice], ask: Ask, directives: Directives) -> Iterator[_Turn]:
    waiting = [(choice, _deltas(choice, ask, directives)) for choice in choices]
    while waiting:
        still = []
        for choice, deltas in waiting:
            turn = next(deltas, None)
            if turn is not None:
                yield (choice, *turn)
                still.append((choice, deltas))
        waiting = still


def _deltas(
    choice: Choice, ask: Ask, directives: Directives
) -> Iterator[tuple[JsonObject, int, JsonObject | None]]:
    """Each delta of a choice, with the tokens it brings and their log probabilities."""
    extra = {"x_standin_extra": True} if directives.extra_fields else {}
    yield {"role": "assistant", "content": None if choice.calls else "", "refusal": None, **extra}, 0, None
    for piece in choice.thought:
        yield {"reasoning_content": piece, **extra}, 1, None
    for piece in choice.text:
        yield {"content": piece, **extra}, 1, _logprobs([piece], ask)
    for piece in choice.refusal:
        yield {"refusal": piece, **extra}, 1, None
    for place, spoken in enumerate(choice.calls):
        yield {"tool_calls": [_opening(place, spoken)], **extra}, tokens.count(spoken.call.name), None
        for piece in spoken.arguments:
            yield {"tool_calls": [_more(place, spoken, piece)], **extra}, 1, None


def _opening(place: int, spoken: SpokenCall) -> JsonObject:
    kind = spoken.call.kind
    return {
        "index": place,
        "id": spoken.id,
        "type": kind,
        kind: {"name": spoken.call.name, _text_field(kind): ""},
    }


def _more(place: int, spoken: SpokenCall, piece: str) -> JsonObject:
    kind = spoken.call.kind
    return {"index": place, kind: {_text_field(kind): piece}}


def _text_field(kind: str) -> str:
    return "input" if kind == "custom" else "arguments"


def _head(completion: Completion, kind: str, directives: Directives) -> dict[str, Any]:
    return {
        "id": completion.id,
        "object": kind,
        "created": completion.created,
        "model": completion.model,
        "service_tier": "default",
        "system_fingerprint": completion.fingerprint,
        **(_EXTRA if directives.extra_fields else {}),
    }


def _choice(choice: Choice, ask: Ask, directives: Directives) -> JsonObject:
    message: JsonObject = {
        "role": "assistant",
        "content": None if choice.calls or choice.refusal else "".join(choice.text),
        "refusal": "".join(choice.refusal) or None,
        "annotations": [],
    }
    if choice.thought:
        message["reasoning_content"] = "".join(choice.thought)
    if choice.calls:
        message["tool_calls"] = [
            {
                "id": spoken.id,
                "type": spoken.call.kind,
                spoken.call.kind: {
                    "name": spoken.call.name,
                    _text_field(spoken.call.kind): "".join(spoken.arguments),
                },
            }
            for spoken in choice.calls
        ]
    return {
        "index": choice.index,
        "message": message,
        "logprobs": _logprobs(choice.text, ask),
        "finish_reason": choice.finish,
        **(_EXTRA_IN_CHOICE if directives.extra_fields else {}),
    }


def _delta(
    choice: Choice,
    delta: JsonObject,
    probabilities: JsonObject | None,
    directives: Directives,
    finish: str | None = None,
) -> JsonObject:
    return {
        "index": choice.index,
        "delta": delta,
        "logprobs": probabilities,
        "finish_reason": finish,
        **(_EXTRA_IN_CHOICE if directives.extra_fields else {}),
    }


def _logprobs(pieces: list[str], ask: Ask) -> JsonObject | None:
    return logprobs_of(pieces, ask.body.get("top_logprobs") or 0) if ask.body.get("logprobs") else None
