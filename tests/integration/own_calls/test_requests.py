"""The list of requests over HTTP: what is asked wrongly is a 400 that names the field; a user has one's own."""

import pytest

from aggregator.auth.caller import Caller
from tests.integration.own_calls.platform import Platform, own

ANN = Caller("k1", "ann")
LIST = own("list_requests")


def test_a_user_without_requests_has_an_empty_list(platform: Platform) -> None:
    said = platform.call(LIST, ANN)

    assert (said.status, said.body) == (200, {"userId": "ann", "requests": [], "nextCursor": None})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("userId", "no such/user"),
        ("keyId", ""),
        ("model", ""),
        ("model", "x" * 201),
        ("status", "6xx"),
        ("status", "OK"),
        ("from", "yesterday"),
        ("from", "2099-01-01T00:00:00Z"),
        ("to", "2026-13-01T00:00:00Z"),
        ("limit", "0"),
        ("limit", "1001"),
        ("cursor", "none of ours"),
        ("cursor", "w7w="),
        ("provider", "openai"),
    ],
)
def test_what_is_asked_wrongly_is_named(platform: Platform, field: str, value: str) -> None:
    said = platform.call(LIST, ANN, query={field: value})

    assert (said.status, said.code, said.param) == (400, "invalid_request", field)


def test_a_user_has_ones_own_requests_alone_and_an_admin_everybodys(platform: Platform) -> None:
    others = {"userId": "bob"}

    assert platform.call(LIST, ANN, query=others).code == "forbidden"
    assert platform.call(LIST, query=others).body["userId"] == "bob"
