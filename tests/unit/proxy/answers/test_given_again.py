"""An answer that is given again costs nothing, and says so: in its headers, and in the receipt of a stream."""

import json
from typing import Any

import pytest

from aggregator.proxy.answers.given_again import free_events, free_headers

RECEIPT = {
    "cost_usd": "0.5",
    "hold_usd": "0.9",
    "balance_usd": "7.00",
    "price_version": "3",
    "request_id": "r1",
    "estimated": False,
}
FREE = {
    "cost_usd": "0.00",
    "hold_usd": "0.00",
    "price_version": "3",
    "request_id": "r2",
    "estimated": False,
}


def test_headers_tell_what_it_costs_now_and_what_it_did() -> None:
    headers = {
        "Content-Type": "text/event-stream",
        "x-aggregator-cost-usd": "0.5",
        "x-aggregator-hold-usd": "0.9",
        "x-aggregator-balance-usd": "7.00",
    }

    assert free_headers(headers) == {
        "Content-Type": "text/event-stream",
        "x-aggregator-cost-usd": "0.00",
        "x-aggregator-hold-usd": "0.00",
        "x-aggregator-original-cost-usd": "0.5",
    }


@pytest.mark.parametrize(
    ("name", "said", "told"),
    [
        ("", {"usage": {"total_tokens": 15, **RECEIPT}}, {"usage": {"total_tokens": 15, **FREE}}),
        ("message_delta", {"delta": {}, "usage": RECEIPT}, {"delta": {}, "usage": FREE}),
        (
            "response.completed",
            {"response": {"id": "resp_1", "usage": RECEIPT}},
            {"response": {"id": "resp_1", "usage": FREE}},
        ),
    ],
)
def test_the_receipt_of_a_stream_says_that_it_was_free(name: str, said: Any, told: Any) -> None:
    first = b'data: {"choices":[{"delta":{"content":"\\"cost_usd\\": 5"}}]}\n\n'
    line = f"event: {name}\n" if name else ""
    last = f"{line}data: {json.dumps(said)}\n\n".encode()

    again = free_events(first + last + b"data: [DONE]\n\n", "r2").split(b"\n\n")

    assert again[0] + b"\n\n" == first
    assert again[1].decode().startswith(f"{line}data: ")
    assert json.loads(again[1].decode().removeprefix(line)[6:]) == told
    assert again[2:] == [b"data: [DONE]", b""]


def test_what_a_model_says_of_cost_is_left_as_it_is() -> None:
    event = b'event: x\ndata: {"input": {"cost_usd": "1", "hold_usd": "2"}}\n\n'

    assert free_events(event, "r2") == event
