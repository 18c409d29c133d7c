"""Automatic top-ups from the agreement to the ledger, by Stripe's own library, against a stand-in that is as strict."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aggregator.payments import topping_up
from aggregator.payments import wiring as payments
from aggregator.payments.automatic import Attempt
from aggregator.payments.cards import Charged
from aggregator.runtime import clock
from local.payments.stripe import StripeStandIn
from tests.integration.own_calls.conftest import posted
from tests.integration.own_calls.platform import Platform, Said, own
from tests.integration.own_calls.test_topups import entries, latest, tell, total

AGREED = {"threshold": "5.00", "amount": "20.00", "atMostADay": 2}


@pytest.fixture(autouse=True)
def alone(platform: Platform) -> Iterator[None]:
    """Nobody of another test is topped up."""
    assert platform
    yield
    for each in payments.automatic().all():
        payments.automatic().save(each.stop())


def agree(platform: Platform, user_id: str, **changed: Any) -> Said:
    return platform.call(own("set_automatic_topups"), body=AGREED | {"userId": user_id} | changed)


def agreed(
    platform: Platform, stand_in: StripeStandIn, user_id: str, card: str = "4242", **changed: Any
) -> None:
    """A user who agreed and gave a card."""
    said = agree(platform, user_id, **changed)
    assert said.status == 200, said.text
    session = said.body["url"].rpartition("/")[2]
    assert tell(platform, latest(lambda: stand_in.give_card(session, card))).status == 200


def shown(platform: Platform, user_id: str) -> dict[str, Any]:
    found: dict[str, Any] = platform.call(own("get_automatic_topups"), query={"userId": user_id}).body
    return found


def run(after: timedelta = timedelta(), **changed: Any) -> int:
    """One run of the clock's, so much later."""
    now = clock.now() + after
    return replace(payments.top_up(), clock=lambda: now, **changed).everybody()


def charges(stand_in: StripeStandIn, user_id: str) -> list[dict[str, Any]]:
    return [
        each
        for each in stand_in.payments.values()
        if each["metadata"].get("aggregator_user_id") == user_id and "aggregator_topup" in each["metadata"]
    ]


def alerts(platform: Platform, user_id: str) -> list[dict[str, Any]]:
    sent = platform.call(own("list_deliveries"), query={"userId": user_id}).body["data"]
    return [each["body"]["data"] for each in sent if each["kind"] == "topup.failed"]


def hears(platform: Platform, user_id: str) -> None:
    hook = {"url": "https://hooks.example.com/ai", "kinds": ["topup.failed"], "userId": user_id}
    assert platform.call(own("create_webhook"), body=hook).status == 201


def test_who_agrees_and_gives_a_card_is_charged_below_the_threshold_and_booked_once_by_the_event(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    said = agree(platform, "amy")
    assert (said.status, said.body["state"], said.body["card"]) == (200, "card_needed", None)
    session = stripe_stand_in.sessions[said.body["url"].rpartition("/")[2]]
    assert session["mode"] == "setup"
    assert session["words"] == (
        "Whenever less than 5.00 USD of your credit is left, this card is charged 20.00 USD, at most 2 times a day. "
        "You can stop it at any time."
    )
    assert run() == 0

    given = latest(lambda: stripe_stand_in.give_card(session["id"]))
    assert [tell(platform, given).status, tell(platform, given).status] == [200, 200]
    assert (shown(platform, "amy")["state"], shown(platform, "amy")["card"]) == ("active", "Visa 4242")

    posted.clear()
    assert run() == 1
    (event,) = posted
    assert (total(platform, "amy"), run(), len(charges(stripe_stand_in, "amy"))) == ("0.00", 0, 1)
    taken = [tell(platform, event), tell(platform, event)]

    (charge,) = charges(stripe_stand_in, "amy")
    (entry,) = entries(platform, "amy")
    assert [each.body["entryId"] for each in taken] == [entry["id"]] * 2
    assert (entry["amount"], entry["description"]) == ("20.00", f"Automatic top-up ({charge['id']})")
    assert (run(), total(platform, "amy"), shown(platform, "amy")["usedToday"]) == (0, "20.00", 1)


def test_no_more_than_was_agreed_is_charged_a_day_and_the_next_day_begins_anew(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    agreed(platform, stripe_stand_in, "ben", threshold="100.00", amount="1.00", atMostADay=2)
    noon = clock.now().replace(hour=12, minute=0) - clock.now()

    def booked(after: timedelta) -> int:
        posted.clear()
        made = run(noon + after)
        for event in posted:
            tell(platform, event)
        return made

    assert [booked(timedelta(minutes=minute)) for minute in range(5)] == [1, 1, 0, 0, 0]
    assert booked(timedelta(days=1)) == 1
    assert total(platform, "ben") == "3.00"


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        ("0341", "card_declined"),
        ("9995", "insufficient_funds"),
        ("3184", "authentication_required"),
    ],
)
def test_a_card_that_does_not_pay_is_told_once_and_pauses_until_the_user_acts(
    platform: Platform, stripe_stand_in: StripeStandIn, card: str, reason: str
) -> None:
    user = f"cat{card}"
    hears(platform, user)
    agreed(platform, stripe_stand_in, user, card)

    assert [run(), run(), run()] == [0, 0, 0]
    assert len(charges(stripe_stand_in, user)) == 1
    now = shown(platform, user)
    assert (now["state"], now["reason"], now["usedToday"]) == ("paused", reason, 0)
    assert alerts(platform, user) == [
        {"userId": user, "reason": reason, "amountUsd": "20.00", "automatic": True, "paused": True}
    ]

    agreed(platform, stripe_stand_in, user, newCard=True)
    assert (shown(platform, user)["state"], run(), run()) == ("active", 1, 0)
    assert [each["status"] for each in charges(stripe_stand_in, user)] == [
        "requires_payment_method",
        "succeeded",
    ]
    assert len(alerts(platform, user)) == 1


@pytest.mark.promise("once")
def test_a_charge_whose_answer_is_lost_is_looked_up_and_never_made_twice(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    agreed(platform, stripe_stand_in, "dee")
    stripe_stand_in.answers_to_lose = 3  # the library asks three times

    posted.clear()
    first = run()
    lost = stripe_stand_in.answers_to_lose
    assert (first, lost, len(charges(stripe_stand_in, "dee"))) == (0, 0, 1)
    assert [run(), run()] == [1, 0]
    assert len(charges(stripe_stand_in, "dee")) == 1
    for event in posted:
        tell(platform, event)
    assert total(platform, "dee") == "20.00"


def test_a_run_that_dies_leaves_its_claim_to_the_next_which_asks_under_the_same_name(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    class Dies(Exception):
        pass

    agreed(platform, stripe_stand_in, "eli")

    class Dead:
        def charge(self, _attempt: Attempt) -> Charged:
            raise Dies

        found = charge

    (standing,) = [each for each in payments.automatic().all() if each.user_id == "eli"]
    with pytest.raises(Dies):
        replace(payments.top_up(), cards=Dead).one(standing)
    assert charges(stripe_stand_in, "eli") == []
    assert shown(platform, "eli")["usedToday"] == 1

    assert [run(), run()] == [1, 0]
    (charge,) = charges(stripe_stand_in, "eli")
    assert charge["metadata"]["aggregator_attempt"].startswith(f"automatic:{charge['customer']}:eli:")
    assert charge["metadata"]["aggregator_attempt"].endswith(":1")


def test_of_two_runs_at_once_one_charges(platform: Platform, stripe_stand_in: StripeStandIn) -> None:
    agreed(platform, stripe_stand_in, "fin")
    (seen,) = [each for each in payments.automatic().all() if each.user_id == "fin"]
    both = payments.top_up()

    made = [both._safely(seen), both._safely(seen)]

    assert (made, len(charges(stripe_stand_in, "fin"))) == ([True, False], 1)


def test_a_name_that_stripe_may_have_forgotten_is_not_asked_for_again(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    hears(platform, "gil")
    agreed(platform, stripe_stand_in, "gil")
    claimed = next(each for each in payments.automatic().all() if each.user_id == "gil")
    payments.automatic().save(claimed.begin(clock.now() - timedelta(hours=24)))

    assert run() == 0
    assert charges(stripe_stand_in, "gil") == []
    assert (shown(platform, "gil")["state"], shown(platform, "gil")["reason"]) == ("paused", "no_answer")
    assert [each["reason"] for each in alerts(platform, "gil")] == ["no_answer"]


def test_a_charge_that_wants_its_owner_is_given_up_for_good(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    agreed(platform, stripe_stand_in, "hal")
    stripe_stand_in.answers_to_lose = 3
    run()
    (charge,) = charges(stripe_stand_in, "hal")
    charge["status"] = "requires_action"

    assert run() == 0
    assert charge["status"] == "canceled"
    assert shown(platform, "hal")["reason"] == "authentication_required"


def test_a_charge_whose_event_does_not_come_is_booked_without_it_and_told(
    platform: Platform, stripe_stand_in: StripeStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(topping_up, "count", lambda name, _: told.append(name))
    agreed(platform, stripe_stand_in, "ina")
    posted.clear()
    assert run() == 1

    assert (run(timedelta(minutes=4)), total(platform, "ina")) == (0, "0.00")
    assert (run(timedelta(minutes=6)), total(platform, "ina")) == (0, "20.00")
    assert "LedgerFindings" in told
    for event in posted:
        assert tell(platform, event).status == 200
    assert total(platform, "ina") == "20.00"


def test_who_stops_is_charged_no_more_and_the_card_is_forgotten_and_the_count_stays(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    agreed(platform, stripe_stand_in, "jon", atMostADay=1)
    posted.clear()
    assert run() == 1
    for event in posted:
        tell(platform, event)

    stopped = platform.call(own("stop_automatic_topups"), query={"userId": "jon"})
    again = platform.call(own("stop_automatic_topups"), query={"userId": "jon"})
    assert [(each.status, each.body["state"], each.body["card"]) for each in (stopped, again)] == [
        (200, "off", None)
    ] * 2
    assert (
        stripe_stand_in.cards.methods[charges(stripe_stand_in, "jon")[0]["payment_method"]]["customer"]
        is None
    )

    agreed(platform, stripe_stand_in, "jon", atMostADay=1, threshold="100.00")
    assert (shown(platform, "jon")["usedToday"], run()) == (1, 0)


def test_a_card_given_at_a_page_that_nobody_waits_for_changes_nothing(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    page = agree(platform, "kim").body["url"].rpartition("/")[2]
    platform.call(own("stop_automatic_topups"), query={"userId": "kim"})

    assert tell(platform, latest(lambda: stripe_stand_in.give_card(page))).status == 200
    assert shown(platform, "kim")["state"] == "off"


def test_who_is_suspended_or_has_enough_is_not_charged(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    agreed(platform, stripe_stand_in, "lea")
    credit = {"userId": "lea", "type": "credit", "amount": "5.00"}
    assert platform.call(own("create_transaction"), body=credit).status == 201
    assert run() == 0

    debit = {"userId": "lea", "type": "debit", "amount": "0.01"}
    assert platform.call(own("create_transaction"), body=debit).status == 201
    is_suspended = payments.top_up().account("lea")._replace(suspended=True)
    assert run(account=lambda _: is_suspended) == 0
    assert run() == 1


def test_a_page_that_is_left_unpaid_or_a_transfer_that_fails_is_told_once(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    hears(platform, "max")
    made = [
        platform.call(own("create_topup"), body={"userId": "max", "amount": "7.00"}).body["id"]
        for _ in range(2)
    ]
    expired = latest(lambda: stripe_stand_in.expire(made[0]))
    session = stripe_stand_in.sessions[made[1]] | {"status": "complete"}
    failed = latest(lambda: stripe_stand_in.tell("checkout.session.async_payment_failed", session))

    for event in (expired, expired, failed, failed):
        assert tell(platform, event).body == {"received": True, "entryId": None}
    assert sorted(each["reason"] for each in alerts(platform, "max")) == ["expired", "payment_failed"]
    assert {each["amountUsd"] for each in alerts(platform, "max")} == {"7.00"}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"threshold": "0"}, "threshold"),
        ({"threshold": "-1"}, "threshold"),
        ({"amount": "0.99"}, "amount"),
        ({"amount": "10000.01"}, "amount"),
        ({"atMostADay": 0}, "atMostADay"),
        ({"atMostADay": 25}, "atMostADay"),
        ({"atMostADay": True}, "atMostADay"),
        ({"card": "4242"}, "card"),
    ],
)
def test_what_is_asked_wrongly_is_named(platform: Platform, changed: dict[str, Any], field: str) -> None:
    said = agree(platform, "nia", **changed)

    assert (said.status, said.param) == (400, field)


def test_a_key_sets_its_own_users_alone(platform: Platform) -> None:
    key = platform.key("keys:manage")

    assert (
        platform.call(own("set_automatic_topups"), key, body=AGREED | {"userId": "bob"}).code == "forbidden"
    )
    assert platform.call(own("get_automatic_topups"), key, query={"userId": "bob"}).code == "forbidden"
    assert platform.call(own("stop_automatic_topups"), key, query={"userId": "bob"}).code == "forbidden"


def test_the_daily_comparison_knows_what_was_charged_automatically(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    payments.compare()  # what other tests left untold
    agreed(platform, stripe_stand_in, "oda")
    assert run() == 1

    first, second = payments.compare(), payments.compare()

    assert (first.missed, second.missed, total(platform, "oda")) == (1, 0, "20.00")


def test_a_webhook_is_told_without_a_word_of_the_card(
    platform: Platform, stripe_stand_in: StripeStandIn
) -> None:
    hears(platform, "pam")
    agreed(platform, stripe_stand_in, "pam", "0341")
    run()

    assert "pm_" not in json.dumps(alerts(platform, "pam"))
    assert "cus_" not in json.dumps(alerts(platform, "pam"))
