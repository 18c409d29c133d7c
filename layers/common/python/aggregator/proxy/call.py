"""Call: get one answer from the routes, in their order, with retries and fallback until the first byte."""

from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from aggregator.errors import (
    ProviderFailed,
    ProviderTimedOut,
    ProviderUnavailable,
    ProviderUnreadable,
    RateLimitExceeded,
    Refusal,
    UnsupportedParameter,
)
from aggregator.proxy.dialects.lanes import NO_REQUEST, lane_of, left_out, refusal_by, translated
from aggregator.proxy.exchange import (
    Answer,
    CallFailed,
    FailedTry,
    Progress,
    UpstreamError,
    UpstreamRequest,
    UpstreamResponse,
)
from aggregator.proxy.model import Ask, Route, Way

if TYPE_CHECKING:
    from aggregator.proxy.dialects.protocols import Wire

TRIES_PER_ROUTE = 2
LONGEST_WAIT_SECONDS = 2.0
_FIRST_WAIT_SECONDS = 0.2

LONGEST_PRELUDE_SECONDS = 30.0
"""How long heartbeats and roles are kept back: an answer that has not begun can still come from another route, but
whoever waits for it must hear in time that somebody is at work."""

LONGEST_SILENCE_SECONDS = 290.0
"""How long whoever waits may hear nothing, over all tries: API Gateway ends an answer that is silent for 300 seconds,
and one that cannot arrive would still be paid for."""

_NEXT_ROUTE_MAY_DO = (
    ProviderFailed,
    ProviderUnavailable,
    ProviderTimedOut,
    RateLimitExceeded,
    UnsupportedParameter,
)
_ROUTE_FAILED = (ProviderFailed, ProviderUnavailable, ProviderTimedOut, RateLimitExceeded)
_SAME_ROUTE_MAY_DO = (ProviderFailed, ProviderUnavailable, RateLimitExceeded)


class Upstream(Protocol):
    """HTTP to providers."""

    def post(self, request: UpstreamRequest, deadline: float) -> UpstreamResponse:
        """See `HttpUpstream.post`."""
        ...


class Keys(Protocol):
    """The platform's keys at the providers."""

    def of(self, provider_id: str) -> tuple[str, ...]:
        """Live keys, newest first; two while one is being replaced, none where none is needed."""
        ...


class Watch(Protocol):
    """Who learns from each try."""

    def answered(self, route: Route, ask: Ask, milliseconds: float) -> None:
        """A route began to answer, after so long."""
        ...

    def failed(self, route: Route, ask: Ask, seconds: float) -> bool:
        """A route failed, after so long: whether it is not worth another try."""
        ...


class NobodyWatches:
    """Learns nothing."""

    def answered(self, route: Route, ask: Ask, milliseconds: float) -> None:
        """Do nothing."""

    def failed(self, route: Route, ask: Ask, seconds: float) -> bool:  # noqa: ARG002 (as the protocol has it)
        """Any route is worth another try."""
        return False


NOBODY = NobodyWatches()


def call(
    ask: Ask,
    ways: Sequence[Way],
    *,
    upstream: Upstream,
    keys: Keys,
    watch: Watch = NOBODY,
    deadline: float,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
    request_id: str = NO_REQUEST,
) -> Answer:
    """Return the first answer that begins, by a word, a call or its end; its body is still to be read.

    What the provider refuses as the client's own fault ends the call. What may pass is tried again: once more on
    the same route (with the other key, where there are two, and unless `watch` finds it useless), then on the next,
    while `deadline` allows, and while the answer could still reach who waits for it. A route that
    cannot honour the request, or have a file of it, is passed over; the client is told so only if no other failed.

    Raises:
        CallFailed: no route answered; nothing is owed.
    """
    attempts = 0
    failed: Refusal | None = None
    tries: tuple[FailedTry, ...] = ()
    begin_by = min(deadline, monotonic() + LONGEST_SILENCE_SECONDS)
    for n, way in enumerate(ways):
        route_keys = keys.of(way.route.provider.secret) or (None,)
        for nth_try in range(TRIES_PER_ROUTE):
            attempts += 1
            began = monotonic()
            try:
                answer = _attempt(
                    ask,
                    way,
                    key=route_keys[nth_try % len(route_keys)],
                    attempts=attempts,
                    upstream=upstream,
                    deadline=deadline,
                    begin_by=begin_by,
                    monotonic=monotonic,
                    request_id=request_id,
                )
            except Refusal as refused:
                last = n == len(ways) - 1
                tries += (FailedTry(way.route.provider.id, refused.code, monotonic() * 1000),)
                if not isinstance(refused, _NEXT_ROUTE_MAY_DO):
                    raise CallFailed(refused, way.route, attempts, tries) from refused
                if failed is None or not isinstance(refused, UnsupportedParameter):
                    failed = refused
                wait = _wait_before_same_route(refused, nth_try)
                if isinstance(refused, _ROUTE_FAILED) and watch.failed(way.route, ask, monotonic() - began):
                    wait = None
                if wait is None or monotonic() + wait >= begin_by:
                    if last or monotonic() >= begin_by:
                        raise CallFailed(
                            _told(failed, ways[: n + 1], attempts), way.route, attempts, tries
                        ) from refused
                    break
                sleep(wait)
            else:
                took = answer.progress.provider_ms = (monotonic() - began) * 1000
                answer.progress.failed = tries
                watch.answered(way.route, ask, took)
                return answer
    raise AssertionError("unreachable: the last try returns or raises")


def _told(failed: Refusal, asked: Sequence[Way], tries: int) -> Refusal:
    """The failure as whoever waited for an answer reads it: who was asked, and that it cost nothing."""
    if isinstance(failed, _ROUTE_FAILED):
        names = ", ".join(dict.fromkeys(way.route.provider.id for way in asked))
        count = "1 try" if tries == 1 else f"{tries} tries"
        failed.message = f"{failed.message} Asked: {names} ({count}); nothing was charged."
    return failed


def _wait_before_same_route(refused: Refusal, nth_try: int) -> float | None:
    """Seconds before the same route is tried again, or None if it should not be."""
    if nth_try == TRIES_PER_ROUTE - 1 or not isinstance(refused, _SAME_ROUTE_MAY_DO):
        return None
    if isinstance(refused, ProviderUnreadable):
        return None  # it may want to be paid for what cannot be read, so nobody asks for the same again
    if refused.retry_after_seconds is not None and refused.retry_after_seconds > LONGEST_WAIT_SECONDS:
        return None
    return refused.retry_after_seconds or _jitter(_FIRST_WAIT_SECONDS * 2**nth_try)


def _jitter(longest_seconds: float) -> float:
    from random import uniform  # noqa: PLC0415 - only a retry needs it

    return uniform(0, longest_seconds)  # noqa: S311 - no secret


def _attempt(
    ask: Ask,
    way: Way,
    *,
    key: str | None,
    attempts: int,
    upstream: Upstream,
    deadline: float,
    begin_by: float,
    monotonic: Callable[[], float],
    request_id: str,
) -> Answer:
    via = way.route.via
    if ask.brought is not None:
        ask = ask.brought.on(via)
    lane = lane_of(ask, via, request_id)
    request = lane.adapter.encode(translated(ask, via), way, key)
    if attempts > 1 and ask.stream:
        request = request._replace(first_byte_seconds=min(request.first_byte_seconds, begin_by - monotonic()))
    progress = Progress(
        model=via.upstream_model,
        choices=ask.choices,
        most_output_tokens=way.output_tokens * ask.choices,
    )
    try:
        response = upstream.post(request, deadline)
        if response.status >= 300:
            raise refusal_by(lane.adapter, response.status, response.headers, response.read_error())
        chunks = _begin(lane.wire, ask, response, progress, monotonic)
    except UpstreamError as broken:
        if broken.timed_out:
            raise ProviderTimedOut("The provider did not answer in time.") from broken
        raise ProviderFailed("The provider could not be reached.") from broken
    ignored = left_out(ask, via, lane, request)
    return Answer(way, attempts, chunks, progress, response, lane, ignored)


def _begin(
    wire: "Wire",
    ask: Ask,
    response: UpstreamResponse,
    progress: Progress,
    monotonic: Callable[[], float],
) -> Iterator[bytes]:
    """Read as far as the answer can still fail unseen: a plain one whole, a stream up to the first that it says."""
    if not ask.stream:
        body = wire.decode(response.read(), progress)
        progress.first_token_at_ms = monotonic() * 1000
        return iter([body])
    chunks = _timed(wire.stream(response.blocks(), progress), progress, monotonic)
    prelude: list[bytes] = []
    patience = monotonic() + LONGEST_PRELUDE_SECONDS
    try:
        for chunk in chunks:
            if chunk:
                prelude.append(chunk)
            if progress.begun or monotonic() >= patience:
                return chain(prelude, chunks)
        if progress.finished and progress.usage is not None and progress.usage.output_tokens:
            progress.first_token_at_ms = monotonic() * 1000
            return iter(prelude)  # it thought, and had nothing to say
    except Exception:
        response.close()
        raise
    response.close()
    raise ProviderFailed("The provider sent an empty stream.")


def _timed(chunks: Iterator[bytes], progress: Progress, monotonic: Callable[[], float]) -> Generator[bytes]:
    """The chunks; when the first of them that says something came is in `progress`. Before it nothing is owed."""
    for chunk in chunks:
        if progress.begun:
            progress.first_token_at_ms = monotonic() * 1000
            yield chunk
            break
        yield chunk
    yield from chunks
