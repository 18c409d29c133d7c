from typing import Any

import pytest

from aggregator.auth.token import token_of
from aggregator.errors import InvalidApiKey


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer the-key"},
        {"authorization": "bearer the-key"},
        {"AUTHORIZATION": "BEARER   the-key "},
        {"Authorization": "Bearer\tthe-key"},
        {"x-api-key": "the-key"},
        {"X-Api-Key": " the-key "},
        {"Authorization": "Bearer the-key", "x-api-key": "another"},
    ],
)
def test_the_key_is_read_from_either_header_in_any_case(headers: dict[str, str]) -> None:
    several = {name: [value] for name, value in headers.items()}

    assert token_of({"headers": headers}) == "the-key"
    assert token_of({"multiValueHeaders": several}) == "the-key"
    assert token_of({"headers": headers, "multiValueHeaders": several}) == "the-key"


def test_beside_an_authorization_header_of_another_scheme_no_key_is_looked_for() -> None:
    event = {"headers": {"Authorization": "Basic Zm9vOmJhcg==", "x-api-key": "the-key"}}

    with pytest.raises(InvalidApiKey, match="Bearer"):
        token_of(event)


@pytest.mark.parametrize("name", ["Authorization", "x-api-key"])
def test_a_header_that_comes_twice_with_different_values_is_refused(name: str) -> None:
    event = {"headers": {name: "Bearer two"}, "multiValueHeaders": {name: ["Bearer one", "Bearer two"]}}

    with pytest.raises(InvalidApiKey, match="more than once"):
        token_of(event)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"headers": None, "multiValueHeaders": None},
        {"headers": []},
        {"headers": {"Authorization": None}},
        {"headers": {"Authorization": 7}},
        {"headers": {"Authorization": "Bearer"}},
        {"headers": {"Authorization": "Bearer "}},
        {"headers": {"Authorization": "   "}},
        {"headers": {"x-api-key": ""}},
        {"headers": {"x-api-key": "k" * 513}},
        {"headers": {"x-api-key": "\ud800"}},
        {"headers": {"Authorization": "Bearer schlüssel"}},
        {"multiValueHeaders": {"Authorization": "Bearer the-key"}},
    ],
)
def test_an_event_without_a_readable_key_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(InvalidApiKey):
        token_of(event)


@pytest.mark.parametrize("blank", ["\xa0\xa0", "\x85", "\x1c", "\u2003", "\u3000", "\x0b"])
@pytest.mark.parametrize("place", ["headers", "multiValueHeaders"])
def test_a_blank_authorization_header_decides_alone_as_well(blank: str, place: str) -> None:
    headers: dict[str, Any] = {"Authorization": blank, "x-api-key": "the-key"}
    several = {name: [value] for name, value in headers.items()}

    with pytest.raises(InvalidApiKey):
        token_of({place: headers if place == "headers" else several})


@pytest.mark.parametrize("nothing", ["", " ", "\t"])
@pytest.mark.parametrize("place", ["headers", "multiValueHeaders"])
def test_an_authorization_header_without_a_value_is_none(nothing: str, place: str) -> None:
    headers: dict[str, Any] = {"Authorization": nothing, "x-api-key": "the-key"}
    several = {name: [value] for name, value in headers.items()}

    assert token_of({place: headers if place == "headers" else several}) == "the-key"


@pytest.mark.parametrize("value", ["\xa0Bearer the-key", "Bearer\xa0the-key", "Bearer\x1cthe-key"])
def test_only_blanks_of_http_part_the_scheme_from_the_key(value: str) -> None:
    with pytest.raises(InvalidApiKey, match="Bearer"):
        token_of({"headers": {"Authorization": value}})
