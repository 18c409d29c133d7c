"""Responses that are kept for their user: what the Responses API calls stored.

A user's response is kept for 30 days with the whole input that led to it, unless the request says `store: false`; by
its id, or by the ids of its items, a later request goes on from it. The id is ours on every lane: that of a provider
may come twice, and the later response would take the place of the earlier. Providers keep nothing: they get the whole
input each time. Standard library only; imported when a response is first kept or asked for.
"""

import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aggregator.errors import JsonObject, ProviderUnreadable, StoreUnavailable
from aggregator.proxy.answers.given_again import is_stream
from aggregator.runtime import log
from aggregator.runtime.aws import AwsError
from aggregator.runtime.sse import payload_of, split
from aggregator.runtime.streaming import StreamingResponse

KEPT_SECONDS = 30 * 24 * 3600
"""How long a response is kept."""

_ANSWERED_BY = ("x-aggregator-provider", "x-aggregator-model")
_ENDS = frozenset({"response.completed", "response.incomplete"})
_BEGINS = frozenset({"response.created", "response.queued", "response.in_progress"})
_FAILS = "response.failed"
_TELLS = frozenset({*_ENDS, *_BEGINS, _FAILS})
_WITH_RESPONSE = tuple(f'"{kind}"'.encode() for kind in _TELLS)


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """A response as its client got it, and all that the model was told before it, item by item.

    `answered_by` are the headers that name its provider and model: a key that may not call them may not read it.
    `expires_at` is in seconds since the epoch.
    """

    response: JsonObject = field(repr=False)
    input: Sequence[JsonObject] = field(repr=False)
    answered_by: Mapping[str, str]
    expires_at: int

    @property
    def id(self) -> str:
        """The name that its client knows."""
        return str(self.response["id"])

    @property
    def items(self) -> list[JsonObject]:
        """What was said until its end: what a later request goes on from."""
        return [*self.input, *self.output]

    @property
    def output(self) -> list[JsonObject]:
        """The items of its answer."""
        return [item for item in self.response.get("output") or () if isinstance(item, dict)]


class KeptResponses(Protocol):
    """Where responses are kept; each method may raise AwsError."""

    def keep(self, user_id: str, kept: KeptResponse, *, ends: float | None = None) -> None:
        """Keep a response, all of it or nothing that is ever read; by `ends` of the monotonic clock."""
        ...

    def read(self, user_id: str, response_id: str, now_epoch_seconds: float) -> KeptResponse | None:
        """The user's response of that id, if it is kept."""
        ...

    def holder_of(self, user_id: str, item_id: str, now_epoch_seconds: float) -> str | None:
        """The id of the user's response whose answer an item belongs to."""
        ...

    def delete(self, user_id: str, response_id: str) -> bool:
        """Forget a response; False if there is none."""
        ...


class Memory(Protocol):
    """The kept responses that a caller may read."""

    def response(self, response_id: str) -> KeptResponse | None:
        """The response of that id.

        Raises:
            ModelNotAllowed: another model answered than the caller's key may call.
        """
        ...

    def holder_of(self, item_id: str) -> KeptResponse | None:
        """The response whose answer an item belongs to; raises as `response` does."""
        ...


def items_of(said: Any) -> list[JsonObject]:
    """An input as the items that are kept of it: a text is what the user says."""
    if isinstance(said, str):
        return [{"type": "message", "role": "user", "content": said}]
    return [item for item in said if isinstance(item, dict)] if isinstance(said, list) else []


def packed(kept: KeptResponse) -> bytes:
    """What is written of a response, beside who answered and when it expires."""
    said = {"response": kept.response, "input": list(kept.input)}
    return zlib.compress(json.dumps(said, separators=(",", ":")).encode())


def unpacked(body: bytes, answered_by: Mapping[str, str], expires_at: int) -> KeptResponse:
    """What `packed` wrote.

    Raises:
        StoreUnavailable: it is damaged.
    """
    try:
        said = json.loads(zlib.decompress(body))
        return KeptResponse(said["response"], said["input"], answered_by, expires_at)
    except (zlib.error, ValueError, KeyError) as damaged:
        raise StoreUnavailable("The response cannot be read now; try again in a moment.") from damaged


@dataclass(frozen=True, slots=True)
class Keeping:
    """How an answer is kept: in which store, for whom, after which input. `follows` is the response it goes on from."""

    store: KeptResponses
    user_id: str
    request_id: str
    input: Sequence[JsonObject] = field(repr=False)
    follows: str | None
    expires_at: int
    ends: float | None = None

    @property
    def id(self) -> str:
        """The response's name, which no other has."""
        return f"resp_{self.request_id}"


def kept_on_its_way(
    answer: StreamingResponse, keeping: Keeping, written: Callable[[JsonObject], bytes]
) -> StreamingResponse:
    """The answer, kept before its client has all of it: so `store` in it says whether it is.

    `written` makes the event that ends a stream. What is refused, or broke off, is not kept.
    """
    if answer.status >= 400:
        return answer
    by = {name: answer.headers[name] for name in _ANSWERED_BY if name in answer.headers}
    if is_stream(answer.headers):
        chunks = _with_its_end_kept(answer, keeping, by, written)
        return StreamingResponse(answer.status, answer.headers, chunks, answer.cookies)
    try:
        body = b"".join(answer.chunks)
    finally:
        answer.close()
    response = _object(body)
    if response is not None:
        body = json.dumps(_kept(response, keeping, by), separators=(",", ":"), ensure_ascii=False).encode(
            errors="surrogatepass"
        )
    return StreamingResponse(answer.status, answer.headers, [body], answer.cookies)


def _with_its_end_kept(
    answer: StreamingResponse, keeping: Keeping, by: Mapping[str, str], written: Callable[[JsonObject], bytes]
) -> Iterator[bytes]:
    try:
        for chunk in answer.chunks:
            if not any(kind in chunk for kind in _WITH_RESPONSE):
                yield chunk
                continue
            for event in split(chunk):
                said = _with_response(event)
                if said is None:
                    yield event
                elif said["type"] in _ENDS:
                    yield written({**said, "response": _kept(said["response"], keeping, by)})
                else:
                    told = {
                        "id": keeping.id,
                        "previous_response_id": keeping.follows,
                        "store": said["type"] != _FAILS,
                    }
                    yield written({**said, "response": {**said["response"], **told}})
    finally:
        answer.close()


def _with_response(event: bytes) -> JsonObject | None:
    """The event, read, if it is one that tells the response as a whole: at its beginning, its end or its failure."""
    try:
        said = _object(payload_of(event)) if any(kind in event for kind in _WITH_RESPONSE) else None
    except ProviderUnreadable:
        return None
    if said is None or said.get("type") not in _TELLS:
        return None
    return said if isinstance(said.get("response"), dict) else None


def _kept(response: JsonObject, keeping: Keeping, by: Mapping[str, str]) -> JsonObject:
    """The response, once it is kept; as it was, but for the one it follows, if it cannot be: it was paid for."""
    told = {**response, "id": keeping.id, "previous_response_id": keeping.follows}
    if not isinstance(response.get("output"), list):
        return told
    kept = KeptResponse({**told, "store": True}, keeping.input, by, keeping.expires_at)
    try:
        keeping.store.keep(keeping.user_id, kept, ends=keeping.ends)
    except Exception as failed:
        code = failed.code if isinstance(failed, AwsError) else type(failed).__name__
        log.error("response_unkept", request_id=keeping.request_id, code=code)
        log.count("AnswerUnstored")
        return {**told, "store": False}
    return kept.response


def _object(text: bytes) -> Any:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
