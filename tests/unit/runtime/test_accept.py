"""The header Accept: qualities count, the closest range decides, and JSON is what nobody asked for."""

import pytest

from aggregator.runtime.accept import preferred

JSON, CSV = "application/json", "text/csv"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("TEXT/CSV", CSV),
        ("text/csv; charset=utf-8", CSV),
        ("text/*", CSV),
        ("text/csv;q=0", JSON),
        ("text/csv; q=0.0", JSON),
        ("text/csv;q=0, */*", JSON),
        ("text/csv;q=0.000,application/json;q=0.1", JSON),
        ("text/*, text/csv;q=0", JSON),
        ("text/csv;q=0.5, application/json;q=0.9", JSON),
        ("text/csv;q=0.9, application/json;q=0.5", CSV),
        ("text/csv, application/json", JSON),
        ("text/csv, */*", CSV),
        ("text/csv, */*;q=0.8", CSV),
        ("text/html, text/csv;q=0.5", CSV),
        ("application/json;q=0, text/csv;q=0.1", CSV),
        ("application/json;q=0", JSON),
        ("text/csv;Q=0", JSON),
        ("text/csv;q=zero", JSON),
        ("text/csv;q=2", JSON),
        ("application/x-text/csv", JSON),
        ("xtext/csv", JSON),
        ("text/csvx", JSON),
        ("image/png", JSON),
        (",;/,text/csv", CSV),
    ],
)
def test_a_client_gets_what_it_wants_most(accept: str | None, wanted: str) -> None:
    assert preferred(accept, (JSON, CSV)) == wanted
