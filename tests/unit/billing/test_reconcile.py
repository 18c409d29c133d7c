"""Reconciling: what fits is closed and not read again; what does not fit is told, whoever writes meanwhile."""

import copy

import pytest

from aggregator.billing.examination import Examination
from aggregator.billing.price import Price, Tier, Usage
from aggregator.billing.reconcile import Finding, Reading, begin, examine
from aggregator.billing.repricing import Prices
from tests.fakes.books_world import BooksWorld

LISTED = Price(
    version="7",
    input=1_000_001,
    output=3_000_000,
    request=9,
    tiers=(Tier(above_input_tokens=200_000, input=2_000_001, output=6_000_000),),
)


@pytest.fixture
def world() -> BooksWorld:
    """Two days of ann's: a credit of 100, of which 40 went on the first day, 10 on the second; now is the third."""
    world = BooksWorld()
    world.credit(100)
    world.use(40, "r1")
    world.at("2026-11-24T12:00:00")
    world.use(10, "r2")
    world.at("2026-11-25T02:00:00")
    return world


@pytest.fixture
def closed(world: BooksWorld) -> BooksWorld:
    """The same with the books closed over both days, and a request of 7 on the third."""
    world.examine()
    world.use(7, "r3")
    world.aws.forget()
    return world


def test_days_that_are_over_are_closed_with_what_their_entries_come_to(world: BooksWorld) -> None:
    found = world.examine()

    account = world.store.account("ann")
    assert (found.is_sound, found.settled, found.entries, found.total_nano_usd) == (True, True, 3, 50)
    assert world.checkpoints() == {"2026-11-24": (50, 3)}
    assert (account.closed_on, account.closed_nano_usd, account.days) == ("2026-11-24", 50, {})


def test_the_next_day_reads_the_next_day_only(closed: BooksWorld) -> None:
    closed.at("2026-11-26T02:00:00")
    closed.use(1, "r4")
    closed.aws.forget()

    found = closed.examine()

    assert (found.is_sound, found.entries, closed.aws.entries_read) == (True, 2, 2)  # r3 and r4
    assert closed.checkpoints() == {"2026-11-24": (50, 3), "2026-11-25": (43, 4)}


def test_each_checkpoint_is_sealed_over_the_one_before(closed: BooksWorld) -> None:
    closed.at("2026-11-26T02:00:00")
    closed.examine()

    first = closed.books.closing("ann", "2026-11-24")
    second = closed.books.closing("ann", "2026-11-25")

    assert first is not None
    assert second is not None
    assert (first.before, second.before) == ("", first.seal)
    assert len(first.seal) == 64

    closed.item("BOOKS#2026-11-25")["before"] = {"S": "another one's seal"}
    assert closed.books.closing("ann", "2026-11-25") is None


def test_the_day_that_runs_stays_open(closed: BooksWorld) -> None:
    found = closed.examine()

    assert (found.is_sound, found.settled, found.entries) == (True, True, 1)
    assert closed.checkpoints() == {"2026-11-24": (50, 3)}


def test_a_day_is_not_over_in_the_first_hour_of_the_next(world: BooksWorld) -> None:
    world.at("2026-11-25T00:59:00")

    world.examine()

    assert world.checkpoints() == {"2026-11-23": (60, 2)}


def test_every_read_that_decides_is_consistent(closed: BooksWorld) -> None:
    closed.examine(whole=True)

    reads = [(action, request) for action, request in closed.aws.asked if action in {"GetItem", "Query"}]
    assert len(reads) >= 3
    assert all(request["ConsistentRead"] is True for _, request in reads)


def test_an_account_where_nothing_was_written_reads_no_entry(world: BooksWorld) -> None:
    world.examine()
    world.aws.forget()

    found = world.examine()

    assert (found.is_sound, found.entries) == (True, 0)
    assert [action for action, _ in world.aws.asked] == ["GetItem", "GetItem"]  # the account, its checkpoint


@pytest.mark.promise("books")
def test_money_that_no_entry_explains_is_drift_the_same_day(closed: BooksWorld) -> None:
    closed.item("BALANCE")["available"] = {"N": "44"}

    found = closed.examine()

    assert (found.is_sound, found.drift_nano_usd) == (False, 1)
    assert found.misfits == ("the account has +1 nano-USD beside what it counted",)


def test_money_that_no_entry_explains_is_drift_where_nothing_else_was_written(world: BooksWorld) -> None:
    world.examine()
    world.item("BALANCE")["available"] = {"N": "49"}

    assert world.examine().drift_nano_usd == -1


@pytest.mark.promise("books")
@pytest.mark.parametrize("until", ["2026-11-25T03:00:00", "2026-11-26T02:00:00"])
def test_an_entry_that_went_from_the_open_books_is_drift(closed: BooksWorld, until: str) -> None:
    del closed.aws.inner.items["ACCOUNT#ann", f"ENTRY#{closed.id_of('r3')}"]
    closed.at(until)

    found = closed.examine()

    assert (found.is_sound, found.drift_nano_usd) == (False, -7)
    assert found.misfits == ("2026-11-25: 0 entries of +0 found, 1 entries of -7 written",)
    assert "2026-11-25" not in closed.checkpoints()


def test_an_entry_that_was_altered_in_the_open_books_is_drift(closed: BooksWorld) -> None:
    postings = closed.item(f"ENTRY#{closed.id_of('r3')}")["postings"]["M"]
    postings |= {"user:ann": {"N": "-6"}, "revenue": {"N": "6"}}

    assert closed.examine(prices=None).drift_nano_usd == -1


@pytest.mark.parametrize("day", [None, "2026-11-25"])
def test_an_entry_that_was_put_into_the_open_books_by_hand_is_drift(
    closed: BooksWorld, day: str | None
) -> None:
    stored = copy.deepcopy(closed.item(f"ENTRY#{closed.id_of('r3')}"))
    stored["sk"] = {"S": f"ENTRY#{closed.id_of('r3x')}"}
    del stored["day"]
    stored |= {"day": {"S": day}} if day else {}
    closed.aws.inner.items["ACCOUNT#ann", stored["sk"]["S"]] = stored

    found = closed.examine()

    assert (found.is_sound, found.drift_nano_usd) == (False, 7)


def test_drift_in_closed_books_is_found_when_the_whole_ledger_is_read(closed: BooksWorld) -> None:
    (entry,) = [sk for _, sk in closed.aws.inner.items if sk.endswith("-r1")]
    del closed.aws.inner.items["ACCOUNT#ann", entry]

    unread, read = closed.examine(), closed.examine(whole=True)

    assert unread.is_sound
    assert (read.is_sound, read.drift_nano_usd) == (False, -40)
    assert read.misfits == ("closed books up to 2026-11-24: 2 entries of +90 found, 3 entries of +50 closed",)


@pytest.mark.promise("books")
def test_entries_that_were_altered_so_that_the_sum_still_fits_are_found(closed: BooksWorld) -> None:
    (entry,) = [sk for _, sk in closed.aws.inner.items if sk.endswith("-r1")]
    closed.item(entry)["occurred_at"] = {"S": "2026-11-23T12:00:02.000Z"}

    found = closed.examine(whole=True)

    assert (found.is_sound, found.drift_nano_usd) == (False, 0)
    assert found.misfits == ("closed books up to 2026-11-24: contents changed",)


@pytest.mark.parametrize("change", [{"amount": {"N": "51"}}, {"seal": {"S": "0" * 64}}])
def test_a_checkpoint_that_was_altered_is_found_the_same_day(
    closed: BooksWorld, change: dict[str, dict[str, str]]
) -> None:
    closed.item("BOOKS#2026-11-24").update(change)

    found = closed.examine()

    assert found.misfits == ("the checkpoint of 2026-11-24 is not there or not as it was written",)


def test_a_checkpoint_that_went_is_found_the_same_day(closed: BooksWorld) -> None:
    del closed.aws.inner.items["ACCOUNT#ann", "BOOKS#2026-11-24"]

    assert not closed.examine().is_sound


@pytest.mark.promise("books")
def test_an_entry_that_was_settled_days_late_below_the_line_is_no_drift(closed: BooksWorld) -> None:
    closed.use(3, "late", asked_at="2026-11-23T12:30:00")
    closed.at("2026-11-26T02:00:00")

    found = closed.examine()

    assert (found.is_sound, found.drift_nano_usd, found.total_nano_usd) == (True, 0, 40)
    assert closed.checkpoints()["2026-11-25"] == (40, 5)
    assert closed.examine(whole=True).is_sound


def test_an_entry_below_the_line_that_was_written_today_is_no_drift_today(closed: BooksWorld) -> None:
    closed.use(3, "late", asked_at="2026-11-23T12:30:00")

    assert closed.examine().is_sound


def test_an_entry_a_few_minutes_older_than_its_day_is_found_without_reading_all(closed: BooksWorld) -> None:
    closed.use(3, "around", asked_at="2026-11-24T23:58:00")
    closed.at("2026-11-26T02:00:00")
    closed.aws.forget()

    assert closed.examine().is_sound
    assert closed.aws.entries_read == 2


@pytest.mark.promise("books")
def test_an_account_whose_replica_is_one_write_behind_is_no_drift(closed: BooksWorld) -> None:
    before = copy.deepcopy(closed.item("BALANCE"))
    closed.use(5, "r4")
    closed.aws.stale["GetItem"] = {"Item": before}

    found = closed.examine()

    assert (found.is_sound, found.settled, found.total_nano_usd) == (True, True, 38)


@pytest.mark.promise("books")
def test_a_page_whose_replica_is_one_write_behind_is_no_drift(closed: BooksWorld) -> None:
    closed.aws.stale["Query"] = {"Items": [], "Count": 0}
    closed.at("2026-11-26T02:00:00")

    found = closed.examine()

    assert found.is_sound
    assert closed.checkpoints()["2026-11-25"] == (43, 4)


@pytest.mark.promise("books")
def test_traffic_while_the_ledger_is_read_is_no_drift(closed: BooksWorld) -> None:
    closed.aws.before["Query"] = lambda: closed.use(5, "r4")

    found = closed.examine()

    assert (found.is_sound, found.settled, found.total_nano_usd) == (True, True, 38)


def test_traffic_that_never_stops_leaves_only_the_day_that_runs_unjudged(world: BooksWorld) -> None:
    number = 0

    def write_again() -> None:
        nonlocal number
        number += 1
        world.use(1, f"busy{number}")
        world.aws.before["Query"] = write_again

    world.use(1, "busy")
    world.aws.before["Query"] = write_again

    found = world.examine()

    assert (found.is_sound, found.settled) == (True, False)
    assert world.checkpoints() == {"2026-11-24": (50, 3)}


@pytest.mark.promise("books")
def test_drift_in_days_that_are_over_is_found_while_traffic_never_stops(world: BooksWorld) -> None:
    number = 0

    def write_again() -> None:
        nonlocal number
        number += 1
        world.use(1, f"busy{number}")
        world.aws.before["Query"] = write_again

    (entry,) = [sk for _, sk in world.aws.inner.items if sk.endswith("-r2")]
    del world.aws.inner.items["ACCOUNT#ann", entry]
    world.use(1, "busy")
    world.aws.before["Query"] = write_again

    found = world.examine()

    assert found.misfits == ("2026-11-24: 0 entries of +0 found, 1 entries of -10 written",)


def test_drift_is_read_twice_before_it_is_told(closed: BooksWorld) -> None:
    closed.item("BALANCE")["available"] = {"N": "44"}

    closed.examine()

    queries = [request for action, request in closed.aws.asked if action == "Query"]
    assert len(queries) == 2


def test_an_account_that_does_not_fit_is_told_again_until_it_does(closed: BooksWorld) -> None:
    closed.item("BALANCE")["available"] = {"N": "44"}
    told = [closed.examine().is_sound, closed.examine().is_sound]

    closed.item("BALANCE")["available"] = {"N": "43"}

    assert (told, closed.examine().is_sound) == ([False, False], True)


def test_a_closing_that_broke_off_between_its_two_writes_is_finished_by_the_next(world: BooksWorld) -> None:
    before = copy.deepcopy(world.item("BALANCE"))
    world.examine()
    world.aws.inner.items["ACCOUNT#ann", "BALANCE"] = before

    found = world.examine()

    assert found.is_sound
    assert world.checkpoints() == {"2026-11-24": (50, 3)}
    assert world.store.account("ann").closed_on == "2026-11-24"


@pytest.mark.promise("books")
def test_two_that_close_the_same_books_at_once_leave_one_closing(world: BooksWorld) -> None:
    world.aws.before["PutItem"] = world.examine

    found = world.examine()

    assert found.is_sound
    assert world.checkpoints() == {"2026-11-24": (50, 3)}
    assert world.examine().is_sound


@pytest.mark.promise("books")
def test_a_checkpoint_is_never_written_over(world: BooksWorld) -> None:
    world.examine()
    stored = copy.deepcopy(world.item("BOOKS#2026-11-24"))
    closing = world.books.closing("ann", "2026-11-24")
    assert closing is not None
    other = closing.__class__("ann", "2026-11-24", closing.tally + closing.tally, closing.last_id)

    assert world.books.close(other, world.store.account("ann")) is False
    assert world.item("BOOKS#2026-11-24") == stored


def test_a_day_that_grew_after_it_was_read_is_not_taken_out_of_the_account(world: BooksWorld) -> None:
    world.aws.before["PutItem"] = lambda: world.item("BALANCE").update({"n#2026-11-24": {"N": "2"}})

    world.examine()

    account = world.store.account("ann")
    assert (account.closed_on, sorted(account.days)) == (None, ["2026-11-23", "2026-11-24"])
    assert account.days["2026-11-24"].entries == 2
    assert not world.examine().is_sound


def test_a_ledger_from_before_days_were_counted_is_opened_and_closed(world: BooksWorld) -> None:
    old(world)

    found = world.examine()

    assert (found.is_sound, found.entries) == (True, 3)
    assert world.checkpoints() == {"2026-11-24": (50, 3)}
    assert world.examine(whole=True).is_sound


def test_drift_in_a_ledger_from_before_days_were_counted_is_found(world: BooksWorld) -> None:
    old(world)
    world.item("BALANCE")["available"] = {"N": "60"}

    found = world.examine()

    assert (found.is_sound, found.drift_nano_usd) == (False, 10)
    assert world.checkpoints() == {}


def test_a_ledger_that_begins_before_and_goes_on_after_is_opened_in_the_same_way(world: BooksWorld) -> None:
    old(world)
    world.use(8, "new")
    world.at("2026-11-26T02:00:00")

    assert world.examine().is_sound
    assert world.checkpoints() == {"2026-11-25": (42, 4)}


def old(world: BooksWorld) -> None:
    """As if all of it had been written by a version that counted no days."""
    for (_, sk), stored in world.aws.inner.items.items():
        for name in list(stored):
            if name == "day" or name.startswith(("p#", "n#")):
                del stored[name]
        assert sk


def test_an_account_item_that_went_is_found(closed: BooksWorld) -> None:
    del closed.aws.inner.items["ACCOUNT#ann", "BALANCE"]

    assert not closed.examine().is_sound


def test_a_reading_that_is_cut_off_after_every_page_comes_to_the_same(closed: BooksWorld) -> None:
    for n in range(1200):
        closed.credit(1, name=f"many{n:04}")
    closed.at("2026-11-26T02:00:00")
    going = begin(closed.books, "ann", Reading(closed.now), whole=True)
    invocations = 0
    came_to: object = going
    while isinstance(came_to, Examination):
        invocations += 1
        turns = [False, True]
        one_page = Reading(closed.now, has_time=turns.pop, closes=True)
        came_to = examine(closed.books, Examination.from_json(came_to.to_json()), one_page)

    assert isinstance(came_to, Finding)
    assert (came_to.is_sound, came_to.entries, invocations) == (True, 1204, 3)
    assert closed.checkpoints()["2026-11-25"] == (1243, 1204)


def test_an_entry_that_is_not_its_usage_at_its_price_is_named(closed: BooksWorld) -> None:
    entry = closed.id_of("r3")
    closed.item(f"ENTRY#{entry}")["usage"]["M"]["outputTokens"] = {"N": "41"}

    found = closed.examine()

    assert (found.is_sound, found.mispriced, found.mispriced_entries) == (False, (entry,), 1)


def test_an_entry_at_a_version_that_nobody_knows_is_named(closed: BooksWorld) -> None:
    entry = closed.id_of("r3")
    closed.item(f"ENTRY#{entry}")["usage"]["M"]["priceVersion"] = {"S": "8"}

    assert closed.examine().mispriced == (entry,)


def test_only_the_first_of_many_are_named_and_all_are_counted(closed: BooksWorld) -> None:
    for n in range(5):
        entry = closed.use(1, f"m{n}")
        closed.item(f"ENTRY#{entry}")["usage"]["M"]["priceVersion"] = {"S": "8"}

    found = closed.examine(most_named=2)

    assert (len(found.mispriced), found.mispriced_entries) == (2, 5)


@pytest.mark.parametrize(
    ("usage", "charged"),
    [
        (Usage(input_tokens=200_000), 220_011),
        (Usage(input_tokens=200_001, output_tokens=5), 440_046),
    ],
)
def test_entries_at_a_markup_on_both_sides_of_a_tier_are_sound(usage: Usage, charged: int) -> None:
    world = BooksWorld()
    world.credit(100_000_000)
    entry = world.use(0, "r1", usage=usage, price=LISTED.scaled(110))
    known = Prices([("mini", "openai", LISTED)])

    found = world.examine(prices=known)

    stored = world.item(f"ENTRY#{entry}")["usage"]["M"]
    assert (stored["priceVersion"], stored["chargedNanoUsd"]) == ({"S": "7@110%"}, {"N": str(charged)})
    assert (found.is_sound, found.total_nano_usd) == (True, 100_000_000 - charged)


def test_an_entry_at_a_markup_that_was_charged_the_list_price_is_named() -> None:
    world = BooksWorld()
    world.credit(100_000_000)
    entry = world.use(0, "r1", usage=Usage(input_tokens=200_000), price=LISTED)
    world.item(f"ENTRY#{entry}")["usage"]["M"]["priceVersion"] = {"S": "7@110%"}

    assert world.examine(prices=Prices([("mini", "openai", LISTED)])).mispriced == (entry,)


def test_a_hold_past_its_deadline_is_an_orphan_and_no_drift(closed: BooksWorld) -> None:
    closed.store.hold("ann", 5, "300")

    found = closed.examine()

    assert (found.is_sound, found.orphan_holds, found.orphaned_nano_usd) == (True, 1, 5)
