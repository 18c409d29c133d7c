"""Whatever fails, and whenever the process dies: nothing is charged twice, nothing is lost, a store fault is no 401."""

import os

import pytest

from tests.faults import document
from tests.faults.everything import Everything
from tests.faults.queue_cases import EVENTS, PUBLISH

WRITE = os.environ.get("FAULTS_DOCUMENT") == "write"


@pytest.mark.promise("once")
def test_a_request_has_one_entry_at_the_most(found: Everything) -> None:
    assert len(found.chats) > 140
    assert [row.line for row in found.chats if row.entries > 1] == []


@pytest.mark.promise("returned")
def test_what_was_not_charged_can_be_spent_after_the_deadline(found: Everything) -> None:
    lost = [row.line for row in found.chats if row.lost_nano_usd]

    assert lost == []


@pytest.mark.promise("exact")
def test_who_got_an_answer_is_charged_and_who_was_refused_is_not(found: Everything) -> None:
    wrong = [
        row.line for row in found.disturbed if (row.cells[1].startswith("200")) != (row.charged_nano_usd > 0)
    ]

    assert wrong == []


def test_a_fault_of_ours_is_a_503_that_says_when_to_come_again(found: Everything) -> None:
    seen = {row.cells[1] for row in found.disturbed if row.section != "call: the provider"}

    assert seen == {"200", "503 `service_unavailable`, Retry-After: 1"}


@pytest.mark.promise("books")
def test_usage_that_neither_bus_nor_queue_took_is_charged_from_its_log_line(found: Everything) -> None:
    replayed = [row for row in found.disturbed if "replayed" in row.cells[4]]

    assert len(replayed) == 5
    assert {row.cells[4] for row in replayed} == {"nothing; once its log line is replayed: its cost"}


@pytest.mark.promise("returned")
def test_a_process_that_is_killed_loses_nothing_but_held_money_that_comes_back(found: Everything) -> None:
    uncharged = {row.name for row in found.killed if not row.entries}
    charged = {row.name for row in found.killed if row.entries}

    assert len(found.killed) >= 50
    assert {name.split(",")[0] for name in charged} == {"after emit", "after emit by the queue"}
    assert uncharged.isdisjoint(charged)


@pytest.mark.promise("once")
def test_a_batch_is_settled_whole_and_once_whatever_failed_at_first(found: Everything) -> None:
    settled = [row for row in found.delivered if row.section != PUBLISH.section]

    assert len(settled) > 35
    assert [row.cells for row in settled if (row.entries, row.charged_nano_usd) != (EVENTS, 300)] == []


@pytest.mark.promise("books")
def test_every_entry_reaches_the_bus_whatever_failed_at_first(found: Everything) -> None:
    published = [row for row in found.delivered if row.section == PUBLISH.section]

    assert len(published) == 11
    assert [row.cells for row in published if row.put != EVENTS] == []


@pytest.mark.promise("books")
def test_after_all_of_this_every_account_is_the_sum_of_its_entries(found: Everything) -> None:
    assert len(found.findings) > 190
    assert [finding for finding in found.findings if not finding.is_sound or not finding.settled] == []


def test_the_page_about_faults_says_what_happens(found: Everything) -> None:
    page = document.render(found)
    if WRITE:
        document.PLACE.write_text(page, encoding="utf-8")

    assert document.PLACE.read_text(encoding="utf-8") == page, "`make faults` writes it anew"
