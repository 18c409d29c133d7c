"""Tight: what a request needs of an account that is short, and what it gets for it. Imported when first needed.

An account is tight for a request that may cost more than a quarter of what is available (`billing/shares.py`). Then
the output is capped to what a share of the account pays for, so that who can pay is served, and others beside it; the
input, what the model was asked to think with, and a few hundred tokens of answer are never cut. It is refused only
where not even they are there, or where the client wants a refusal rather than a cap.

Where the prompt is what makes it dear, the provider of the first route is asked how long it is (`counted_input.py`).
Each route has its own bound, for no provider's count is another's. A route that the held amount does not cover is not
taken: it would have to be paid for by the platform.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aggregator.billing.model import Account, Hold
from aggregator.billing.money import NanoUsd
from aggregator.billing.reserve import Wish
from aggregator.billing.shares import Part
from aggregator.proxy.bound import (
    LEAST_USEFUL_OUTPUT_TOKENS,
    OUTPUT_TOKENS_BESIDE_TOOLS,
    calls_on_route,
    cost_on,
    covered_output,
    most_output,
    ways_within,
)
from aggregator.proxy.limits.rules import Taken
from aggregator.proxy.model import Ask, JsonObject, Route, Way

REPLY_TOKENS = 512
"""The answer that a cap leaves room for, beside what the model thinks with; else the request is refused."""

WHOLE_REPLY_TOKENS = 2_000
"""The answer that no share cuts into, while the account has the money: most answers are shorter than this.

`python -m bench.served` decided it: at 512, up to 5.8 % of the answers of a batch were cut short before the last tenth
of the balance; at 2,000, 2.6 %.
"""

THINKING_TOKENS = 1024
"""What a model that shall think, but was given no number, is left for it: the least budget that any takes.

Source: https://platform.claude.com/docs/en/build-with-claude/extended-thinking (`budget_tokens`).
"""


WORTH_COUNTING = Part(1, 20)
"""The part of what is available that the bytes of the input may cost before they are worth being counted."""


def _as_it_is(route: Route, _afresh: bool) -> Route:
    return route


@dataclass(slots=True)
class Tight:
    """One request on a tight account.

    `may_cap` is False where it is to be refused instead. `count` asks the provider of a route how long the input is, or
    takes what is known of it, unless it shall be counted afresh.
    """

    ask: Ask
    routes: Sequence[Route]
    taken: Taken
    may_cap: bool = True
    count: Callable[[Route, bool], Route] = _as_it_is
    _at_most: NanoUsd = field(default=0, init=False)

    def wish(self, account: Account, now_epoch_seconds: float) -> Wish:
        """What the request would hold of this account."""
        spendable = account.spendable(now_epoch_seconds)
        if self._cost(self.routes[0], 0) > WORTH_COUNTING.of(spendable):
            self._count_first(afresh=False)
            if self._cost(self.routes[0], self._least_output(self.routes[0])) > spendable:
                self._count_first(afresh=True)
        least = [self._cost(route, self._least_output(route)) for route in self.routes]
        payable = [route for route, cost in zip(self.routes, least, strict=True) if cost <= spendable]
        if not payable:
            return Wish(min(least), min(least), most_tokens=self._most_tokens)
        at_most = max(
            cost_on(self.ask, route, most_output(self.ask, route), calls_on_route(self.ask, route)[1])
            for route in payable
        )
        self._at_most = min(at_most, self.taken.at_most_nano_usd)
        return Wish(
            at_most_nano_usd=self._at_most,
            at_least_nano_usd=min(*least, self._at_most),
            useful_nano_usd=self._useful(payable[0], has_all=at_most <= spendable),
            if_short_nano_usd=self._if_short(payable),
            most_tokens=self._most_tokens,
        )

    def _count_first(self, *, afresh: bool) -> None:
        self.routes = [self.count(self.routes[0], afresh), *self.routes[1:]]

    def ways(self, hold: Hold) -> list[Way]:
        """The routes that the held amount covers, each with its cap, and whether the balance lowered it."""
        amount = hold.amount_nano_usd
        covered = [
            route for route in self.routes if self._cost(route, self._least_output(route)) <= amount
        ] or self.routes
        ways = ways_within(self.ask, covered, amount, self.taken.reply_tokens)
        if amount >= self._at_most:
            return ways
        return [way._replace(capped_by_balance=self._is_capped(way, amount)) for way in ways]

    def _is_capped(self, way: Way, amount: NanoUsd) -> bool:
        if not self.ask.has_output or way.output_tokens >= most_output(self.ask, way.route):
            return False
        return covered_output(self.ask, way.route, amount, way.tool_calls) == way.output_tokens

    def _least_output(self, route: Route) -> int:
        """Output tokens under which the request is refused: fewer are of no use to it."""
        if self.ask.max_output_tokens is None and self.may_cap and not thinking_tokens(self.ask):
            return min(LEAST_USEFUL_OUTPUT_TOKENS, most_output(self.ask, route))
        return self._with_reply(route, REPLY_TOKENS)

    def _with_reply(self, route: Route, tokens: int) -> int:
        """Output tokens for an answer of this length and the thinking before it. Who asked for fewer needs no more."""
        most = most_output(self.ask, route)
        return min(most, thinking_tokens(self.ask) + tokens) if self.may_cap else most

    def _useful(self, route: Route, *, has_all: bool) -> NanoUsd:
        """What no share cuts into. Who could pay for all calls of hosted tools (`has_all`) keeps one at the least."""
        output, calls = self._with_reply(route, WHOLE_REPLY_TOKENS), calls_on_route(self.ask, route)
        if has_all and calls[0] < calls[1]:
            output = max(output, min(OUTPUT_TOKENS_BESIDE_TOOLS, most_output(self.ask, route)))
            return cost_on(self.ask, route, output, max(calls[0], 1))
        return cost_on(self.ask, route, output, calls[0])

    def _cost(self, route: Route, output_tokens: int) -> NanoUsd:
        return cost_on(self.ask, route, output_tokens, calls_on_route(self.ask, route)[0])

    def _if_short(self, routes: Sequence[Route]) -> NanoUsd | None:
        """Hosted tools that nobody demands are done without where money is short."""
        if self.ask.hosted is None or self.ask.hosted.demanded:
            return None
        return max(cost_on(self.ask, route, most_output(self.ask, route), 0) for route in routes)

    def _most_tokens(self, amount_nano_usd: NanoUsd) -> int | None:
        """The largest limit of output, for each choice, with which an amount pays for the request on some route."""
        if not self.ask.has_output:
            return None
        most = max(
            covered_output(self.ask, route, amount_nano_usd, calls_on_route(self.ask, route)[0])
            for route in self.routes
        )
        return most if most > _budget(self.ask) else None


def thinking_tokens(ask: Ask) -> int:
    """Output tokens that the model is to think with, as far as the client said so."""
    if budget := _budget(ask):
        return budget
    effort = ask.body.get("reasoning_effort")
    thinks = effort not in (None, "none") or _thinking(ask).get("type") in ("enabled", "adaptive")
    return THINKING_TOKENS if thinks else 0


def _budget(ask: Ask) -> int:
    thinking = _thinking(ask)
    budget = thinking.get("budget_tokens") if thinking.get("type") == "enabled" else None
    return budget if isinstance(budget, int) and budget > 0 else 0


def _thinking(ask: Ask) -> JsonObject:
    """What the client said of it; a chat may hold anything there, which is for its provider to refuse."""
    said = ask.asked.get("thinking") or ask.body.get("thinking")
    return said if isinstance(said, dict) else {}
