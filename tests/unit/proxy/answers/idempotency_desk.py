"""An answer store over DynamoDB and S3 in memory, and requests that are carried out by script."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aggregator.proxy.answers.idempotency import mark_of, once
from aggregator.proxy.answers.store import AnswerStore
from aggregator.proxy.answers.stored_answer import Mark
from aggregator.proxy.answers.wishes import hash_of
from aggregator.runtime.streaming import StreamingResponse
from tests.fakes.memory_objects import MemoryObjects
from tests.unit.proxy.limits.limits_desk import FaultyAws

NOW = 1_795_435_200
JSON = {"Content-Type": "application/json", "x-request-id": "r1", "x-aggregator-cost-usd": "0.5"}
SSE = {"Content-Type": "text/event-stream; charset=utf-8", "x-request-id": "r1"}
DONE = b"data: [DONE]\n\n"
ERROR = b'data: {"error":{}}\n\n'


class Stream:
    """Chunks of an answer, which note that they were closed; an exception among them is raised in its turn."""

    def __init__(self, *chunks: bytes | Exception) -> None:
        self._chunks = iter(chunks)
        self.closed = 0

    def __iter__(self) -> "Stream":
        return self

    def __next__(self) -> bytes:
        chunk = next(self._chunks)
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    def close(self) -> None:
        self.closed += 1


class Desk:
    """Takes requests; `carried_out` counts those that were not repetitions."""

    def __init__(self) -> None:
        self.aws = FaultyAws()
        self.objects = MemoryObjects()
        self.store = AnswerStore(self.aws, "proxy", lambda: self.objects)
        self.carried_out = 0

    def ask(
        self,
        answer: StreamingResponse | Exception | Callable[[], StreamingResponse],
        mark: Mark | None = None,
    ) -> StreamingResponse:
        def carry_out() -> StreamingResponse:
            self.carried_out += 1
            if isinstance(answer, Exception):
                raise answer
            return answer if isinstance(answer, StreamingResponse) else answer()

        return once(self.store, mark or request(), carry_out, allows=allows_all)

    @property
    def marks(self) -> list[dict[str, Any]]:
        """What is stored, without keys: in the order it came."""
        return [
            {name: value for name, value in stored.items() if name not in {"pk", "sk"}}
            for stored in self.aws.inner.items.values()
        ]


def allows_all(_headers: Mapping[str, str]) -> None:
    """For a key that is limited to no models."""


def request(
    request_id: str = "r1", body: str = "{}", *, key: str = "key", user: str = "ann", now: float = NOW
) -> Mark:
    body_hash = hash_of("POST /v1/chat/completions", body)
    return mark_of(user, key, body_hash, request_id=request_id, now_epoch_seconds=now, seconds=100)


def plain(body: bytes = b'{"id":1}', status: int = 201) -> StreamingResponse:
    return StreamingResponse(status, JSON, [body])


def stream(*chunks: bytes | Exception) -> StreamingResponse:
    return StreamingResponse(200, SSE, Stream(*chunks))


def read(answer: StreamingResponse) -> bytes:
    """The whole body, as the runtime reads it: closed in every case."""
    try:
        return b"".join(answer.chunks)
    finally:
        answer.close()


def logged(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def start(chunks: Iterable[bytes], count: int) -> list[bytes]:
    """The first chunks of a stream."""
    reader = iter(chunks)
    return [next(reader) for _ in range(count)]
