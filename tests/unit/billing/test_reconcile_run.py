"""The daily run: accounts are listed, examined by way of a queue, and what came of it is kept once."""

import json
from typing import Any

import pytest

from aggregator.billing import reconcile_run
from aggregator.billing.reconcile import Finding, Reading
from aggregator.billing.reconcile_run import Run, first_message, is_due_whole, reconcile_batch
from aggregator.billing.run_store import RunStore, Summary
from aggregator.runtime import observability
from aggregator.runtime.aws import AwsError, JsonObject
from aggregator.runtime.batch import Message
from tests.fakes.books_world import KNOWN, BooksWorld


class Fanned:
    """The queue of a run, emptied by one consumer after the other."""

    def __init__(self, world: BooksWorld) -> None:
        self.world = world
        self.runs = RunStore(world.aws, "billing", lambda: world.now)
        self.queue: list[JsonObject] = []
        self.sent: list[JsonObject] = []
        self.times = 1

    def send(self, messages: Any) -> None:
        wired = json.loads(json.dumps(list(messages)))
        self.queue += wired
        self.sent += wired

    def run(self, name: str = "2026-11-25T02:00:00.000Z", **how: Any) -> Summary:
        self.runs.begin(name)
        self.send([first_message(name)])
        while self.queue:
            message = self.queue.pop(0)
            for _ in range(self.times):
                assert self.take(message, **how) == set()
        return self.runs.summary(name)

    def take(self, message: JsonObject, **how: Any) -> set[str]:
        reading = Reading(self.world.now, prices=KNOWN, closes=True, **how)
        return reconcile_batch(Run(self.world.books, self.runs, self.send, reading), [Message("m", message)])


@pytest.fixture
def fanned() -> Fanned:
    """Sixty accounts with a credit of 100 and a request of 40 each, of the day before yesterday."""
    observability.metrics.clear_metrics()
    world = BooksWorld()
    for n in range(60):
        world.credit(100, f"user{n:02}")
        world.use(40, "r", user_id=f"user{n:02}")
    world.at("2026-11-25T02:00:00")
    return Fanned(world)


def test_a_run_examines_every_account_and_says_so(fanned: Fanned) -> None:
    summary = fanned.run()

    assert (summary.is_over, summary.accounts, summary.idle, summary.entries) == (True, 60, 0, 120)
    assert (summary.unsound, summary.findings) == (0, ())
    assert fanned.runs.runs(1) == ["2026-11-25T02:00:00.000Z"]


def test_accounts_go_to_the_queue_in_messages_of_25(fanned: Fanned) -> None:
    fanned.run()

    sizes = [len(message["accounts"]) for message in fanned.sent if "accounts" in message]
    assert sizes == [25, 25, 10]


def test_the_next_run_reads_only_accounts_that_are_due_whole(fanned: Fanned) -> None:
    fanned.run()
    due = sum(is_due_whole(f"user{n:02}", fanned.world.now + 3600) for n in range(60))
    fanned.world.now += 3600

    summary = fanned.run("2026-11-25T03:00:00.000Z")

    assert 0 < due < 10
    assert (summary.accounts, summary.idle, summary.entries) == (due, 60 - due, 2 * due)


def test_money_that_was_changed_is_found_the_same_day_where_nothing_else_happened(fanned: Fanned) -> None:
    fanned.run()
    fanned.world.now += 3600
    idle = next(f"user{n:02}" for n in range(60) if not is_due_whole(f"user{n:02}", fanned.world.now))
    fanned.world.item("BALANCE", idle)["available"] = {"N": "59"}

    summary = fanned.run("2026-11-25T03:00:00.000Z")

    assert [(each["user_id"], each["drift"]) for each in summary.findings] == [(idle, -1)]


def test_listing_jumps_over_the_entries(fanned: Fanned) -> None:
    fanned.run()

    scans = [request for action, request in fanned.world.aws.asked if action == "Scan"]
    assert len(scans) <= 60 + 2 + 4  # an account each, what runs keep, the end
    assert all(request["Limit"] == 1 for request in scans)


def test_every_account_is_due_whole_once_in_thirty_days() -> None:
    days = [86400 * day + 7200 for day in range(20_000, 20_030)]

    due = [sum(is_due_whole(f"user-{n}", day) for day in days) for n in range(500)]
    a_day = [sum(is_due_whole(f"user-{n}", day) for n in range(3000)) for day in days]

    assert due == [1] * 500
    assert 60 < min(a_day) <= max(a_day) < 150


@pytest.mark.promise("books")
def test_drift_in_closed_books_is_found_within_thirty_days(fanned: Fanned) -> None:
    fanned.run()
    (entry,) = [sk for pk, sk in fanned.world.aws.inner.items if pk == "ACCOUNT#user07" and sk.endswith("-r")]
    del fanned.world.aws.inner.items["ACCOUNT#user07", entry]

    found = []
    for _ in range(30):
        fanned.world.now += 86400
        summary = fanned.run(f"day-{fanned.world.now}")
        found += [each["user_id"] for each in summary.findings]

    assert found == ["user07"]


def test_one_account_that_does_not_fit_is_named_kept_and_counted(
    fanned: Fanned, capsys: pytest.CaptureFixture[str]
) -> None:
    fanned.world.item("BALANCE", "user31")["available"] = {"N": "61"}

    summary = fanned.run()

    (finding,) = summary.findings
    assert (summary.unsound, summary.accounts) == (1, 60)
    assert (finding["user_id"], finding["drift"]) == ("user31", 1)
    assert finding["misfits"] == ["the account has +1 nano-USD beside what it counted"]
    assert metrics(capsys) == NOTHING | {"LedgerFindings": 1, "LedgerDriftNanoUsd": 1}


NOTHING = {
    "LedgerFindings": 0,
    "LedgerDriftNanoUsd": 0,
    "OrphanHolds": 0,
    "HeldNanoUsd": 0,
    "LapsedNanoUsd": 0,
}


def test_metrics_are_written_where_there_is_nothing_to_find(
    fanned: Fanned, capsys: pytest.CaptureFixture[str]
) -> None:
    fanned.run()

    assert metrics(capsys) == NOTHING


@pytest.mark.parametrize(("lapsed", "findings"), [(5, 0), (6, 1)])
def test_many_lapsed_holds_count_once_however_many_messages_listed_them(
    fanned: Fanned,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    lapsed: int,
    findings: int,
) -> None:
    monkeypatch.setattr(reconcile_run, "ACCOUNTS_LISTED_AT_ONCE", 7)
    for n in range(lapsed):
        fanned.world.store.hold(f"user{5 * n:02}", 3, "300")
    fanned.world.store.hold("user01", 4, "9999999999")

    summary = fanned.run()

    assert summary.orphan_holds == lapsed
    assert metrics(capsys) == NOTHING | {
        "LedgerFindings": findings,
        "OrphanHolds": lapsed,
        "HeldNanoUsd": 3 * lapsed + 4,
        "LapsedNanoUsd": 3 * lapsed,
    }


def metrics(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """What all invocations wrote, added up."""
    observability.flush()
    names = ("LedgerFindings", "LedgerDriftNanoUsd", "OrphanHolds", "HeldNanoUsd", "LapsedNanoUsd")
    sums = dict.fromkeys(names, 0.0)
    for line in capsys.readouterr().out.splitlines():
        said = json.loads(line)
        for name in sums:
            sums[name] += sum(said.get(name, [])) if "_aws" in said else 0
    return sums


def test_a_run_without_time_goes_on_in_further_messages(fanned: Fanned) -> None:
    summary = fanned.run(has_time=iter([False, True] * 5000).__next__)

    assert (summary.is_over, summary.accounts, summary.entries) == (True, 60, 120)
    assert len(fanned.sent) > 20


def test_messages_that_come_twice_count_once(fanned: Fanned) -> None:
    fanned.times = 2
    fanned.world.item("BALANCE", "user31")["available"] = {"N": "61"}

    summary = fanned.run()

    assert (summary.is_over, summary.unsound) == (True, 1)
    assert [each["user_id"] for each in summary.findings] == ["user31"]
    assert set(closed_on(fanned)) == {"2026-11-23", None}


def closed_on(fanned: Fanned) -> list[str | None]:
    return [fanned.world.store.account(f"user{n:02}").closed_on for n in range(60)]


def test_an_account_that_cannot_be_read_comes_again_and_its_neighbours_are_done(fanned: Fanned) -> None:
    accounts = [{"userId": f"user{n:02}", "whole": False} for n in range(3)]
    message = {"run": "r", "part": "0.0", "accounts": accounts}
    fanned.world.aws.refused["user01"] = AwsError("ThrottlingException")

    failed = fanned.take(message)
    again = fanned.take(message)

    assert (failed, again) == ({"m"}, set())
    assert closed_on(fanned)[:3] == ["2026-11-23"] * 3
    assert fanned.runs.summary("r").accounts == 3


def test_a_message_that_is_none_fails_alone(fanned: Fanned) -> None:
    reading = Reading(fanned.world.now, closes=True)
    run = Run(fanned.world.books, fanned.runs, fanned.send, reading)
    good = {"run": "r", "part": "0.0", "accounts": [{"userId": "user00", "whole": False}]}

    failed = reconcile_batch(run, [Message("bad", {"nothing": 1}), Message("good", good)])

    assert failed == {"bad"}
    assert closed_on(fanned)[0] == "2026-11-23"


def test_a_run_is_not_over_before_its_last_message_is_done(fanned: Fanned) -> None:
    fanned.send([first_message("r")])

    fanned.take(fanned.queue.pop(0))

    assert fanned.runs.summary("r").is_over is False
    assert len(fanned.queue) == 3


def test_a_summary_is_bounded_whatever_was_found(fanned: Fanned) -> None:
    for n in range(150):
        fanned.runs.keep_finding("r", Finding(f"user{n}", 1, 0, 1, 0, 0, 0, misfits=("x",)))

    assert len(fanned.runs.summary("r").findings) == 100


def test_what_a_run_came_to_is_kept_for_90_days(fanned: Fanned) -> None:
    fanned.run()

    kept = [stored for (pk, _), stored in fanned.world.aws.inner.items.items() if pk.startswith("RECONCILE")]
    assert len(kept) == 5
    assert {stored["expires_at"]["N"] for stored in kept} == {str(int(fanned.world.now) + 90 * 86400)}
