"""What operators do to a body: pure rules. The functions over them are tried in tests/integration/orchestrator."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.auth.caller import Caller
from aggregator.errors import Conflict, InvalidRequest, MissingScope
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.change_catalogue import Changed, Order, change_catalogue
from aggregator.orchestrator.check import check
from aggregator.orchestrator.edits import put_model, put_provider, roll_back_to
from aggregator.orchestrator.price_versions import price_versions, remembering
from aggregator.orchestrator.store import Change
from tests.unit.orchestrator.fakes import FakeStore
from tests.unit.orchestrator.samples import NOW, body, price

JsonObject = dict[str, Any]

ADMIN = Caller(key_id="admin", user_id="admin", scopes=("admin",))
DEAR = {"input": 9_000_000_000, "output": 9_000_000_000}


class Desk:
    """An operator's changes over a store in memory."""

    def __init__(self) -> None:
        self.store = FakeStore()
        self.store.versions.append(body())
        self.told: list[tuple[int, Change]] = []

    def announce(self, version: int, change: Change) -> None:
        self.told.append((version, change))

    def put(self, model_id: str, fields: JsonObject, now: datetime = NOW) -> Changed:
        order = Order(ADMIN, now)
        return change_catalogue(put_model(model_id, fields, now), order, store=self.store, announcer=self)

    def versions(self) -> dict[tuple[str, str, str], int]:
        live = Catalogue(self.store.versions[-1], len(self.store.versions))
        return {(model, provider, each.version): each.input for model, provider, each in price_versions(live)}


def prices_of(changed: Changed, model_id: str = "mini") -> list[str]:
    return [each["version"] for each in changed.body["models"][model_id]["prices"]]


def test_a_price_is_named_by_its_day_and_the_next_of_that_day_by_a_number() -> None:
    desk = Desk()

    desk.put("mini", {"price": DEAR})
    changed = desk.put("mini", {"price": {**DEAR, "input": 1}}, NOW.replace(hour=13))

    assert prices_of(changed) == ["v1", "2026-11-23", "2026-11-23.2"]


def test_a_price_comes_into_its_place_among_those_that_are_to_come() -> None:
    desk = Desk()
    desk.put("mini", {"price": {**DEAR, "effectiveAt": "2028-01-01T00:00:00.000Z"}})

    changed = desk.put("mini", {"price": {**DEAR, "effectiveAt": "2027-01-01T00:00:00.000Z"}})

    assert prices_of(changed) == ["v1", "2027-01-01", "2028-01-01"]


def test_a_price_of_its_own_begins_with_what_a_route_cost_before() -> None:
    desk = Desk()
    coming = {**DEAR, "version": "next", "effectiveAt": "2027-01-01T00:00:00.000Z"}

    changed = desk.put(
        "mini", {"routes": [{"provider": "openai", "upstreamModel": "mini-2024", "price": coming}]}
    )

    (route,) = changed.body["models"]["mini"]["routes"]
    assert [each["version"] for each in route["prices"]] == ["v1", "next"]


def test_null_takes_a_field_away() -> None:
    desk = Desk()
    desk.put("mini", {"strategy": "latency", "displayName": "M"})

    changed = desk.put("mini", {"strategy": None})

    assert "strategy" not in changed.body["models"]["mini"]
    assert changed.body["models"]["mini"]["displayName"] == "M"


def test_a_writer_that_was_overtaken_tries_again_on_what_the_other_made() -> None:
    desk = Desk()
    theirs = body()
    theirs["models"]["mini"]["displayName"] = "Theirs"
    desk.store.rivals.append(theirs)

    changed = desk.put("mini", {"strategy": "weighted"})

    entry = changed.body["models"]["mini"]
    assert (entry["displayName"], entry["strategy"], changed.version) == ("Theirs", "weighted", 3)


def test_a_change_over_one_version_only_is_not_tried_again_on_another() -> None:
    desk = Desk()
    desk.store.rivals.append(body())

    with pytest.raises(Conflict):
        change_catalogue(
            put_model("mini", {"strategy": "weighted"}, NOW),
            Order(ADMIN, NOW, expected_version=1),
            store=desk.store,
            announcer=desk,
        )

    assert desk.told == []


def test_nobody_but_an_admin_changes_anything() -> None:
    desk = Desk()

    with pytest.raises(MissingScope):
        change_catalogue(
            put_model("mini", {"strategy": "weighted"}, NOW),
            Order(Caller(key_id="k", user_id="ann"), NOW),
            store=desk.store,
            announcer=desk,
        )

    assert len(desk.store.versions) == 1


def test_this_machine_is_no_provider_but_a_developers() -> None:
    local = {"baseUrl": "http://127.0.0.1:11434/v1"}

    put_provider("ollama", local, this_machine=True).apply(body())
    with pytest.raises(InvalidRequest) as refused:
        put_provider("ollama", local, this_machine=False).apply(body())

    assert refused.value.param == "baseUrl"


def test_a_version_whose_rates_would_change_is_refused_whoever_changes_it() -> None:
    before, after = body(), body()
    after["models"]["mini"]["prices"] = [price(input=1)]

    with pytest.raises(Conflict):
        remembering(before, after)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["mini", "oss-20b", "new"]),
            st.sampled_from(["model", "route", "replace", "rollback"]),
            st.integers(1, 10**12),
        ),
        max_size=12,
    )
)
def test_whatever_operators_do_no_price_that_was_ever_live_is_lost_or_changed(
    course: list[tuple[str, str, int]],
) -> None:
    desk = Desk()
    ever = desk.versions()

    for number, (model_id, what, rate) in enumerate(course):
        now = datetime(2027, 1, 1, 0, number, tzinfo=UTC)
        new = {"input": rate, "output": rate}
        whole = {"contextWindow": 9, "maxInputTokens": 9, "maxOutputTokens": 9}
        over_groq = {"provider": "groq", "upstreamModel": "x"}
        match what:
            case "model":
                start = whole | {"routes": [over_groq]} if model_id == "new" else {}
                desk.put(model_id, start | {"price": new}, now)
            case "route":
                desk.put(model_id, whole | {"routes": [over_groq | {"price": new}]}, now)
            case "replace":
                routes = [{"provider": "openai", "upstreamModel": "y"}]
                desk.put(model_id, whole | {"routes": routes, "price": new}, now)
            case _:
                old = 1 + rate % len(desk.store.versions)
                change_catalogue(
                    roll_back_to(old, desk.store.versions[old - 1]),
                    Order(ADMIN, now),
                    store=desk.store,
                    announcer=desk,
                )
        live = desk.versions()
        assert {key: live[key] for key in ever} == ever
        ever |= live

    last = desk.store.versions[-1]
    assert [version for version, _ in desk.told] == list(range(2, len(desk.store.versions) + 1))
    assert check({kind: list(last[kind].values()) for kind in ("providers", "models")}) == []
