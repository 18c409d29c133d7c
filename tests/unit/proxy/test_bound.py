"""The hold is a true upper bound: no usage that a provider can report within its caps costs more."""

from hypothesis import given
from hypothesis import strategies as st

from aggregator.billing.cost import cost_of
from aggregator.billing.price import Price, Tier, Usage
from aggregator.proxy.bound import bound_of, input_bound, ways_of_all, ways_within
from aggregator.proxy.model import Ask, Route
from tests.fakes.chat_world import ask, route

rates = st.integers(0, 20_000_000_000)
prices = st.builds(
    Price,
    version=st.just("1"),
    input=rates,
    output=rates,
    cached_input=st.none() | rates,
    cache_write=st.none() | rates,
    reasoning=st.none() | rates,
    image=st.integers(0, 5_000_000),
    request=st.integers(0, 5_000_000),
    tiers=st.lists(
        st.builds(
            Tier,
            above_input_tokens=st.integers(0, 3_000),
            input=rates,
            output=rates,
            cached_input=st.none(),
            cache_write=st.none(),
            reasoning=st.none(),
            cache_write_hour=st.none(),
        ),
        max_size=2,
    ).map(tuple),
    cache_write_hour=st.none(),
    tools=st.just(()),
    service_tiers=st.just(()),
)
routes = st.builds(
    route,
    price=prices,
    max_input_tokens=st.integers(1, 5_000),
    max_output_tokens=st.integers(1, 4_000),
    max_image_tokens=st.integers(1, 2_000),
)
several = st.lists(routes, min_size=1, max_size=3)


def an_ask(
    text: str, images: int, limit: int | None, choices: int, *, tools: bool = False, file: bool = False
) -> Ask:
    content: list[object] = [{"type": "text", "text": text}]
    content += [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}] * images
    content += [{"type": "file", "file": {"file_id": "f"}}] * file
    fields: dict[str, object] = {"n": choices, "messages": [{"role": "user", "content": content}]}
    if limit is not None:
        fields["max_tokens"] = limit
    if tools:
        fields["tools"] = [{"type": "function", "function": {"name": "f"}}]
    return ask(**fields)


asks = st.builds(
    an_ask,
    st.text(max_size=300),
    st.integers(0, 3),
    st.none() | st.integers(1, 5_000),
    st.integers(1, 4),
    tools=st.booleans(),
    file=st.booleans(),
)


def a_usage(draw: st.DrawFn, wanted: Ask, on: Route, output_tokens: int) -> Usage:
    """Anything a provider may report: as many tokens as the bytes allow, split in any way."""
    input_tokens = draw(st.integers(0, input_bound(wanted, on)))
    output = draw(st.integers(0, output_tokens * wanted.choices))
    cached = draw(st.integers(0, input_tokens))
    return Usage(
        input_tokens=input_tokens,
        output_tokens=output,
        cached_input_tokens=cached,
        cache_write_tokens=draw(st.integers(0, input_tokens - cached)),
        reasoning_tokens=draw(st.integers(0, output)),
        images=wanted.images,
    )


@given(st.data(), asks, several)
def test_no_usage_within_the_caps_costs_more_than_the_hold(
    data: st.DataObject, wanted: Ask, over: list[Route]
) -> None:
    hold = bound_of(wanted, over).at_most_nano_usd

    for way in ways_within(wanted, over, hold):
        usage = data.draw(st.composite(a_usage)(wanted, way.route, way.output_tokens))
        assert cost_of(usage, way.route.price) <= hold


@given(st.data(), asks, several, st.integers(0, 100))
def test_a_hold_that_the_balance_caps_covers_every_route_still(
    data: st.DataObject, wanted: Ask, over: list[Route], percent: int
) -> None:
    bound = bound_of(wanted, over)
    hold = bound.at_least_nano_usd + (bound.at_most_nano_usd - bound.at_least_nano_usd) * percent // 100

    for way in ways_within(wanted, over, hold):
        usage = data.draw(st.composite(a_usage)(wanted, way.route, way.output_tokens))
        assert way.output_tokens >= 1
        assert cost_of(usage, way.route.price) <= hold


@given(asks, several)
def test_who_can_pay_for_it_all_is_not_cut_short(wanted: Ask, over: list[Route]) -> None:
    hold = bound_of(wanted, over).at_most_nano_usd

    for way in ways_within(wanted, over, hold):
        most = way.route.via.max_output_tokens
        assert way.output_tokens == min(wanted.max_output_tokens or most, most)


def test_half_a_nano_dollar_a_token_does_not_cut_the_last_token() -> None:
    odd = route(price=Price(version="1", input=500_000, output=500_000), max_input_tokens=1)

    (way,) = ways_within(an_ask("hi", 0, 1, 1), [odd], 1)

    assert way.output_tokens == 1


def test_the_dearest_route_counts() -> None:
    cheap = route("cheap", Price(version="1", input=1_000_000, output=1_000_000))
    dear = route("dear", Price(version="1", input=9_000_000, output=9_000_000))

    wanted = an_ask("hi", 0, 10, 1)

    assert bound_of(wanted, [cheap, dear]) == bound_of(wanted, [dear])


def test_output_counts_for_each_choice_and_input_once() -> None:
    one = bound_of(an_ask("hi", 0, 10, 1), [route()]).at_most_nano_usd
    four = bound_of(an_ask("hi", 0, 10, 4), [route()]).at_most_nano_usd

    assert four - one == 3 * 10 * 2


def test_choices_share_what_the_hold_covers() -> None:
    wanted, over = an_ask("hello", 0, None, 4), route(max_output_tokens=100)
    held = input_bound(wanted, over) + 2 * 103  # at two nano-dollars a token

    (way,) = ways_within(wanted, [over], held)

    assert way.output_tokens == 25


def test_a_limit_above_the_models_own_is_lowered_to_it() -> None:
    wanted = an_ask("hi", 0, 1_000_000, 1)

    (way,) = ways_within(wanted, [route()], bound_of(wanted, [route()]).at_most_nano_usd)

    assert way.output_tokens == 100


def test_without_a_limit_the_least_is_an_answer_worth_having() -> None:
    bound = bound_of(an_ask("hi", 0, None, 2), [route()])

    assert bound.at_most_nano_usd - bound.at_least_nano_usd == 2 * 2 * (100 - 16)


def test_a_limit_of_the_clients_is_held_in_full() -> None:
    bound = bound_of(an_ask("hi", 0, 50, 1), [route()])

    assert bound.at_least_nano_usd == bound.at_most_nano_usd


def test_images_count_at_the_most_the_model_makes_of_one() -> None:
    none = input_bound(an_ask("hi", 0, None, 1), route(max_input_tokens=10_000))
    three = input_bound(an_ask("hi", 3, None, 1), route(max_input_tokens=10_000))

    assert three - none >= 3 * 50


def test_tools_bring_a_hidden_prompt() -> None:
    without = input_bound(an_ask("hi", 0, None, 1), route(max_input_tokens=10_000))
    with_tools = input_bound(an_ask("hi", 0, None, 1, tools=True), route(max_input_tokens=10_000))

    assert with_tools - without >= 530


def test_a_form_that_is_asked_of_the_answer_may_bring_one_too() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "f", "schema": {}}}
    bounds = [
        input_bound(ask(messages=[{"role": "user", "content": "hi"}], **more), route(max_input_tokens=10_000))
        for more in ({}, {"response_format": form})
    ]

    assert bounds[1] - bounds[0] >= 1_024


def test_what_the_body_only_points_at_counts_as_all_the_model_reads() -> None:
    assert input_bound(an_ask("hi", 0, None, 1, file=True), route(max_input_tokens=200_000)) == 200_000


def test_no_model_reads_more_than_it_takes() -> None:
    assert input_bound(an_ask("x" * 5_000, 0, None, 1), route(max_input_tokens=1_000)) == 1_000


def test_what_a_cache_keeps_for_an_hour_is_bounded_where_it_is_asked_for() -> None:
    price = Price(
        version="1", input=1_000_000, output=1_000_000, cache_write=1_250_000, cache_write_hour=2_000_000
    )
    claude = route(price=price)

    def held(control: dict[str, str]) -> int:
        said = {"type": "text", "text": "hi", "cache_control": control}
        wanted = ask(messages=[{"role": "user", "content": [said]}], max_tokens=1)
        bound = bound_of(wanted, [claude]).at_most_nano_usd
        return round((bound - 1) / input_bound(wanted, claude) * 100)

    assert held({"type": "ephemeral"}) == 125
    assert held({"type": "ephemeral", "ttl": "5m"}) == 125
    assert held({"type": "ephemeral", "ttl": "1h"}) == 200


@given(asks, several, st.none() | st.integers(1, 20_000))
def test_a_hold_of_the_whole_bound_covers_the_longest_answer_on_each_route(
    ask: Ask, routes: list[Route], reply_tokens: int | None
) -> None:
    held = bound_of(ask, routes).at_most_nano_usd

    assert ways_of_all(ask, routes, reply_tokens) == ways_within(ask, routes, held, reply_tokens)
