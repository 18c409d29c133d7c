"""The values of one exchange with a provider: what is asked, what comes back, and how far it has come.

Standard library only.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from aggregator.billing.price import Usage
from aggregator.errors import JsonObject, Refusal
from aggregator.orchestrator.model import SILENCE_SECONDS
from aggregator.proxy.model import Route, Way


class UpstreamRequest(NamedTuple):
    """One HTTP POST to a provider.

    `first_byte_seconds` is how long it may take to begin its answer, `silence_seconds` how long it may say nothing
    between two pieces of it. `ignored` names what the client sent and the provider does not get.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    first_byte_seconds: float
    silence_seconds: float = SILENCE_SECONDS
    ignored: tuple[str, ...] = ()


class UpstreamError(Exception):
    """The provider did not answer, or not to its end.

    `timed_out` tells a slow one from a broken one; `silent` if its answer had begun, and it fell silent for too long.
    """

    def __init__(self, reason: str, *, timed_out: bool = False, silent: bool = False) -> None:
        super().__init__(reason)
        self.timed_out = timed_out
        self.silent = silent


class UpstreamResponse(Protocol):
    """A provider's answer, its body not read yet."""

    status: int
    headers: Mapping[str, str]

    def read(self) -> bytes:
        """Read the whole body.

        Raises:
            UpstreamError: it ended before its end, or took too long.
        """
        ...

    def read_error(self) -> bytes:
        """Read what comes of an error's body within a few seconds; whatever becomes of it, the status is known."""
        ...

    def blocks(self) -> Iterator[bytes]:
        """The body as it arrives, in blocks of whatever size.

        Raises:
            UpstreamError: it ended before its end, or took too long.
        """
        ...

    def close(self) -> None:
        """End it early; the connection is not used again."""
        ...

    def hasten(self) -> None:
        """The answer has ended: what may still follow, its count or its end mark, is waited for a few seconds."""
        ...

    def release(self) -> None:
        """All of it was said: use the connection again if its end is there, without waiting for it."""
        ...


class FailedTry(NamedTuple):
    """A try that gave no answer: whom it asked, why not (a refusal's code), and when that was known."""

    provider: str
    code: str
    at_ms: float


class Progress:
    """What is known of a running answer, kept up to date as it streams; settled from in every exit.

    `usage` is what the provider counted last, None until it says, and `usage_chunk` the chunk that tells the client.
    `output_bytes` is how much text was delivered, as UTF-8, which a fallback count goes by; `uncounted_bytes` is the
    part of it that no count of the provider's came after. `begun`: something was said, be it that there is nothing to
    say; until then nothing is owed. `finished`: the answer is whole, whatever its connection does.
    `provider_ms` is what the provider took to begin, of the try that it answered.
    `model` is the name that was called, for answers that say none. `choices` is how many choices were asked for,
    `ended` how many the provider said were whole. `most_output_tokens` is the cap that was sent, over all choices.
    `events` is how many events a stream that numbers them had so far.
    `called` counts the calls of hosted tools, by the provider's words for them; `service_tier` is the one it says.
    `failed` are the tries before this one.
    """

    __slots__ = (
        "begun", "called", "choices", "ended", "events", "failed", "finished", "first_token_at_ms", "model",
        "most_output_tokens", "output_bytes", "provider_ms", "service_tier", "uncounted_bytes", "usage", "usage_chunk",
    )  # fmt: skip

    def __init__(self, *, model: str = "", choices: int = 1, most_output_tokens: int = 2**31) -> None:
        self.usage: Usage | None = None
        self.usage_chunk: JsonObject | None = None
        self.output_bytes = 0
        self.uncounted_bytes = 0
        self.begun = False
        self.finished = False
        self.first_token_at_ms: float | None = None
        self.provider_ms: float | None = None
        self.model = model
        self.choices = choices
        self.ended = 0
        self.events = 0
        self.most_output_tokens = most_output_tokens
        self.called: dict[str, int] = {}
        self.service_tier = ""
        self.failed: tuple[FailedTry, ...] = ()

    def say(self, text_bytes: int) -> None:
        """Something was delivered: so much text, or none that counts (a signature)."""
        self.begun = True
        self.output_bytes += text_bytes
        self.uncounted_bytes += text_bytes

    def count(self, usage: Usage) -> Usage:
        """The provider counted all that it said so far; what it leaves open stays as it was."""
        before, self.uncounted_bytes = self.usage, 0
        if before is not None:
            asked, said = (
                (usage if usage.input_tokens else before),
                (usage if usage.output_tokens else before),
            )
            usage = asked._replace(output_tokens=said.output_tokens, reasoning_tokens=said.reasoning_tokens)
        self.usage = usage
        return usage


class Carrier(Protocol):
    """The lane that an answer came on; see `dialects/lanes.py`."""

    @property
    def is_native(self) -> bool:
        """Whether the answer is in the client's dialect as it comes."""
        ...

    @property
    def ending(self) -> Any:
        """What its stream ends with."""
        ...


class Answer(NamedTuple):
    """A provider took the request. `chunks` is the body for the client; `progress` grows while it is read."""

    way: Way
    attempts: int
    chunks: Iterator[bytes]
    progress: Progress
    response: UpstreamResponse
    lane: "Carrier"
    ignored: tuple[str, ...] = ()

    @property
    def route(self) -> Route:
        """The route that answered."""
        return self.way.route


class CallFailed(Exception):
    """No route gave an answer: `refusal` is for the client, the rest for the usage event."""

    def __init__(
        self, refusal: Refusal, route: Route, attempts: int, failed: tuple[FailedTry, ...] = ()
    ) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.route = route
        self.attempts = attempts
        self.failed = failed
