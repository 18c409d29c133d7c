"""Users: written down, changed, suspended in the wallet first, resumed; each change is on record and told."""

from dataclasses import replace
from typing import Any

import pytest

from aggregator.errors import Conflict, InvalidRequest, NotFound, StoreUnavailable
from aggregator.identity.announce import event_of
from aggregator.identity.model import Binding, User
from aggregator.identity.users import create, update
from tests.unit.identity.fakes import ADMIN, ANN, LATER, NOW, PROFILE, Desk


def changed(desk: Desk, **fields: Any) -> User:
    return update(
        "ann",
        fields,
        by=ADMIN,
        now=LATER,
        users=desk,
        wallets=desk,
        keys=desk.keys,
        plans=desk,
        sessions=desk.sessions,
        announcer=desk,
    )


def test_a_user_is_written_down_and_told_without_its_name_and_address() -> None:
    desk = Desk()

    user = create("ann", PROFILE, by=ADMIN, now=NOW, users=desk, announcer=desk)

    assert desk.users == {"ann": user} == {"ann": ANN}
    assert desk.announced == desk.changes
    assert event_of(desk.changes[0]) == {
        "version": 1,
        "changeId": desk.changes[0].change_id,
        "userId": "ann",
        "action": "created",
        "occurredAt": "2026-11-23T12:00:00.000Z",
        "by": {"keyId": "admin", "userId": "admin"},
        "changes": {
            "email": {},
            "name": {},
            "role": {"from": None, "to": "member"},
            "state": {"from": None, "to": "active"},
        },
    }
    assert desk.done == []


def test_a_user_without_an_id_gets_one_that_is_nobody_elses() -> None:
    desk = Desk()

    for _ in range(2):
        create(None, PROFILE, by=ADMIN, now=NOW, users=desk, announcer=desk)

    assert len(desk.users) == 2
    assert all(user_id.startswith("usr_") and len(user_id) == 20 for user_id in desk.users)


def test_who_is_suspended_is_stopped_at_the_wallet_before_the_keys() -> None:
    desk = Desk({"ann": ANN})

    user = changed(desk, state="suspended")

    assert (user.profile.state, user.version, user.updated_at) == ("suspended", 2, LATER)
    assert desk.done == [
        ("record", "ann", 2),
        ("suspend the wallet", "ann", 2),
        ("suspend the keys", "ann", 2),
    ]
    assert [(each.action, each.changes) for each in desk.announced] == [
        ("suspended", {"state": {"from": "active", "to": "suspended"}})
    ]


def test_who_is_resumed_gets_wallet_and_keys_back() -> None:
    desk = Desk({"ann": ANN})
    changed(desk, state="suspended")
    desk.done.clear()

    changed(desk, state="active", name="Ann Lee")

    assert desk.done == [("record", "ann", 3), ("resume the wallet", "ann", 3), ("resume the keys", "ann", 3)]
    assert [each.action for each in desk.changes] == ["suspended", "resumed"]
    assert desk.changes[1].changes == {
        "name": {"from": "Ann", "to": "Ann Lee"},
        "state": {"from": "suspended", "to": "active"},
    }


@pytest.mark.parametrize("broken", ["suspend the wallet", "suspend the keys"])
def test_the_same_call_again_says_what_a_fault_left_unsaid(broken: str) -> None:
    desk = Desk({"ann": ANN}, broken=broken)
    with pytest.raises(StoreUnavailable):
        changed(desk, state="suspended")
    desk.broken = ""
    desk.done.clear()

    changed(desk, state="suspended")

    assert desk.done == [("suspend the wallet", "ann", 2), ("suspend the keys", "ann", 2)]
    assert len(desk.changes) == len(desk.announced) == 1


def test_a_name_touches_neither_wallet_nor_keys_and_the_same_one_nothing() -> None:
    desk = Desk({"ann": ANN})

    changed(desk, name="Ann Lee")
    changed(desk, name="Ann Lee")

    assert desk.done == [("record", "ann", 2)]
    assert [each.action for each in desk.changes] == ["updated"]


def test_nobody_suspends_the_user_of_the_own_key() -> None:
    desk = Desk({"ann": ANN})
    ann = ADMIN.__class__(key_id="annsKey00000", user_id="ann", scopes=("admin",))

    with pytest.raises(Conflict) as raised:
        update(
            "ann",
            {"state": "suspended"},
            by=ann,
            now=LATER,
            users=desk,
            wallets=desk,
            keys=desk.keys,
            plans=desk,
            sessions=desk.sessions,
            announcer=desk,
        )

    assert raised.value.param == "state"
    assert desk.users == {"ann": ANN}
    assert desk.done == []


def test_who_is_not_written_down_is_not_found() -> None:
    with pytest.raises(NotFound):
        changed(Desk(), state="suspended")


def test_a_plan_is_on_record_before_the_wallet_is_on_it_and_said_again_where_it_is_so() -> None:
    desk = Desk({"ann": ANN})

    for plan in ("pro", "pro", None):
        changed(desk, plan=plan)

    assert desk.done == [
        ("record", "ann", 2),
        ("put on pro", "ann", 2),
        ("put on pro", "ann", 2),
        ("record", "ann", 3),
        ("put on None", "ann", 3),
    ]
    assert [each.changes for each in desk.announced] == [
        {"plan": {"from": None, "to": "pro"}},
        {"plan": {"from": "pro", "to": None}},
    ]


def test_a_plan_that_there_is_not_changes_nothing() -> None:
    desk = Desk({"ann": ANN})

    with pytest.raises(InvalidRequest) as raised:
        changed(desk, plan="gold", name="Anna")

    assert raised.value.param == "plan"
    assert (desk.users, desk.done, desk.changes) == ({"ann": ANN}, [], [])


def test_another_role_ends_the_sessions_of_the_old_one() -> None:
    desk = Desk(users={"ann": ANN})

    changed(desk, role="viewer")
    again = list(desk.done)
    changed(desk, role="viewer")

    assert again == [("record", "ann", 2), ("end sessions but of viewer", "ann", 0)]
    assert desk.done == [*again, ("end sessions but of viewer", "ann", 0)]


def test_what_is_no_role_ends_no_session() -> None:
    desk = Desk(users={"ann": ANN})

    changed(desk, name="Anna")

    assert desk.done == [("record", "ann", 2)]


def test_a_binding_that_is_taken_away_ends_all_sessions() -> None:
    bound = replace(ANN, bound_to=Binding("https://issuer.example.com", "subject", NOW), version=2)
    desk = Desk(users={"ann": bound})

    user = changed(desk, bound_to=None)

    assert (user.bound_to, user.version) == (None, 3)
    assert desk.done == [("record", "ann", 3), ("end sessions but of None", "ann", 0)]
    assert desk.changes[0].changes["boundTo"]["to"] is None
