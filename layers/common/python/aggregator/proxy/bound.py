"""Bound: the most a request can cost, from its bytes and its limits. A true upper bound, never an estimate."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aggregator.billing.cost import Dearest, dearest_of
from aggregator.billing.money import NanoUsd
from aggregator.billing.price import Price
from aggregator.proxy.model import Ask, Bound, Route, Way

if TYPE_CHECKING:
    from aggregator.proxy.attachments import File

# Tokens that providers add around what was sent. A message costs 3 or 4, a reply 3 more; each message's JSON is
# longer than that, so this covers short bodies. Tools bring a hidden system prompt, at most 530 tokens known
# (Anthropic's documentation, "Tool use system prompt"), and so may a form that is asked of the answer.
_TOKENS_AROUND_A_REQUEST = 64
_TOKENS_AROUND_TOOLS = 1024

OUTPUT_TOKENS_BESIDE_TOOLS = 4096
"""What a search is worth having with: where money is short, an answer of this length comes before more searches."""

LEAST_USEFUL_OUTPUT_TOKENS = 16
"""Where the client set no limit, the answer may be capped, but never to fewer tokens than this (for each choice)."""


def bound_of(ask: Ask, routes: Sequence[Route]) -> Bound:
    """Bound a request over every route it may take; the dearest counts.

    Without a limit from the client, output is capped by the model or, if that is less, by what the balance can pay.
    So are the calls of hosted tools; the least is none, or one where such a tool is demanded.
    """
    at_most = at_least = longest = 0
    for_an_hour = _keeps_an_hour(ask, routes)
    for route in routes:
        (fewest, most), output = calls_on_route(ask, route), most_output(ask, route)
        dearest = _dearest(ask, route, most, for_an_hour)
        at_most = max(at_most, _cost(dearest, output * ask.choices))
        if fewest != most:
            dearest = _dearest(ask, route, fewest, for_an_hour)
        at_least = max(at_least, _cost(dearest, _least_output(ask, route) * ask.choices))
        longest = max(longest, output)
    return Bound(at_most, at_least, longest)


def ways_within(
    ask: Ask, routes: Sequence[Route], held_nano_usd: NanoUsd, reply_tokens: int | None = None
) -> list[Way]:
    """Each route with the output tokens (for each choice) that the held amount covers on it.

    `reply_tokens` is how many all choices together may have, where a limit of the key says.
    """
    most = None if reply_tokens is None else max(1, reply_tokens // ask.choices)
    ways: list[Way] = []
    for_an_hour = _keeps_an_hour(ask, routes)
    for route in routes:
        calls = _covered_calls(ask, route, held_nano_usd)
        dearest = _dearest(ask, route, calls, for_an_hour)
        tokens = _covered_output(ask, route, held_nano_usd, dearest)
        ways.append(Way(route, tokens if most is None else min(tokens, most), calls))
    return ways


def ways_of_all(ask: Ask, routes: Sequence[Route], reply_tokens: int | None = None) -> list[Way]:
    """The same where the held amount is the bound of `bound_of`: it covers the longest answer on each of the routes."""
    most = None if reply_tokens is None else max(1, reply_tokens // ask.choices)
    ways: list[Way] = []
    for route in routes:
        longest = most_output(ask, route)
        tokens = longest if most is None else min(longest, most)
        ways.append(Way(route, tokens, calls_on_route(ask, route)[1]))
    return ways


def input_bound(ask: Ask, route: Route) -> int:
    """Most input tokens: a byte makes at most one token, and no model reads more than it takes.

    What hosted tools find can be all that it reads.
    """
    if ask.hosted is not None and calls_on_route(ask, route)[1]:
        return _most_input(ask, route)
    return _own_input(ask, route)


def _most_input(ask: Ask, route: Route) -> int:
    """All that the model reads; what one for embeddings takes, it takes of each input."""
    most = route.via.max_input_tokens
    return most if ask.has_output else most * ask.messages


def _own_input(ask: Ask, route: Route) -> int:
    """The same of what the client sent alone, and of the files that it named and that were fetched for the route."""
    ask = ask.known_on(route)
    instructed = ask.body.get("tools") or ask.body.get("response_format")
    around = _TOKENS_AROUND_A_REQUEST + (_TOKENS_AROUND_TOOLS if instructed else 0)
    attached = ask.images * route.via.max_image_tokens
    if ask.files:
        attached += sum(file_tokens(file, route) for file in ask.files)
    bound = min(ask.text_bytes + ask.tokens + around + attached, _most_input(ask, route))
    return bound if route.counted_input_tokens is None else min(bound, route.counted_input_tokens)


def file_tokens(file: "File", route: Route) -> int:
    """Most tokens that the provider of a route can make of a file: the dearest of the ways in which it may read it.

    As text, a byte makes at most one. Of a PDF each page is a picture, and its text comes on top, where the provider
    does not state one count for both. What the request only points at can be all that the model reads. What is called
    an image counts as one already.
    """
    most = route.via.max_input_tokens
    if file.size_bytes is None:
        return most
    from aggregator.proxy.stated_pages import pages_of  # noqa: PLC0415 (only files pay for it)

    stated = pages_of(route.via)
    as_words = most if file.text_bytes is None else file.text_bytes
    readings = [0 if file.pages_alone else as_words, route.via.max_image_tokens]
    if not file.words_alone:
        pages = min(each for each in (file.pages, stated.most, most) if each is not None)
        as_pictures = pages * max(stated.tokens, route.via.max_image_tokens)
        readings.append(as_pictures + (0 if stated.text_counts_as_picture else as_words))
    counted = route.via.max_image_tokens if file.called_image else 0
    return max(min(max(readings), most) - counted, 0)


def most_output(ask: Ask, route: Route) -> int:
    """How long an answer may be on a route, for each choice."""
    most = route.via.max_output_tokens
    return min(ask.max_output_tokens or most, most)


def _least_output(ask: Ask, route: Route) -> int:
    most = most_output(ask, route)
    return most if ask.max_output_tokens else min(LEAST_USEFUL_OUTPUT_TOKENS, most)


def calls_on_route(ask: Ask, route: Route) -> tuple[int, int]:
    """The fewest calls of hosted tools that serve the request on a route, and the most."""
    if ask.hosted is None:
        return 0, 0
    from aggregator.proxy.dialects.hosted import calls_on  # noqa: PLC0415 (only hosted tools pay for it)

    return calls_on(ask, route)


def _covered_calls(ask: Ask, route: Route, held_nano_usd: NanoUsd) -> int:
    """How many calls the held amount covers beside an answer of some length, never fewer than it was held for."""
    least, most = calls_on_route(ask, route)
    if not most:
        return 0
    output = min(most_output(ask, route), max(_least_output(ask, route), OUTPUT_TOKENS_BESIDE_TOOLS))
    covered = (
        calls for calls in range(most, least, -1) if cost_on(ask, route, output, calls) <= held_nano_usd
    )
    return next(covered, least)


def covered_output(ask: Ask, route: Route, held_nano_usd: NanoUsd, calls: int) -> int:
    """Output tokens, for each choice, that an amount covers on a route; less than 0 if not even the input."""
    dearest = _dearest(ask, route, calls, _keeps_an_hour(ask, [route]))
    return _covered_output(ask, route, held_nano_usd, dearest)


def _covered_output(ask: Ask, route: Route, held_nano_usd: NanoUsd, dearest: list[Dearest]) -> int:
    fits = min([each.fits(held_nano_usd) for each in dearest])
    return min(most_output(ask, route), fits // ask.choices)


def cost_on(ask: Ask, route: Route, output_tokens: int, calls: int) -> NanoUsd:
    """The most that a request can cost on a route, with so much output for each choice, and so many calls of tools."""
    return _cost(_dearest(ask, route, calls, _keeps_an_hour(ask, [route])), output_tokens * ask.choices)


def _cost(dearest: list[Dearest], output_tokens: int) -> NanoUsd:
    return max([each.cost(output_tokens) for each in dearest])


def _dearest(ask: Ask, route: Route, calls: int, for_an_hour: bool) -> list[Dearest]:
    """What the request can cost at each price that it may be charged at."""
    load = _load(ask, route, calls)
    prices = _prices(ask, route)
    return [dearest_of(images=ask.images, price=price, for_an_hour=for_an_hour, **load) for price in prices]


def _load(ask: Ask, route: Route, calls: int) -> dict[str, int]:
    """What is to be paid beside output: the input, and of hosted tools their fees and what is read again.

    After each call the provider's model goes on with what was found, and its provider counts anew what it had read by
    then, which comes from the cache.
    """
    if not calls:
        return {"input_tokens": _own_input(ask, route)}
    from aggregator.proxy.dialects.hosted import calls_in_all, most_fees  # noqa: PLC0415 (as above)

    window = route.via.max_input_tokens
    return {
        "input_tokens": window,
        "read_again_tokens": window * calls_in_all(ask, route, calls),
        "fees_nano_usd": most_fees(ask, route, calls),
    }


def _prices(ask: Ask, route: Route) -> list[Price]:
    """The prices that the request may be charged at: a provider may serve it in another tier than it asks for."""
    if not ask.service_tier:
        return [route.price]
    return [route.price, route.price.in_service_tier(ask.service_tier)]


def _keeps_an_hour(ask: Ask, routes: Sequence[Route]) -> bool:
    """Whether it may be charged what a cache takes to keep something for an hour: who has a price for it was asked."""
    for route in routes:
        for price in _prices(ask, route):
            if price.has_an_hour:
                return _asks_for_an_hour(ask.asked or ask.body)
    return False


def _asks_for_an_hour(body: Any) -> bool:
    waiting = [body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += [each for each in value if isinstance(each, list | dict)]
        elif isinstance(value, dict):
            control = value.get("cache_control")
            if isinstance(control, dict) and control.get("ttl") not in (None, "5m"):
                return True
            waiting += [each for each in value.values() if isinstance(each, list | dict)]
    return False
