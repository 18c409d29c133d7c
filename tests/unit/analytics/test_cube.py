from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.analytics.cube import Cell, cell_of, cells_of, mark_of, marks_of
from aggregator.analytics.model import figures_of
from tests.unit.analytics.entries import money_entry, usage_entry


def test_a_call_adds_to_its_users_cell_to_everybodys_and_to_the_users_row() -> None:
    cells = cells_of([usage_entry()])

    assert set(cells) == {
        ("USER#ann", "HOUR#2026-11-23T06#k1#openai#gpt-4o-mini#200"),
        ("ALL", "HOUR#2026-11-23T06#openai#gpt-4o-mini#200"),
        ("ALL_USERS", "HOUR#2026-11-23T06#ann"),
    }


def test_a_call_is_counted_by_all_that_was_measured() -> None:
    figures = figures_of(usage_entry(cost=77, stream=True, estimated=True, images=2))

    assert figures == {
        "requests": 1,
        "streams": 1,
        "estimated": 1,
        "input": 100,
        "cachedInput": 20,
        "cacheWrite": 10,
        "output": 50,
        "reasoning": 5,
        "images": 2,
        "cost": 77,
        "o:completed": 1,
        "l39": 1,
        "t30": 1,
    }


def test_calls_that_share_a_cell_cost_one_write_there() -> None:
    cells = cells_of([usage_entry("r1", cost=40), usage_entry("r2", cost=2)])

    assert len(cells) == 3
    assert cells["ALL", "HOUR#2026-11-23T06#openai#gpt-4o-mini#200"]["cost"] == 42


@pytest.mark.parametrize(
    ("kind", "amount", "figures"),
    [
        ("credit", 500, {"credits": 500}),
        ("debit", -20, {"debits": -20}),
        ("refund", 7, {"refunds": 7}),
        ("adjustment", -3, {"adjustments": -3}),
    ],
)
def test_money_that_is_no_usage_is_counted_by_kind_where_no_model_is(
    kind: str, amount: int, figures: dict[str, int]
) -> None:
    cells = cells_of([money_entry(kind, amount)])

    assert cells == {
        ("USER#ann", "HOUR#2026-11-23T06"): figures,
        ("ALL", "HOUR#2026-11-23T06"): figures,
        ("ALL_USERS", "HOUR#2026-11-23T06#ann"): figures,
    }


@pytest.mark.parametrize(
    ("status", "outcome", "errors"),
    [
        (200, "completed", 0),
        (200, "client_gone", 0),
        (200, "cancelled", 0),
        (200, "provider_cut", 1),
        (200, "deadline", 1),
        (502, "provider_error", 1),
        (429, "completed", 1),
    ],
)
def test_an_error_is_a_bad_status_or_an_end_that_the_client_did_not_choose(
    status: int, outcome: str, errors: int
) -> None:
    assert figures_of(usage_entry(status=status, outcome=outcome))["errors"] == errors


def test_entries_of_one_user_and_ten_seconds_are_marked_in_one_item() -> None:
    entries = [
        usage_entry("r1", occurred_at="2026-11-23T06:19:00.000Z"),
        usage_entry("r2", occurred_at="2026-11-23T06:19:09.999Z"),
        usage_entry("r3", occurred_at="2026-11-23T06:19:10.000Z"),
        usage_entry("r4", user_id="bob"),
    ]

    marks = marks_of(entries)

    assert {key: len(ids) for key, ids in marks.items()} == {
        ("USER#ann", "SEEN#2026-11-23T06:19:0"): 2,
        ("USER#ann", "SEEN#2026-11-23T06:19:1"): 1,
        ("USER#bob", "SEEN#2026-11-23T06:19:0"): 1,
    }


def test_a_mark_is_the_same_eight_characters_in_every_process() -> None:
    assert mark_of(usage_entry("r1")) == "gvPpxpXc"


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_a_cells_dimensions_are_read_back_whatever_characters_they_hold(
    user: str, provider: str, model: str
) -> None:
    entry = usage_entry()
    assert entry.call is not None
    made = replace(entry, user_id=user, call=replace(entry.call, provider=provider, model=model))

    cells = [cell_of(partition, sort, Counter()).dimensions for partition, sort in cells_of([made])]

    assert cells == [
        {"user": user, "key": "k1", "provider": provider, "model": model, "status": "200"},
        {"provider": provider, "model": model, "status": "200"},
        {"user": user},
    ]


def test_a_cell_of_no_call_has_no_dimensions_but_its_user() -> None:
    assert cell_of("USER#ann", "HOUR#2026-11-23T06", Counter()) == Cell(
        "2026-11-23T06", "", {"user": "ann"}, Counter()
    )
