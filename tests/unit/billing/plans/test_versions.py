"""Versions of a plan: what is in force when, what a wallet's stamp tells for ever, and what is stricter."""

from hypothesis import given
from hypothesis import strategies as st

from aggregator.billing.plans.model import Plan, Terms, first_of, plan_id_of, stricter
from aggregator.billing.plans.stored import event_of, item_of, plan_of
from aggregator.runtime.item import item, values

BASIC = Terms("Basic", 110)
PRO = Terms("Pro", 120, {"requestsPerMinute": 60}, ("gpt-4o*",), 20_000_000_000)
GOLD = Terms("Gold", 90)


def at(second: int) -> str:
    return f"2026-11-23T12:00:{second:02d}.000Z"


def plan(terms: Terms = BASIC, second: int = 10) -> Plan:
    return first_of("pro", terms, now=at(second), by_key_id="k1", by_user_id="admin")


def then(before: Plan, terms: Terms, *, now: int, moment: int | None = None) -> Plan:
    effective_from = None if moment is None else at(moment)
    return before.followed_by(terms, effective_from, now=at(now), by_key_id="k2", by_user_id="admin")


def test_a_first_version_is_in_force_whatever_the_clock_of_who_reads_it_says() -> None:
    made = plan(second=10)

    assert [made.in_force(at(second)).number for second in (0, 10, 50)] == [1, 1, 1]
    assert (made.stamp, plan_id_of(made.stamp), made.latest.name) == ("pro#000001", "pro", "pro#1")


def test_a_change_without_a_moment_is_in_force_at_once_on_clocks_that_are_slow_too() -> None:
    changed = then(plan(second=10), PRO, now=20)

    assert [changed.in_force(at(second)).terms for second in (0, 20, 50)] == [PRO, PRO, PRO]
    assert changed.stamp == "pro#000002"


def test_a_change_by_a_clock_that_is_slow_is_later_all_the_same() -> None:
    changed = then(plan(second=10), PRO, now=5)

    assert changed.in_force(at(10)).terms == PRO
    assert changed.latest.created_at == at(10)


def test_a_version_to_come_comes_to_the_millisecond() -> None:
    changed = then(plan(), PRO, now=20, moment=30)

    assert changed.in_force("2026-11-23T12:00:29.999Z").terms == BASIC
    assert changed.in_force(at(30)).terms == PRO


def test_a_change_in_between_does_not_undo_the_one_to_come() -> None:
    changed = then(then(plan(), PRO, now=20, moment=40), GOLD, now=30)

    assert [changed.in_force(at(second)).terms for second in (30, 39, 40)] == [GOLD, GOLD, PRO]


def test_of_two_for_the_same_moment_the_later_one_comes() -> None:
    changed = then(then(plan(), PRO, now=20, moment=40), GOLD, now=30, moment=40)

    assert [changed.in_force(at(second)).terms for second in (39, 40)] == [BASIC, GOLD]


def test_terms_that_hold_anyway_are_no_change() -> None:
    changed = then(plan(), PRO, now=20, moment=40)

    assert changed.has(BASIC, None, at(30))
    assert not changed.has(PRO, None, at(30))
    assert changed.has(PRO, at(40), at(30))
    assert not changed.has(BASIC, at(40), at(30))


def test_what_can_never_be_in_force_again_is_not_carried_along() -> None:
    changed = plan()
    for second in range(11, 40):
        changed = then(changed, Terms(f"At {second}"), now=second)

    assert [version.number for version in changed.versions] == [29, 30]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.none() | st.integers(0, 20), st.integers(1, 200)), max_size=12)
)
def test_who_carries_the_least_along_says_what_the_whole_history_says(
    steps: list[tuple[int, int | None, int]],
) -> None:
    now = 10
    changed, history = plan(Terms("first", 100)), [(at(10), 1, 100)]
    for wait, ahead, percent in steps:
        now += wait
        moment = now if ahead is None else now + ahead
        changed = then(changed, Terms("x", percent), now=now, moment=moment)
        history.append((at(moment), len(history) + 1, percent))

    for second in range(now, 60):
        expected = max(each for each in history if each[0] <= at(second))
        assert changed.in_force(at(second)).terms.price_percent == expected[2]


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(1, 9)),
    st.dictionaries(st.sampled_from("abc"), st.integers(1, 9)),
)
def test_the_stricter_limit_wins_whosever_it_is(own: dict[str, int], of_plan: dict[str, int]) -> None:
    both = stricter(own, of_plan)

    assert set(both) == {*own, *of_plan}
    assert all(both[name] == min(own.get(name, 99), of_plan.get(name, 99)) for name in both)


def test_a_plan_is_read_as_it_was_stored() -> None:
    changed = then(plan(PRO), GOLD, now=20, moment=40)

    assert plan_of(values(item(item_of(changed)))) == changed


def test_a_change_is_told_with_what_is_other_than_before() -> None:
    assert event_of(then(plan(BASIC), PRO, now=20, moment=40)) == {
        "version": 1,
        "planId": "pro",
        "planVersion": 2,
        "name": "Pro",
        "pricePercent": 120,
        "limits": {"requestsPerMinute": 60},
        "allowedModels": ["gpt-4o*"],
        "monthlyCreditNanoUsd": 20_000_000_000,
        "effectiveFrom": at(40),
        "occurredAt": at(20),
        "by": {"keyId": "k2", "userId": "admin"},
        "changes": {
            "name": {"from": "Basic", "to": "Pro"},
            "pricePercent": {"from": 110, "to": 120},
            "limits": {"from": {}, "to": {"requestsPerMinute": 60}},
            "allowedModels": {"from": None, "to": ["gpt-4o*"]},
            "monthlyCreditNanoUsd": {"from": 0, "to": 20_000_000_000},
        },
    }
