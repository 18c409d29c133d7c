"""What Gemini's generateContent answers, as events: a plain answer is a stream of one partial answer.

Standard library only. Source: https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse. Parts of kinds
that are not known here are passed over.
"""

from collections.abc import Iterator
from typing import Any

from aggregator.errors import ProviderFailed, ProviderUnreadable
from aggregator.proxy.dialects.answering import compact, new_call_id, number, read_json
from aggregator.proxy.dialects.citations import Citation
from aggregator.proxy.dialects.events import (
    ALIVE,
    CALL,
    CITED,
    END,
    FILTERED,
    LENGTH,
    NAMED,
    SEAL,
    STOP,
    TEXT,
    THOUGHT,
    Event,
    counted,
    objects_of,
    text_in,
)
from aggregator.proxy.dialects.gemini.provider_errors import raise_error
from aggregator.proxy.dialects.gemini.provider_turns import DETAILS_FORMAT
from aggregator.proxy.dialects.under_200 import is_no_chunk
from aggregator.proxy.dialects.usage import usage_of
from aggregator.proxy.exchange import Progress
from aggregator.proxy.model import JsonObject
from aggregator.runtime.sse import json_runs

_LENGTH = frozenset({"MAX_TOKENS", "CONTINUATION"})
_FILTERED = frozenset({
    "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "ESCALATION", "PUP_LIMITED_DISABLED", "MODEL_ARMOR",
})  # fmt: skip
_UNUSABLE = frozenset({
    "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE",
    "MISSING_THOUGHT_SIGNATURE",
})  # fmt: skip
"""A call, or all, is missing from what was said, whatever else there is."""

_SOURCES = _GROUNDED, _QUOTED = ("groundingMetadata", "citationMetadata")


def streamed(blocks: Iterator[bytes]) -> Iterator[Iterator[JsonObject]]:
    """The partial answers of a stream, in runs as they come.

    Raises:
        ProviderUnreadable: what is no event of JSON came.
        UpstreamError: the stream broke off.
    """
    return json_runs(blocks)


def replayed(body: bytes) -> Iterator[JsonObject]:
    """A plain answer as the partial answers that say it at once.

    Raises:
        ProviderFailed: an error under status 200.
        ProviderUnreadable: no JSON, or no answer.
    """
    answer = read_json(body)
    raise_error(answer)
    candidates = objects_of(answer, "candidates")
    if not candidates and not _is_blocked(answer):
        raise ProviderUnreadable("The provider answered without a completion.")
    whole = [{**each, "finishReason": text_in(each, "finishReason") or "STOP"} for each in candidates]
    yield {**answer, "candidates": whole}


class Reader:
    """Reads the partial answers of one answer in their order. `ended`: all candidates did, and were counted."""

    def __init__(self, progress: Progress) -> None:
        self._choices = progress.choices
        self._begun: set[int] = set()
        self._closed: set[int] = set()
        self._said: set[int] = set()
        self._words: dict[int, list[str]] = {}
        self._sources: dict[int, JsonObject] = {}
        self._cited_already: set[tuple[int, Citation]] = set()
        self.ended = False

    def read(self, answer: JsonObject) -> Iterator[Event]:
        """What a partial answer says.

        Raises:
            ProviderFailed: it is an error, or the model went wrong.
            ProviderUnreadable: it is no answer.
        """
        raise_error(answer)
        candidates = objects_of(answer, "candidates")
        yield Event(NAMED, id=text_in(answer, "responseId"), name=text_in(answer, "modelVersion"))
        usage = usage_of(answer.get("usageMetadata"))
        yield from counted(usage)  # it may have been counted before what follows was said
        if not candidates and not _is_blocked(answer) and not is_no_chunk(answer):
            yield Event(ALIVE)
        for candidate in candidates:
            yield from self._candidate(candidate, number(candidate, "index"))
        if _is_blocked(answer) and not candidates and not self._closed:
            self._begun.add(0)
            self._closed.add(0)
            yield Event(END, FILTERED)
        if self._closed == self._begun and len(self._closed) >= self._choices:
            yield from counted(usage)
            self.ended = usage is not None
        elif not candidates and usage is None and is_no_chunk(answer):
            raise ProviderUnreadable("The provider failed in mid-stream.")

    def _candidate(self, candidate: JsonObject, choice: int) -> Iterator[Event]:
        if choice in self._closed:
            return
        self._begun.add(choice)
        logprobs = _logprobs(candidate.get("logprobsResult"))
        if told := {name: candidate[name] for name in _SOURCES if candidate.get(name)}:
            self._sources.setdefault(choice, {}).update(told)
        for part in objects_of(candidate.get("content"), "parts"):
            for event in _events_of(part, logprobs, choice):
                if event.kind != TEXT:
                    yield from self._cited(choice)
                if event.kind in (TEXT, CALL):
                    self._said.add(choice)
                    logprobs = []
                if event.kind == TEXT:
                    self._words.setdefault(choice, []).append(event.text)
                yield event
        reason = text_in(candidate, "finishReason")
        if reason:
            finish = _finish(reason, said=choice in self._said)
            self._closed.add(choice)
            yield from self._cited(choice, is_whole=True)
            yield Event(END, finish, choice=choice)

    def _cited(self, choice: int, *, is_whole: bool = False) -> Iterator[Event]:
        """Sources of what was said so far, before anything else is; of all of it at the end."""
        told = self._sources.get(choice)
        if not told or choice not in self._words:
            return
        from aggregator.proxy.dialects.gemini.citations import citations_of  # noqa: PLC0415 (few answers have any)

        words = "".join(self._words[choice])
        for citation in citations_of(told.get(_GROUNDED), told.get(_QUOTED), words, is_whole=is_whole):
            if (choice, citation) not in self._cited_already:
                self._cited_already.add((choice, citation))
                yield Event(CITED, citation=citation, choice=choice)


def _events_of(part: JsonObject, logprobs: list[JsonObject], choice: int) -> Iterator[Event]:
    words = text_in(part, "text")
    signature = text_in(part, "thoughtSignature")
    function = part.get("functionCall")
    detail = {"type": "reasoning.encrypted", "data": signature, "format": DETAILS_FORMAT}
    if isinstance(function, dict):
        call_id = text_in(function, "id") or new_call_id()
        beside: JsonObject = {}
        if signature:
            beside = {"extra_content": {"google": {"thought_signature": signature}}}
            # before its call, as every surface has thoughts before calls
            yield Event(SEAL, detail={**detail, "id": call_id}, choice=choice)
        arguments = compact(function.get("args") or {})
        yield Event(CALL, arguments, id=call_id, name=text_in(function, "name"), detail=beside, choice=choice)
        return
    if words and part.get("thought") is True:
        yield Event(THOUGHT, words, choice=choice)
    elif words:
        yield Event(TEXT, words, logprobs=logprobs, choice=choice)
    if signature:
        yield Event(SEAL, detail=detail, choice=choice)


def _finish(reason: str, *, said: bool) -> str:
    """Why a candidate ended.

    Raises:
        ProviderFailed: the model went wrong, or claims to have said what it did not: whatever it thought before, an
            answer that says nothing is no success. Where the reason is not known, what it said is taken.
    """
    if reason in _LENGTH:
        return LENGTH
    if reason in _FILTERED:
        return FILTERED
    if reason in _UNUSABLE or not said:
        raise ProviderFailed("The model gave an answer that cannot be used.")
    return STOP


def _is_blocked(answer: JsonObject) -> bool:
    return bool(text_in(answer.get("promptFeedback"), "blockReason"))


def _logprobs(said: Any) -> list[JsonObject]:
    """Log probabilities in OpenAI's form."""
    tops = objects_of(said, "topCandidates")
    return [
        {
            **_logprob(token),
            "top_logprobs": [_logprob(each) for each in objects_of(tops[k], "candidates")]
            if k < len(tops)
            else [],
        }
        for k, token in enumerate(objects_of(said, "chosenCandidates"))
    ]


def _logprob(said: JsonObject) -> JsonObject:
    token = text_in(said, "token")
    value = said.get("logProbability")
    return {
        "token": token,
        "logprob": float(value) if isinstance(value, int | float) else 0.0,
        "bytes": list(token.encode(errors="surrogatepass")),
    }
