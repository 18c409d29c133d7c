"""Counted input: a route's provider is asked how long the prompt is. Imported only where an account is tight.

Bytes bound tokens, and are some four times too many. The count is asked of the very body that goes upstream; whoever
does not answer within `SECONDS` keeps the bytes. It is kept in the function's memory by the prompt's prefixes, for an
agent's next turn is its last one and a little more:

    bound = what was counted of the prefix + the bytes of the turns that are new

That is a bound, for each turn of a conversation is tokenized for itself: a mark of its own, which no text can make,
stands between two of them, so that the tokens of a conversation are those of its turns, and a token is at least a
byte. It holds only where nothing else differs (model, system, tools, format, thinking are part of the key; marks of
caches on blocks, which are no tokens, are not), and where the first new turn is of another role or kind than the last
old one (two of one role may become one turn, and no mark stands between them). A prompt with attachments, or whose
context is edited as it grows, is counted each time, and what is only pointed at is not counted at all: by the next
call its address may lead to something else. It is used while what is new is a quarter of what was counted at the most,
and never to refuse a request; else it is counted anew.
"""

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from aggregator.errors import Refusal
from aggregator.proxy.call import Keys, Upstream
from aggregator.proxy.dialects.counters import Counter, counter_of, points_elsewhere
from aggregator.proxy.dialects.lanes import lane_of, translated
from aggregator.proxy.exchange import UpstreamError, UpstreamRequest
from aggregator.proxy.model import Ask, JsonObject, Route, Way

SECONDS = 2.0
"""The most that a count may take, of the request's own time."""

REST_SECONDS = 30.0
NO_SUCH_CALL_SECONDS = 3600.0
"""How long a provider is not asked that failed to count, or has no such call."""

KEPT_SECONDS = 3600.0
MOST_KEPT = 1024
MOST_BYTES_A_TOKEN = 5
"""A prompt that is longer than this, for each token that the model reads, fills its window: no count would help."""
NEW_PART = 4

_ABOUT_THE_PROMPT = frozenset({400, 413, 422})
"""Statuses that speak of one prompt, and not of others."""

_MARK_TOKENS = 16
"""For each new turn: what providers put around one is shorter than its JSON, and this covers the shortest."""

Counted = dict[bytes, tuple[int, float]]
"""What is remembered, the oldest first: by the hash of a prompt its bound and when it was counted."""


class InputCounter:
    """Asks providers to count, and remembers."""

    def __init__(
        self, upstream: Upstream, keys: Keys, monotonic: Callable[[], float], counted: Counted
    ) -> None:
        self._upstream = upstream
        self._keys = keys
        self._monotonic = monotonic
        self._counted = counted

    def count(self, ask: Ask, route: Route, deadline: float, *, afresh: bool = False) -> Route:
        """The route with its provider's count of the input; as it was where there is none, or none in time.

        `afresh`: a prefix's count and the bytes of what is new will not do.
        """
        ask = ask.known_on(route)
        counter = counter_of(ask, route)
        rests = f"rests {route.provider.id}".encode()
        if counter is None or self._recall(rests) is not None:
            return route
        try:
            sent = self._encoded(ask, route)
        except Refusal:
            return route
        if len(sent.body) > MOST_BYTES_A_TOKEN * route.via.max_input_tokens:
            return route
        asked = counter.asks(sent, SECONDS)
        if asked is None:
            return route
        prompt, request = asked
        attached = bool(ask.images or ask.files)
        if attached and any(points_elsewhere(prompt)):
            return route
        known = Prefixes(counter, route, prompt)
        if attached:
            bound = None
        elif afresh or not counter.grows(prompt):
            bound = self._recall(known.whole)
        else:
            bound = known.bound(self._recall)
        if bound is None:
            count = self._ask(request, counter, deadline, rests)
            if count is None:
                return route
            bound = counter.bound(count, prompt)
            self._remember(known.whole, bound, KEPT_SECONDS)
        return route._replace(counted_input_tokens=bound)

    def _encoded(self, ask: Ask, route: Route) -> UpstreamRequest:
        key = (self._keys.of(route.provider.secret) or (None,))[0]
        fitted = translated(ask, route.via)
        most = ask.max_output_tokens or route.via.max_output_tokens
        return lane_of(ask, route.via).adapter.encode(fitted, Way(route, most), key)

    def _ask(self, request: UpstreamRequest, counter: Counter, deadline: float, rests: bytes) -> int | None:
        try:
            answer = self._upstream.post(request, min(deadline, self._monotonic() + SECONDS))
            if answer.status == 200:
                count = json.loads(answer.read()).get(counter.said)
                return count if isinstance(count, int) and count > 0 else None
            answer.read_error()
        except (UpstreamError, ValueError, AttributeError):
            self._remember(rests, 0, REST_SECONDS)
            return None
        if answer.status in (404, 405):
            self._remember(rests, 0, NO_SUCH_CALL_SECONDS)
        elif answer.status not in _ABOUT_THE_PROMPT:
            self._remember(rests, 0, REST_SECONDS)
        return None

    def _recall(self, name: bytes) -> int | None:
        bound, until = self._counted.get(name, (0, 0.0))
        return bound if self._monotonic() < until else None

    def _remember(self, name: bytes, bound: int, seconds: float) -> None:
        self._counted.pop(name, None)
        self._counted[name] = (bound, self._monotonic() + seconds)
        while len(self._counted) > MOST_KEPT:
            del self._counted[next(iter(self._counted))]


class Prefixes:
    """The prefixes of one prompt, by their hashes: that of all but its turns, and so on with each turn."""

    def __init__(self, counter: Counter, route: Route, prompt: JsonObject) -> None:
        turns = prompt.get(counter.turns)
        self._turns: list[Any] = turns if isinstance(turns, list) else [turns]
        rest = {name: value for name, value in prompt.items() if name != counter.turns}
        said = sha256(f"{route.name}\n".encode() + _said(rest))
        self._hashes: list[bytes] = []
        self._sizes: list[int] = []
        for turn in self._turns:
            words = _said(_unmarked(turn))
            self._sizes.append(len(words))
            said.update(len(words).to_bytes(8) + words)
            self._hashes.append(said.digest())

    @property
    def whole(self) -> bytes:
        """The whole prompt."""
        return self._hashes[-1] if self._hashes else b""

    def bound(self, recall: Callable[[bytes], int | None]) -> int | None:
        """A bound by the longest prefix that was counted, if little is new."""
        new = 0
        for n in range(len(self._turns) - 1, -1, -1):
            counted = recall(self._hashes[n])
            if counted is not None:
                return counted + new if self._goes_on(n) and new * NEW_PART <= counted else None
            new += self._sizes[n] + _MARK_TOKENS
        return None

    def _goes_on(self, last: int) -> bool:
        """Whether a mark stands between a turn and the next."""
        if last == len(self._turns) - 1:
            return True
        return _kind(self._turns[last]) != _kind(self._turns[last + 1])


def _kind(turn: Any) -> tuple[Any, Any]:
    return (turn.get("role"), turn.get("type")) if isinstance(turn, dict) else (None, None)


def _said(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass")


def _unmarked(turn: Any) -> Any:
    """A turn without marks of caches on its blocks, and on those of results; what stands anywhere else is text.

    A text by itself and one block of it are the same to a provider; agents send a turn as the one first, and as the
    other once its mark has moved on.
    """
    if not isinstance(turn, dict):
        return turn
    content = turn.get("content")
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    if not isinstance(content, list):
        return turn
    blocks = [
        {name: value for name, value in block.items() if name != "cache_control"}
        if isinstance(block, dict)
        else block
        for block in content
    ]
    return {**turn, "content": [_unmarked(block) for block in blocks]}
