"""What one request owes: the provider's count, or ours, flagged and never over the hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.billing.cost import cost_of
from aggregator.billing.model import Hold
from aggregator.billing.price import Usage
from aggregator.proxy.bound import bound_of
from aggregator.proxy.exchange import Progress
from aggregator.proxy.model import Ask, Receipt
from aggregator.proxy.tab import Tab, estimated
from tests.fakes.chat_world import CALLER, NOW, REQUEST_ID, Clock, ask, route

BUCKET = "1764000000"


def closed(
    progress: Progress, wanted: Ask | None = None, outcome: str = "completed", held: int = 10_000
) -> Receipt:
    clock = Clock(1.0)
    tab = Tab(REQUEST_ID, CALLER, wanted or ask(), Hold(held, BUCKET, 0), NOW, 1_000.0, clock.monotonic)
    clock.seconds = 3.5
    return tab.close(route(), 2, progress, outcome=outcome, status=200)


def begun(**fields: object) -> Progress:
    progress = Progress()
    for name, value in {"first_token_at_ms": 1_250.0, **fields}.items():
        setattr(progress, name, value)
    return progress


def test_the_providers_count_is_charged() -> None:
    receipt = closed(begun(usage=Usage(input_tokens=10, output_tokens=5), output_bytes=4_000))

    assert (receipt.cost_nano_usd, receipt.usage.estimated) == (20, False)


def test_who_when_and_how_long() -> None:
    receipt = closed(begun(usage=Usage(1, 1)))

    assert (receipt.user_id, receipt.key_id, receipt.request_id) == ("ann", "k1", REQUEST_ID)
    assert (receipt.occurred_at, receipt.attempts, receipt.status) == ("2026-11-23T12:00:00.000Z", 2, 200)
    assert (receipt.latency_ms, receipt.first_token_ms) == (2_500, 250)


def test_images_are_counted_from_the_request() -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}
    wanted = ask(messages=[{"role": "user", "content": [picture, picture]}])

    assert closed(begun(usage=Usage(10, 5)), wanted).usage.images == 2


def test_what_failed_before_its_first_byte_used_nothing() -> None:
    receipt = closed(Progress(), outcome="provider_error")

    assert (receipt.usage, receipt.cost_nano_usd, receipt.first_token_ms) == (Usage(), 0, None)


def test_without_a_count_four_bytes_are_a_token() -> None:
    wanted = ask(messages=[{"role": "user", "content": "x" * 400}])

    usage = closed(begun(output_bytes=41), wanted).usage

    assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (104, 11, True)


def test_an_image_without_a_count_is_what_the_model_makes_of_one_at_the_most() -> None:
    text = [{"type": "text", "text": "hi"}]
    picture = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    with_image = ask(messages=[{"role": "user", "content": text + picture}])

    usage = closed(begun(), with_image).usage

    assert usage.input_tokens == 8 + 50


def test_an_answer_that_said_nothing_countable_is_not_free() -> None:
    assert closed(begun()).usage.output_tokens == 1


@pytest.mark.promise("bound")
@given(
    st.text(max_size=3_000),
    st.integers(0, 100_000),
    st.none() | st.integers(1, 200),
    st.integers(1, 3),
)
def test_our_own_count_never_costs_more_than_the_hold(
    text: str, output_bytes: int, limit: int | None, choices: int
) -> None:
    wanted = ask(messages=[{"role": "user", "content": text}], max_tokens=limit, n=choices)
    hold = Hold(bound_of(wanted, [route()]).at_most_nano_usd, BUCKET, 0)

    usage = estimated(wanted, route(), begun(output_bytes=output_bytes), hold)

    assert usage.input_tokens >= 1
    assert usage.output_tokens >= 1
    assert cost_of(usage, route().price) <= hold.amount_nano_usd
