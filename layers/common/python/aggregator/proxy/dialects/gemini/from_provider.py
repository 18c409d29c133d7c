"""What Gemini's generateContent answers, as a chat completion: whole, or its stream of partial answers.

Standard library only. Source: https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse. Parts of kinds
that are not known here are passed over.
"""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from aggregator.errors import ProviderFailed, ProviderUnreadable
from aggregator.proxy.dialects.chat.spoken import is_no_chunk
from aggregator.proxy.dialects.chat.usage import usage_of
from aggregator.proxy.dialects.gemini.errors import raise_error
from aggregator.proxy.dialects.gemini.to_provider import DETAILS_FORMAT
from aggregator.proxy.dialects.writing import (
    Chunks,
    Said,
    compact,
    completion,
    objects,
    read_json,
    text,
    tokens,
    tool_call,
)
from aggregator.proxy.model import JsonObject, Progress
from aggregator.runtime.sse import json_events

_LENGTH = frozenset({"MAX_TOKENS", "CONTINUATION"})
_FILTERED = frozenset({
    "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "ESCALATION", "PUP_LIMITED_DISABLED", "MODEL_ARMOR",
})  # fmt: skip
_UNUSABLE = frozenset({
    "OTHER", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE",
    "MISSING_THOUGHT_SIGNATURE",
})  # fmt: skip
_HEARTBEAT = b": heartbeat\n\n"


def decode(body: bytes, progress: Progress) -> bytes:
    """Plain answer as a chat completion; its usage goes into `progress`.

    Raises:
        ProviderFailed: no JSON, an error under status 200, or no answer that can be used.
    """
    answer = read_json(body)
    raise_error(answer)
    candidates = objects(answer, "candidates")
    choices = [_choice(candidate, tokens(candidate, "index")) for candidate in candidates]
    if not choices:
        if not _is_blocked(answer):
            raise ProviderUnreadable("The provider answered without a completion.")
        message = {"role": "assistant", "content": ""}
        choices = [{"index": 0, "message": message, "finish_reason": "content_filter"}]
    return completion(
        text(answer, "responseId"),
        text(answer, "modelVersion"),
        choices,
        usage_of(answer.get("usageMetadata")),
        progress,
    )


def stream(blocks: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    """Stream as chat completion chunks.

    Raises:
        ProviderFailed: an error, or what cannot be read, came in the stream.
        UpstreamError: the stream broke off.
    """
    reader = _Reader(progress)
    for event in json_events(blocks):
        yield from reader.read(event)
        if reader.ended:
            return  # whatever the connection does then


def _choice(candidate: JsonObject, index: int) -> JsonObject:
    said = Said()
    for part in objects(candidate.get("content"), "parts"):
        for delta in _deltas(part, len(said.tool_calls), len(said.reasoning_details)):
            _add(delta, said)
    reason = text(candidate, "finishReason")
    _refuse_unusable(reason, said=bool(said.content), called=bool(said.tool_calls))
    finish = _finish(reason, calls=bool(said.tool_calls))
    choice = {"index": index, "message": said.message(), "finish_reason": finish}
    logprobs = _logprobs(candidate.get("logprobsResult"))
    return choice | ({"logprobs": logprobs} if logprobs else {})


def _add(delta: JsonObject, said: Said) -> None:
    said.content += [delta["content"]] if "content" in delta else []
    said.reasoning += [delta["reasoning_content"]] if "reasoning_content" in delta else []
    said.reasoning_details += delta.get("reasoning_details", [])
    for call in delta.get("tool_calls", ()):
        said.tool_calls.append({name: value for name, value in call.items() if name != "index"})


def _deltas(part: JsonObject, calls: int, details: int) -> Iterator[JsonObject]:
    """What a part says; `calls` and `details` are how many of each came before it."""
    words = text(part, "text")
    signature = text(part, "thoughtSignature")
    function = part.get("functionCall")
    detail = {"type": "reasoning.encrypted", "data": signature, "format": DETAILS_FORMAT, "index": details}
    if isinstance(function, dict):
        call = tool_call(
            text(function, "id") or f"call_{uuid4().hex[:24]}",
            text(function, "name"),
            compact(function.get("args") or {}),
        )
        if signature:
            call["extra_content"] = {"google": {"thought_signature": signature}}
            detail["id"] = call["id"]
            yield {
                "reasoning_details": [detail]
            }  # before its call, as every surface has thoughts before calls
        yield {"tool_calls": [{"index": calls, **call}]}
        return
    if words:
        yield {"reasoning_content" if part.get("thought") is True else "content": words}
    if signature:
        yield {"reasoning_details": [detail]}


def _finish(reason: str, *, calls: bool) -> str:
    if reason in _LENGTH:
        return "length"
    if reason in _FILTERED:
        return "content_filter"
    return "tool_calls" if calls else "stop"


def _refuse_unusable(reason: str, *, said: bool, called: bool) -> None:
    """Refuse an answer in which the model went wrong, whatever it thought before: it is no success that says nothing.

    A call that cannot be read is missing from what was said, too; only for no known reason may words be all there is.
    """
    if reason in _UNUSABLE and not called and not (said and reason == "OTHER"):
        raise ProviderFailed("The model gave an answer that cannot be used.")


def _is_blocked(answer: JsonObject) -> bool:
    return bool(text(answer.get("promptFeedback"), "blockReason"))


def _logprobs(said: Any) -> JsonObject | None:
    """Log probabilities in OpenAI's form."""
    chosen = objects(said, "chosenCandidates")
    if not chosen:
        return None
    tops = objects(said, "topCandidates")
    return {
        "content": [
            {
                **_logprob(token),
                "top_logprobs": [_logprob(each) for each in objects(tops[k], "candidates")]
                if k < len(tops)
                else [],
            }
            for k, token in enumerate(chosen)
        ],
        "refusal": None,
    }


def _logprob(said: JsonObject) -> JsonObject:
    token = text(said, "token")
    value = said.get("logProbability")
    return {
        "token": token,
        "logprob": float(value) if isinstance(value, int | float) else 0.0,
        "bytes": list(token.encode(errors="surrogatepass")),
    }


class _Reader:
    """Reads the partial answers of one stream in their order. `ended`: all candidates did, and were counted."""

    def __init__(self, progress: Progress) -> None:
        self._chunks = Chunks(progress)
        self._calls: dict[int, int] = {}
        self._details: dict[int, int] = {}
        self._said: set[int] = set()
        self.ended = False

    def read(self, answer: JsonObject) -> Iterator[bytes]:
        """The chunks that a partial answer becomes."""
        raise_error(answer)
        candidates = objects(answer, "candidates")
        self._chunks.name(text(answer, "responseId"), text(answer, "modelVersion"))
        usage = usage_of(answer.get("usageMetadata"))
        self._chunks.count(usage)  # it may have been counted before what follows was said
        if not candidates and not _is_blocked(answer) and not is_no_chunk(answer):
            yield _HEARTBEAT
        for candidate in candidates:
            yield from self._candidate(candidate, tokens(candidate, "index"))
        if _is_blocked(answer) and not candidates and not self._chunks.has_ended():
            yield self._chunks.finish("content_filter")
        if self._chunks.are_over():
            self._chunks.count(usage)
            self.ended = usage is not None
        elif not candidates and usage is None and is_no_chunk(answer):
            raise ProviderUnreadable("The provider failed in mid-stream.")

    def _candidate(self, candidate: JsonObject, index: int) -> Iterator[bytes]:
        if self._chunks.has_ended(index):
            return
        logprobs = _logprobs(candidate.get("logprobsResult"))
        more = {"logprobs": logprobs} if logprobs else {}
        for part in objects(candidate.get("content"), "parts"):
            for delta in _deltas(part, self._calls.get(index, 0), self._details.get(index, 0)):
                self._calls[index] = self._calls.get(index, 0) + len(delta.get("tool_calls", ()))
                self._details[index] = self._details.get(index, 0) + len(delta.get("reasoning_details", ()))
                if "content" in delta:
                    self._said.add(index)
                yield self._chunks.delta(delta, index, **more)
                more = {}
        reason = text(candidate, "finishReason")
        if not reason:
            return
        _refuse_unusable(reason, said=index in self._said, called=bool(self._calls.get(index)))
        yield self._chunks.finish(_finish(reason, calls=bool(self._calls.get(index))), index)
