"""Tab: what one request owes, from its hold to its receipt. Every exit of the walk closes it, once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from aggregator.auth.caller import Caller
from aggregator.billing.cost import cost_of, fees_of, output_tokens_that_fit
from aggregator.billing.model import Hold
from aggregator.billing.money import NanoUsd
from aggregator.billing.price import Usage
from aggregator.billing.reserve import Wallets
from aggregator.proxy.afterwards import RETURN_SHARE, share
from aggregator.proxy.bound import input_bound
from aggregator.proxy.exchange import Answer, FailedTry, Progress
from aggregator.proxy.model import Ask, Receipt, Route, tier_named
from aggregator.runtime.clock import iso

BYTES_PER_TOKEN = 4
"""Fallback count where a provider gave none: a token for each four bytes, as English text has it."""

TOKENS_PER_IMAGE = 1024
"""The same for an image, or what the model makes of one at the most, if that is less."""

TOKENS_PER_CALL = 8000
"""The same for what a call of a hosted tool found, where the provider did not count to the end. OpenAI bills so many
for each search of its smallest models (https://developers.openai.com/api/docs/pricing, web search)."""

_PROMPT = ("messages", "tools", "functions", "response_format", "input", "system", "instructions")
_ATTACHED = frozenset({"image_url", "file", "image", "input_image", "document", "input_file"})


class Tab(NamedTuple):
    """A request that holds money."""

    request_id: str
    caller: Caller
    ask: Ask
    hold: Hold
    now: datetime
    started_ms: float
    monotonic: Callable[[], float]

    def close(
        self,
        route: Route,
        attempts: int,
        progress: Progress,
        *,
        outcome: str,
        status: int,
        answer: Answer | None = None,
        settle_by: float | None = None,
    ) -> Receipt:
        """What it came to: the provider's last count, or ours, flagged, of what it left open.

        A request that failed before anything was said used nothing.
        """
        request_id, caller, ask, hold, now, started_ms, monotonic = self
        first_token = progress.first_token_at_ms
        usage = Usage() if first_token is None else _usage(ask, route, progress, hold)
        if first_token is not None and (ask.hosted is not None or ask.service_tier):
            tools = _tools(ask, route, progress)
            usage = usage._replace(tools=tools, service_tier=_service_tier(ask, route, progress))
        return Receipt(
            request_id=request_id,
            user_id=caller.user_id,
            team_id=None if caller.team is None else caller.team.team_id,
            key_id=caller.key_id,
            occurred_at=iso(now),
            route=route,
            hold=hold,
            usage=usage,
            cost_nano_usd=cost_of(usage, route.price),
            outcome=outcome,
            status=status,
            attempts=attempts,
            surface=ask.surface,
            stream=ask.stream,
            latency_ms=round(monotonic() * 1000 - started_ms),
            first_token_ms=None if first_token is None else round(first_token - started_ms),
            provider_ms=None if progress.provider_ms is None else round(progress.provider_ms),
            settle_by=settle_by,
            max_tokens=None if answer is None else answer.way.chosen_tokens(ask),
            capped_by_balance=answer is not None and answer.way.capped_by_balance,
            ignored=() if answer is None else answer.ignored,
            failed=progress.failed and self._since_start(progress.failed),
        )

    def _since_start(self, failed: tuple[FailedTry, ...]) -> tuple[FailedTry, ...]:
        """The tries, by the request's own clock."""
        return tuple(each._replace(at_ms=max(0, round(each.at_ms - self.started_ms))) for each in failed)

    def return_rest(self, wallets: Wallets, receipt: Receipt, settle_by: float) -> NanoUsd:
        """Return what a large hold does not need, at once; how much less its usage event must say is held."""
        if not self.hold.is_large:
            return 0
        from aggregator.billing import rest  # noqa: PLC0415 (only tight accounts pay for it)

        ends = share(settle_by, self.monotonic(), RETURN_SHARE)
        return rest.return_rest(
            wallets,
            self.caller.wallet_id,
            self.hold,
            receipt.charged_nano_usd,
            request_id=self.request_id,
            ends=ends,
        )


def estimated(ask: Ask, route: Route, progress: Progress, hold: Hold) -> Usage:
    """Count of our own: never 0 (but for the output of embeddings), and never over what was held or the cap."""
    ask = ask.known_on(route)
    counted = _tokens(text_bytes_in(ask)) + ask.tokens + ask.images * _image_tokens(route)
    counted += sum(file.rough_tokens for file in ask.files)
    counted += TOKENS_PER_CALL * sum(progress.called.values())
    input_tokens = min(max(1, counted), input_bound(ask, route))
    covered = output_tokens_that_fit(
        hold.amount_nano_usd,
        input_tokens=input_tokens,
        images=ask.images,
        price=route.price.in_service_tier(_service_tier(ask, route, progress)),
        fees_nano_usd=fees_of(_tools(ask, route, progress), route.price),
    )
    said = min(_tokens(progress.output_bytes), progress.most_output_tokens)
    least = 1 if ask.has_output else 0
    return Usage(input_tokens=input_tokens, output_tokens=max(least, min(said, covered)), estimated=True)


def text_bytes_in(ask: Ask) -> int:
    """How much text the model is given, as UTF-8: what is said, whatever it looked like on the wire.

    Images count by number, and files by themselves.
    """
    said = 0
    waiting: list[Any] = [ask.body.get(name) for name in _PROMPT]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            said += len(value.encode(errors="surrogatepass"))
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            if isinstance(kind := value.get("type"), str) and kind in _ATTACHED:
                continue
            waiting += value
            waiting += value.values()
    return said


def _usage(ask: Ask, route: Route, progress: Progress, hold: Hold) -> Usage:
    """The provider's count, and ours of what it left open: an input, or what was said after it counted.

    Input that it counted before it called tools is without what they found.
    """
    said = progress.usage or Usage()
    is_open = progress.usage is None or progress.uncounted_bytes
    is_open = is_open or (progress.output_bytes and not said.output_tokens)
    if said.input_tokens and not is_open:
        return said._replace(images=ask.images) if ask.images else said
    ours = estimated(ask, route, progress, hold)
    output = max(said.output_tokens, ours.output_tokens) if is_open else said.output_tokens
    found = TOKENS_PER_CALL * sum(progress.called.values()) if said.input_tokens and is_open else 0
    counted = said._replace(input_tokens=said.input_tokens + found) if said.input_tokens else ours
    return counted._replace(
        output_tokens=output,
        reasoning_tokens=said.reasoning_tokens,
        images=ask.images,
        estimated=not said.input_tokens or output > said.output_tokens or found > 0,
    )


def _tools(ask: Ask, route: Route, progress: Progress) -> tuple[tuple[str, int], ...]:
    """The calls of hosted tools that are charged, by their names in the price."""
    if ask.hosted is None or not progress.called:
        return ()
    from aggregator.proxy.dialects.hosted import charged  # noqa: PLC0415 (only hosted tools pay for it)

    return charged(ask, route, progress.called)


def _service_tier(ask: Ask, route: Route, progress: Progress) -> str:
    """The tier whose rates are charged: the one that the provider says, of those that have rates of their own.

    Who says nothing, or that it chose by itself, is taken to have served what was asked for.
    """
    if not ask.service_tier:
        return ""
    said = tier_named(progress.service_tier)
    if said in ("", "auto"):
        said = ask.service_tier
    return said if any(name == said for name, _ in route.price.service_tiers) else ""


def _tokens(text_bytes: int) -> int:
    return -(-text_bytes // BYTES_PER_TOKEN)


def _image_tokens(route: Route) -> int:
    return min(TOKENS_PER_IMAGE, route.via.max_image_tokens)
