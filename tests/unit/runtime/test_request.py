"""What is read off an API Gateway event."""

import re
from typing import Any

import pytest

from aggregator.runtime.request import header_of, request_id_of, route_of, source_ip_of


def event(**context: Any) -> dict[str, Any]:
    return {"requestContext": context}


def test_a_request_id_is_its_moment_and_api_gateways_own() -> None:
    said = request_id_of(event(requestTimeEpoch=1_764_000_000_000, requestId="c6af9ac6-7b61"))

    assert said == "019ab697e800-c6af9ac6-7b61"


def test_request_ids_sort_by_time() -> None:
    moments = [1, 15, 16, 255, 256, 2**40, 1_764_000_000_000, 1_764_000_000_001, 2**47]

    ids = [request_id_of(event(requestTimeEpoch=moment, requestId="x")) for moment in moments]

    assert ids == sorted(ids)


@pytest.mark.parametrize("bare", [{}, {"requestContext": None}, {"requestContext": {}}])
def test_an_event_without_a_context_gets_an_id_of_its_own(bare: dict[str, Any]) -> None:
    first, second = request_id_of(bare), request_id_of(bare)

    assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f-]{36}", first)
    assert first != second


def test_the_address_is_the_one_api_gateway_saw() -> None:
    forged = event(identity={"sourceIp": "192.0.2.1"}) | {"headers": {"X-Forwarded-For": "10.0.0.1"}}

    assert source_ip_of(forged) == "192.0.2.1"


@pytest.mark.parametrize("bare", [{}, {"requestContext": None}, {"requestContext": {"identity": None}}])
def test_a_call_from_within_comes_from_here(bare: dict[str, Any]) -> None:
    assert source_ip_of(bare) == "127.0.0.1"


def test_a_header_is_found_whatever_its_case() -> None:
    sent = {"headers": {"IDEMPOTENCY-key": "k", "Other": "x"}}

    assert header_of(sent, "Idempotency-Key") == "k"
    assert header_of(sent, "Missing") is None
    assert header_of({"headers": None}, "Other") is None
    assert header_of({}, "Other") is None


@pytest.mark.parametrize(
    ("sent", "route"),
    [
        (
            {"httpMethod": "GET", "resource": "/billing/balance/{userId}", "path": "/billing/balance/ann"},
            "GET /billing/balance/{userId}",
        ),
        ({"httpMethod": "GET", "path": "/unknown"}, "GET /unknown"),
        ({}, "? ?"),
    ],
)
def test_a_route_is_the_method_and_the_path_with_its_parameters_names(
    sent: dict[str, Any], route: str
) -> None:
    assert route_of(sent) == route
