"""What operators look up on the dashboard: each look, what is no id, and that no text of others is markup."""

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.billing.api import Balance
from aggregator.billing.reserve import reserve
from aggregator.billing.settle_batch import settle_batch
from aggregator.billing.statement import StatementEntry
from aggregator.health.details import QueueDetails
from aggregator.health.html import element, table
from aggregator.health.look_up import AFTER_MS, BEFORE_MS, STEPS, look_up
from aggregator.runtime.batch import Message
from tests.fakes.ledger_world import NOW, LedgerWorld
from tests.fakes.look_ups import NOTHING
from tests.fakes.usage_events import ai_usage

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:look-up"
MOMENT_MS = 0x019AAFC3C9F6
REQUEST = "019aafc3c9f6-0d672930-faca-47b7-b174-2797b7d896eb"
BAD = "<script>alert(1)</script>\"&'"


class Seen(HTMLParser):
    """Tags, attributes and text, as a browser reads them."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


OURS = {"form", "table", "tr", "td", "th", "input", "a", "cwdb-action", "p"}
OF_OURS = {"name", "size", "value", "class", "action", "endpoint", "display"}


def asked(look: str, **fields: str) -> dict[str, Any]:
    return {"look": look, "widgetContext": {"forms": {"all": fields}, "params": {"look": look}}}


def settled() -> LedgerWorld:
    world = LedgerWorld()
    world.credit(1_000)
    reserve(world.store, "ann", at_most_nano_usd=100, at_least_nano_usd=100, now_epoch_seconds=NOW)
    settle_batch(world.store, [Message("m", ai_usage(REQUEST))], world.slept.append, lambda: NOW)
    return world


def ledger_of(world: LedgerWorld) -> Any:
    entries = world.entries()

    def entry(user_id: str, request_id: str) -> StatementEntry | None:
        found = entries.get(request_id) if user_id == "ann" else None
        return None if found is None else StatementEntry.of(found)

    return replace(
        NOTHING,
        balance=lambda user_id: Balance.of(world.store.account(user_id), NOW),
        entries=lambda _: [StatementEntry.of(each) for each in entries.values()],
        entry=entry,
    )


def test_it_says_what_it_is_for_when_cloudwatch_asks() -> None:
    assert "look: request" in look_up({"describe": True}, ARN, NOTHING)


def test_a_look_that_there_is_none_is_said_and_is_no_markup() -> None:
    said = Seen(look_up({"look": BAD}, ARN, NOTHING))

    assert (said.tags, said.text.endswith(BAD)) == (["p"], True)


@pytest.mark.parametrize("look", ["user", "request"])
def test_a_form_asks_the_same_function_again_with_what_was_typed(look: str) -> None:
    markup = look_up({"look": look, "widgetContext": None}, ARN, NOTHING)

    assert f'endpoint="{ARN}"' in markup
    assert f"{{&quot;look&quot;: &quot;{look}&quot;}}</cwdb-action>" in markup
    assert {"form", "input", "cwdb-action"} <= set(Seen(markup).tags)


def test_a_users_balance_and_last_entries() -> None:
    text = Seen(look_up(asked("user", userId=" ann "), ARN, ledger_of(settled()))).text

    assert "available, USD0.00000096" in text
    assert "mini" in text
    assert REQUEST in text
    assert "credit" in text


@pytest.mark.parametrize("user_id", [BAD, "a" * 129, "a b", "ann\n"])
def test_what_is_no_users_id_reaches_no_table(user_id: str) -> None:
    refuses = replace(NOTHING, balance=lambda _: pytest.fail("it was asked for"))

    said = look_up(asked("user", userId=f"{user_id}x"), ARN, refuses)

    assert "That is no user" in said
    assert set(Seen(said).tags) <= OURS


def test_a_user_without_entries_has_none() -> None:
    assert "no entry of the last 31 days" in look_up(asked("user", userId="bob"), ARN, NOTHING)


def test_a_request_is_followed_through_every_step_in_their_order() -> None:
    looked: list[tuple[str, str, int, int]] = []

    def lines(group: str, word: str, first: int, last: int) -> list[dict[str, Any]]:
        looked.append((group, word, first, last))
        return [{"message": f"of {group}", "request_id": REQUEST}]

    sources = replace(ledger_of(settled()), lines=lines, is_recorded=lambda *_: True)
    text = Seen(look_up(asked("request", requestId=REQUEST, userId="ann"), ARN, sources)).text

    assert [group for group, *_ in looked] == [group for _, group in STEPS]
    assert {(word, first, last) for _, word, first, last in looked} == {
        ("0d672930-faca-47b7-b174-2797b7d896eb", MOMENT_MS - BEFORE_MS, MOMENT_MS + AFTER_MS)
    }
    places = [text.index(f"message=of {group}") for _, group in STEPS]
    assert places == sorted(places)
    assert "settled, USD-0.00000004" in text
    assert "recorded in the metricsyes" in text


@pytest.mark.parametrize("name", ["principal", "user_id"])
def test_whose_request_it_was_is_read_from_the_logs(name: str) -> None:
    sources = replace(ledger_of(settled()), lines=lambda *_: [{name: "ann"}])

    text = Seen(look_up(asked("request", requestId=REQUEST), ARN, sources)).text

    assert "userann" in text
    assert "recorded in the metricsnot yet" in text


def test_a_request_of_which_nothing_is_known_says_so() -> None:
    said = look_up(asked("request", requestId=REQUEST), ARN, NOTHING)

    assert "No log has a line of it." in said
    assert "name the user" in said
    assert "2025-11-23T" in said


def test_a_request_that_is_not_settled_says_what_that_may_mean() -> None:
    said = look_up(asked("request", requestId=REQUEST, userId="ann"), ARN, NOTHING)

    assert "Not settled" in said


@pytest.mark.parametrize("request_id", [BAD, "0d672930-faca-47b7-b174-2797b7d896eb", f'{REQUEST}" "x', "x"])
def test_what_is_no_requests_id_is_searched_for_nowhere(request_id: str) -> None:
    refuses = replace(NOTHING, lines=lambda *_: pytest.fail("it was searched for"))

    said = look_up(asked("request", requestId=request_id), ARN, refuses)

    assert "That is no request" in said
    assert set(Seen(said).tags) <= OURS


def queue(name: str, dead_letters: int | None) -> QueueDetails:
    return QueueDetails(
        name=name,
        dead_letters=dead_letters,
        oldest_dead_letter_seconds=90 if dead_letters else None,
        redrive=f"make redrive QUEUE={name}",
        runbook="docs/runbook.md#redrive-a-dead-letter-queue",
    )


def test_dead_letters_say_how_to_move_them_back_and_what_is_empty_does_not() -> None:
    queues = [queue("billing-usage", 3), queue("reconcile", 0), queue("stream", None)]

    text = Seen(look_up({"look": "dead_letters"}, ARN, replace(NOTHING, dead_letters=lambda: queues))).text

    assert "billing-usage390make redrive QUEUE=billing-usagedocs/runbook.md" in text
    assert text.endswith("reconcile0stream?")


@given(st.text())
def test_no_text_of_others_is_ever_markup(text: str) -> None:
    sources = replace(NOTHING, lines=lambda *_: [{"message": text, "error": BAD}])
    pages = [
        look_up(asked("request", requestId=REQUEST, userId=text), ARN, sources),
        look_up(asked("user", userId=text), ARN, NOTHING),
        look_up({"look": text}, ARN, NOTHING),
        element("p", table((text,), [(text,)]), class_=text),
    ]

    for page in pages:
        seen = Seen(page)
        assert set(seen.tags) <= OURS
        assert set(seen.attributes) <= OF_OURS


def test_a_long_line_is_cut_and_many_lines_are_not_all_shown() -> None:
    sources = replace(NOTHING, lines=lambda *_: [{"message": "x" * 100_000}] * 50)

    said = look_up(asked("request", requestId=REQUEST), ARN, sources)

    assert len(said) < 6_000_000  # what an answer of Lambda may be
    assert len(re.findall("message=x{1992}<", said)) == 20 * len(STEPS)
