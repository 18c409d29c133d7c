"""A charge is recomputed at the price version that its entry names, markup and all."""

import pytest

from aggregator.billing.entry import UsageEnd, usage_entry
from aggregator.billing.examination import is_priced_right
from aggregator.billing.price import Price, Tier, Usage
from aggregator.billing.repricing import Prices

LISTED = Price(
    version="7",
    input=1_000_001,
    output=3_000_000,
    request=9,
    tiers=(Tier(above_input_tokens=200_000, input=2_000_001, output=6_000_000),),
)
KNOWN = Prices([("mini", "openai", LISTED)])
MARKED_UP = Price(
    version="7@110%",
    input=1_100_002,
    output=3_300_000,
    request=10,
    tiers=(Tier(above_input_tokens=200_000, input=2_200_002, output=6_600_000),),
)


def test_a_marked_up_version_is_made_from_the_one_it_marks_up() -> None:
    assert KNOWN.of("mini", "openai", "7@110%") == MARKED_UP
    assert KNOWN.of("mini", "openai", "7") == LISTED


UNSCALED_TIER = MARKED_UP._replace(tiers=LISTED.tiers)
UNSCALED_FEE = MARKED_UP._replace(request=9)


@pytest.mark.parametrize(
    ("usage", "at", "charged", "fits"),
    [
        (Usage(input_tokens=200_000), MARKED_UP, 220_011, True),
        (Usage(input_tokens=200_001, output_tokens=5), MARKED_UP, 440_046, True),
        (Usage(input_tokens=200_001), UNSCALED_TIER, 400_013, False),
        (Usage(input_tokens=200_000), UNSCALED_FEE, 220_010, False),
        (Usage(input_tokens=200_000), LISTED, 200_010, False),
    ],
)
def test_an_entry_at_a_markup_fits_when_it_was_charged_at_it(
    usage: Usage, at: Price, charged: int, *, fits: bool
) -> None:
    end = UsageEnd(
        request_id="r1",
        user_id="ann",
        occurred_at="2026-11-23T12:00:01.000Z",
        held_nano_usd=1_000_000_000,
        bucket="1764003600",
        usage=usage,
        price=at._replace(version="7@110%"),
        details={"model": "mini", "provider": "openai", **usage.to_json()},
    )

    assert end.cost_nano_usd == charged
    assert is_priced_right(usage_entry(end, {"": charged}), KNOWN) is fits
