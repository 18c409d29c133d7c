"""What a month without a request costs: each document says what the cost model says, and its parts add up."""

import re

import pytest

from bench.cost import model
from bench.idle import DOCUMENTS, ROOT, written

PARTS = {"3 secrets": 1.2, "12 alarms": 1.2, "2 queues": 0.5184, "3 metrics": 0.0375}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_documents_say_what_the_model_says(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")

    assert text == written(text, model().fixed(), model().fixed_after_allowances()), (
        "make cost ARGS=--documents brings it up to date"
    )


def test_what_the_first_page_lists_adds_up_to_what_it_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    said = re.search(r"(\d+)\.(\d\d) USD<!-- /idle --> a month", readme)
    parts = re.search(r"<!-- idle: sentence -->(.*?)<!-- /idle -->", readme)

    assert said is not None
    assert parts is not None
    cents = [int(dollars) * 100 + int(rest) for dollars, rest in re.findall(r"\((\d+)\.(\d\d)\)", parts[1])]
    assert len(cents) == 4
    assert sum(cents) == int(said[1]) * 100 + int(said[2])


def test_a_place_is_filled_and_what_is_around_it_stays() -> None:
    places = ("<!-- idle: sum -->old<!-- /idle -->", "<!-- idle: sentence --><!-- /idle -->")
    text = f"a {places[0]} b {places[1]} <!-- idle: after -->1<!-- /idle -->"

    assert written(text, PARTS, 1.5184) == (
        "a <!-- idle: sum -->2.96 USD<!-- /idle --> b <!-- idle: sentence -->3 secrets (1.20), 12 alarms (1.20), "
        "2 queues (0.52) and 3 metrics (0.04)<!-- /idle --> <!-- idle: after -->1.52<!-- /idle -->"
    )


def test_a_table_has_a_row_for_each_part() -> None:
    filled = written("<!-- idle: table -->?<!-- /idle -->", PARTS, 0.0)

    assert filled == (
        "<!-- idle: table -->\n| while nothing is asked | a month |\n|---|---|\n| 3 secrets | 1.20 USD |\n"
        "| 12 alarms | 1.20 USD |\n| 2 queues | 0.52 USD |\n| 3 metrics | 0.04 USD |\n<!-- /idle -->"
    )
