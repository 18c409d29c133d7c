"""Prices: what usage costs, and that the bound is a bound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.billing.cost import cost_of, fees_of, most_it_can_cost, output_tokens_that_fit
from aggregator.billing.price import Price, Tier, Usage

GPT_4O_MINI = Price(version="1", input=150_000_000, output=600_000_000, cached_input=75_000_000)
TIERED = Price(
    version="1",
    input=1_250_000_000,
    output=10_000_000_000,
    cached_input=125_000_000,
    reasoning=12_000_000_000,
    image=3_000_000,
    request=5_000_000,
    tiers=(Tier(above_input_tokens=200_000, input=2_500_000_000, output=15_000_000_000),),
)

WITHOUT_FEES = TIERED._replace(image=0, request=0)
PAID_APART = Price(
    version="7",
    input=3_000_000,
    output=15_000_000,
    image=5,
    request=11,
    tools=(("code_interpreter", 30_000_000), ("web_fetch", 0), ("web_search", 10_000_000)),
    service_tiers=(
        (
            "flex",
            Price(
                version="7",
                input=1_500_000,
                output=7_500_000,
                tiers=(Tier(above_input_tokens=1_000, input=2_000_000, output=8_000_000),),
            ),
        ),
        ("priority", Price(version="7", input=6_000_000, output=30_000_000, cached_input=600_000)),
    ),
)

counts = st.integers(min_value=0, max_value=400_000)
rates = st.integers(min_value=0, max_value=100_000_000_000)


tool_calls = st.sampled_from([(), (("web_fetch", 3),), (("code_interpreter", 1), ("web_search", 2))])


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    input_tokens, output_tokens = draw(counts), draw(counts)
    cached = draw(st.integers(0, input_tokens))
    return Usage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cached_input_tokens=cached,
        cache_write_tokens=draw(st.integers(0, input_tokens - cached)),
        reasoning_tokens=draw(st.integers(0, output_tokens)),
        images=draw(st.integers(0, 10)),
        tools=draw(tool_calls),
        service_tier=draw(st.sampled_from(["", "flex", "priority"])),
    )


prices = st.builds(
    Price,
    version=st.just("1"),
    input=rates,
    output=rates,
    cached_input=st.none() | rates,
    cache_write=st.none() | rates,
    reasoning=st.none() | rates,
    image=st.integers(0, 10_000_000),
    request=st.integers(0, 10_000_000),
    tiers=st.lists(
        st.builds(
            Tier,
            above_input_tokens=counts,
            input=rates,
            output=rates,
            cached_input=st.none(),
            cache_write=st.none(),
            reasoning=st.none(),
            cache_write_hour=st.none(),
        ),
        max_size=2,
    ).map(tuple),
    tools=st.sampled_from([(), (("web_fetch", 0), ("web_search", 10_000_000)), (("code_interpreter", 7),)]),
    service_tiers=st.sampled_from(
        [
            (),
            (("flex", GPT_4O_MINI),),
            (("flex", TIERED._replace(image=0, request=0)), ("priority", GPT_4O_MINI)),
        ]
    ),
)


def test_plain_usage_costs_its_tokens() -> None:
    usage = Usage(input_tokens=1_000, output_tokens=500)

    assert cost_of(usage, GPT_4O_MINI) == 150_000 + 300_000


def test_cached_input_costs_its_own_price() -> None:
    usage = Usage(input_tokens=1_000, output_tokens=0, cached_input_tokens=400)

    assert cost_of(usage, GPT_4O_MINI) == 90_000 + 30_000


@pytest.mark.promise("exact")
def test_a_fraction_is_rounded_up_once() -> None:
    price = Price(version="1", input=37_500_000, output=0)

    assert cost_of(Usage(input_tokens=1), price) == 38
    assert cost_of(Usage(input_tokens=2), price) == 75


def test_long_input_is_charged_at_its_tier_as_a_whole() -> None:
    usage = Usage(input_tokens=200_001, output_tokens=10)

    assert cost_of(usage, TIERED) == 200_001 * 2_500 + 10 * 15_000 + 5_000_000


def test_fees_for_images_and_requests_come_on_top() -> None:
    usage = Usage(input_tokens=100, output_tokens=0, images=2)

    assert cost_of(usage, TIERED) == 125_000 + 6_000_000 + 5_000_000


@pytest.mark.promise("exact")
def test_no_usage_costs_nothing_not_even_the_fee() -> None:
    assert cost_of(Usage(), TIERED) == 0


def test_counts_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="add up"):
        cost_of(Usage(input_tokens=5, cached_input_tokens=6), GPT_4O_MINI)


EVERY_RATE = Price(
    version="7",
    input=3_000_000_000,
    output=15_000_000_000,
    cached_input=300_000_000,
    cache_write=3_750_000_000,
    reasoning=18_000_000_000,
    image=1_001,
    request=333,
    tiers=(
        Tier(
            above_input_tokens=200_000,
            input=6_000_000_000,
            output=22_500_000_000,
            cached_input=600_000_000,
            cache_write=7_500_000_000,
            reasoning=27_000_000_001,
        ),
    ),
)
"""Every rate is another, so that one taken for another shows."""


@pytest.mark.parametrize(
    ("usage", "nano_usd"),
    [
        (Usage(input_tokens=1_000), 3_000_333),
        (Usage(output_tokens=1_000), 15_000_333),
        (Usage(input_tokens=1_000, cached_input_tokens=1_000), 300_333),
        (Usage(input_tokens=1_000, cache_write_tokens=1_000), 3_750_333),
        (Usage(output_tokens=1_000, reasoning_tokens=1_000), 18_000_333),
        (Usage(images=2), 2_335),
        (Usage(input_tokens=1_000, cached_input_tokens=200, cache_write_tokens=300), 2_685_333),
        (Usage(input_tokens=200_001, cached_input_tokens=200_001), 120_000_933),
        (Usage(input_tokens=200_001, cache_write_tokens=200_001), 1_500_007_833),
        (Usage(input_tokens=200_001, output_tokens=10, reasoning_tokens=10), 1_200_276_334),
    ],
)
def test_each_kind_of_token_costs_its_own_rate(usage: Usage, nano_usd: int) -> None:
    assert cost_of(usage, EVERY_RATE) == nano_usd


def test_what_is_written_to_a_cache_costs_as_input_where_it_has_no_price_of_its_own() -> None:
    usage = Usage(input_tokens=1_000, cache_write_tokens=1_000)

    assert cost_of(usage, GPT_4O_MINI) == 150_000


@pytest.mark.parametrize(
    ("input_tokens", "nano_usd"),
    [(199_999, 599_997_333), (200_000, 600_000_333), (200_001, 1_200_006_333)],
)
def test_a_tier_begins_with_the_first_token_above_its_edge(input_tokens: int, nano_usd: int) -> None:
    assert cost_of(Usage(input_tokens=input_tokens), EVERY_RATE) == nano_usd
    assert most_it_can_cost(input_tokens=200_000, output_tokens=0, images=0, price=EVERY_RATE) == 750_000_333
    assert (
        most_it_can_cost(input_tokens=200_001, output_tokens=0, images=0, price=EVERY_RATE) == 1_500_007_833
    )


def test_the_highest_tier_that_is_reached_counts() -> None:
    price = Price(
        version="1",
        input=1_000_000,
        output=0,
        tiers=(
            Tier(above_input_tokens=300, input=5_000_000, output=0),
            Tier(above_input_tokens=100, input=2_000_000, output=0),
        ),
    )

    costs = [cost_of(Usage(input_tokens=count), price) for count in (100, 101, 300, 301)]

    assert costs == [100, 202, 600, 1_505]


def test_a_markup_scales_every_rate_the_fees_and_the_tiers_each_rounded_up() -> None:
    assert EVERY_RATE.scaled(133) == Price(
        version="7@133%",
        input=3_990_000_000,
        output=19_950_000_000,
        cached_input=399_000_000,
        cache_write=4_987_500_000,
        reasoning=23_940_000_000,
        image=1_332,
        request=443,
        tiers=(
            Tier(
                above_input_tokens=200_000,
                input=7_980_000_000,
                output=29_925_000_000,
                cached_input=798_000_000,
                cache_write=9_975_000_000,
                reasoning=35_910_000_002,
            ),
        ),
    )


def test_a_markup_of_nothing_is_the_price_itself() -> None:
    assert EVERY_RATE.scaled(100) is EVERY_RATE


def test_a_markup_leaves_out_what_has_no_price_of_its_own() -> None:
    assert GPT_4O_MINI.scaled(110) == Price(
        version="1@110%", input=165_000_000, output=660_000_000, cached_input=82_500_000
    )


@pytest.mark.promise("bound")
@given(usages(), prices, st.integers(0, 1000), st.integers(0, 1000))
def test_no_usage_within_the_bounds_costs_more_than_the_bound(
    usage: Usage, price: Price, more_input: int, more_output: int
) -> None:
    bound = most_it_can_cost(
        input_tokens=usage.input_tokens + more_input,
        output_tokens=usage.output_tokens + more_output,
        images=usage.images,
        price=price.in_service_tier(usage.service_tier),
        fees_nano_usd=fees_of(usage.tools, price),
    )

    assert cost_of(usage, price) <= bound


@pytest.mark.promise("bound")
@given(st.integers(0, 10**12), counts, prices)
def test_the_output_that_fits_an_amount_costs_no_more_than_it(
    amount: int, input_tokens: int, price: Price
) -> None:
    fits = output_tokens_that_fit(amount, input_tokens=input_tokens, images=0, price=price)

    if fits >= 0:
        most = most_it_can_cost(input_tokens=input_tokens, output_tokens=fits, images=0, price=price)
        assert most <= amount


@given(prices)
def test_a_price_survives_its_json(price: Price) -> None:
    assert Price.from_json(price.to_json()) == price


@given(usages(), prices, st.integers(100, 300))
def test_a_markup_never_makes_a_request_cheaper(usage: Usage, price: Price, percent: int) -> None:
    assert cost_of(usage, price.scaled(percent)) >= cost_of(usage, price)


CLAUDE = Price(
    version="1",
    input=5_000_000_000,
    output=25_000_000_000,
    cached_input=500_000_000,
    cache_write=6_250_000_000,
    cache_write_hour=10_000_000_000,
)


def test_what_a_cache_keeps_for_an_hour_has_its_own_rate() -> None:
    usage = Usage(
        input_tokens=1_000,
        output_tokens=10,
        cached_input_tokens=100,
        cache_write_tokens=600,
        cache_write_hour_tokens=400,
    )

    # 300 x 5,000 + 100 x 500 + 200 x 6,250 + 400 x 10,000 + 10 x 25,000
    assert cost_of(usage, CLAUDE) == 7_050_000


def test_without_a_rate_for_an_hour_what_is_written_costs_what_all_writes_do() -> None:
    usage = Usage(input_tokens=400, output_tokens=0, cache_write_tokens=400, cache_write_hour_tokens=400)

    assert cost_of(usage, CLAUDE._replace(cache_write_hour=None)) == 2_500_000


def test_more_written_for_an_hour_than_was_written_is_refused() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        cost_of(Usage(input_tokens=10, cache_write_tokens=1, cache_write_hour_tokens=2), CLAUDE)


def test_a_markup_raises_the_rate_of_an_hour_too() -> None:
    assert CLAUDE.scaled(110).cache_write_hour == 11_000_000_000


def test_the_hour_survives_its_way_through_events_and_entries() -> None:
    usage = Usage(input_tokens=9, output_tokens=1, cache_write_tokens=5, cache_write_hour_tokens=4)

    assert Usage.from_json(usage.to_json()) == usage
    assert usage.to_json()["cacheWriteHourTokens"] == 4
    assert "cacheWriteHourTokens" not in Usage(1, 1, cache_write_tokens=1).to_json()
    assert Price.from_json(CLAUDE.to_json()) == CLAUDE
    assert CLAUDE.to_json()["cacheWriteHour"] == 10_000_000_000


@pytest.mark.parametrize(
    ("usage", "nano_usd"),
    [
        (Usage(input_tokens=1_000, output_tokens=10), 3_161),
        (Usage(input_tokens=1_000, output_tokens=10, tools=(("web_search", 3),)), 30_003_161),
        (Usage(input_tokens=1_000, tools=(("code_interpreter", 1), ("web_fetch", 4))), 30_003_011),
        (Usage(input_tokens=1_000, tools=(("file_search", 2),)), 3_011),
        (Usage(tools=(("web_search", 1),)), 10_000_011),
        (Usage(input_tokens=1_000, output_tokens=10, service_tier="flex"), 1_586),
        (Usage(input_tokens=1_001, output_tokens=10, service_tier="flex"), 2_093),
        (Usage(input_tokens=1_000, output_tokens=10, service_tier="priority"), 6_311),
        (Usage(input_tokens=1_000, cached_input_tokens=1_000, service_tier="priority"), 611),
        (Usage(input_tokens=1_000, output_tokens=10, images=1, service_tier="batch"), 3_166),
        (Usage(input_tokens=1_000, tools=(("web_search", 1),), images=1, service_tier="flex"), 10_001_516),
    ],
)
def test_calls_of_tools_are_fees_and_a_service_tier_has_rates_of_its_own(usage: Usage, nano_usd: int) -> None:
    assert cost_of(usage, PAID_APART) == nano_usd


def test_fewer_than_no_calls_are_a_broken_count() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        cost_of(Usage(input_tokens=1, tools=(("web_search", -1),)), PAID_APART)


def test_input_that_is_read_again_is_bounded_at_the_dearest_rate_of_the_cache_that_it_can_reach() -> None:
    most = {"input_tokens": 1_000, "output_tokens": 10, "images": 0, "fees_nano_usd": 7}

    assert most_it_can_cost(price=EVERY_RATE, **most) == 3_930_340
    assert most_it_can_cost(price=EVERY_RATE, read_again_tokens=2_000, **most) == 4_530_340
    # 199,001 more make it more than 200,000 in all: then every rate is that of the tier
    assert most_it_can_cost(price=EVERY_RATE, read_again_tokens=199_001, **most) == 127_170_941


def test_what_is_read_again_has_the_rate_of_input_where_a_cache_has_none() -> None:
    price = Price(version="1", input=2_000_000, output=0)

    assert (
        most_it_can_cost(input_tokens=10, output_tokens=0, images=0, price=price, read_again_tokens=30) == 80
    )


def test_a_markup_scales_what_tools_cost_and_the_rates_of_service_tiers() -> None:
    scaled = PAID_APART.scaled(150)

    assert scaled.tools == (("code_interpreter", 45_000_000), ("web_fetch", 0), ("web_search", 15_000_000))
    assert scaled.in_service_tier("priority") == Price(
        version="7@150%",
        input=9_000_000,
        output=45_000_000,
        cached_input=900_000,
        image=8,
        request=17,
        tools=scaled.tools,
    )


def test_what_is_free_has_a_price_and_what_is_not_offered_has_none() -> None:
    assert (PAID_APART.of_tool("web_fetch"), PAID_APART.of_tool("file_search")) == (0, None)


def test_an_event_carries_only_the_rates_that_its_request_has_a_use_for() -> None:
    searched = Usage(input_tokens=1, tools=(("web_search", 1),))
    in_flex = Usage(input_tokens=1, service_tier="flex")

    assert PAID_APART.to_json(Usage(input_tokens=1)) == {
        "version": "7",
        "input": 3_000_000,
        "output": 15_000_000,
        "image": 5,
        "request": 11,
    }
    assert PAID_APART.to_json(searched)["tools"] == {"web_search": 10_000_000}
    assert PAID_APART.to_json(in_flex)["serviceTiers"] == {
        "flex": {
            "input": 1_500_000,
            "output": 7_500_000,
            "tiers": [{"aboveInputTokens": 1_000, "input": 2_000_000, "output": 8_000_000}],
        }
    }
    assert EVERY_RATE.to_json(searched) == EVERY_RATE.to_json()


@given(usages(), prices)
def test_the_price_that_an_event_carries_charges_what_the_whole_one_does(usage: Usage, price: Price) -> None:
    assert cost_of(usage, Price.from_json(price.to_json(usage))) == cost_of(usage, price)


@given(usages())
def test_a_usage_survives_its_json(usage: Usage) -> None:
    assert Usage.from_json(usage.to_json()) == usage
