from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from aggregator.analytics.api import MetricsQuery
from aggregator.analytics.get_metrics import Ask
from aggregator.auth.caller import Caller
from aggregator.errors import InvalidRequest, MissingScope, NotYours

NOW = datetime(2026, 11, 23, 6, 19, 7, 5000, tzinfo=UTC)
ANN = Caller(key_id="k1", user_id="ann")
ADMIN = Caller(key_id="admin", user_id="admin", scopes=("admin",))


def ask(query: dict[str, str] | None = None, by: Caller = ANN) -> Ask:
    return MetricsQuery.model_validate(query or {}).to_ask(by=by, at=NOW)


def test_the_last_24_hours_in_whole_hours_are_the_default() -> None:
    asked = ask()

    assert asked.start == datetime(2026, 11, 22, 6, tzinfo=UTC)
    assert asked.end == datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert (asked.granularity, asked.group_by, asked.where) == ("hour", (), {})


def test_a_range_is_widened_to_whole_days_by_day() -> None:
    asked = ask({"granularity": "day", "from": "2026-11-20T15:00:00Z", "to": "2026-11-22T00:00:00Z"})

    assert asked.start == datetime(2026, 11, 20, tzinfo=UTC)
    assert asked.end == datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "start", ["2026-11-23T01:00:00Z", "2026-11-23T01:00:00", "2026-11-23T03:00:00+02:00", "2026-11-23T01:30"]
)
def test_a_moment_is_utc_unless_it_says_otherwise(start: str) -> None:
    assert ask({"from": start}).start == datetime(2026, 11, 23, 1, tzinfo=UTC)


def test_a_date_is_its_midnight() -> None:
    assert ask({"from": "2026-11-22"}).start == datetime(2026, 11, 22, tzinfo=UTC)


def test_dimensions_keep_their_order_and_count_once() -> None:
    assert ask({"groupBy": "status,model,status"}).group_by == ("status", "model")


def test_filters_are_compared_as_they_are_stored() -> None:
    asked = ask({"model": "gpt-4o", "provider": "openai", "keyId": "k1", "status": "500"})

    assert asked.where == {"model": "gpt-4o", "provider": "openai", "key": "k1", "status": "500"}


def test_a_user_sees_only_their_own_unasked() -> None:
    assert ask(by=ANN).user_id == "ann"


def test_an_admin_sees_everybody_or_one_user() -> None:
    assert ask(by=ADMIN).user_id is None
    assert ask({"userId": "ann"}, by=ADMIN).user_id == "ann"


def test_another_users_figures_are_refused() -> None:
    with pytest.raises(NotYours):
        ask({"userId": "bob"}, by=ANN)


def test_a_key_that_may_not_read_analytics_is_refused() -> None:
    with pytest.raises(MissingScope, match="analytics:read"):
        ask(by=Caller(key_id="k1", user_id="ann", scopes=("inference",)))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"from": "2026-11-23", "to": "2026-11-23"}, "'from' must be before 'to'"),
        ({"from": "2026-11-24", "to": "2026-11-23"}, "'from' must be before 'to'"),
        ({"from": "2026-11-24"}, "'from' must be before 'to'"),
        ({"from": "2026-10-01", "to": "2026-11-01T00:01"}, "over 31 days, the most by hour"),
        ({"from": "2026-01-01", "to": "2026-04-04", "granularity": "day"}, "over 92 days, the most by day"),
    ],
)
def test_a_range_that_is_empty_or_too_long_is_refused(query: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as refused:
        ask(query)

    assert refused.value.param == "from"


def test_the_longest_ranges_are_taken() -> None:
    by_hour = ask({"from": "2026-10-01", "to": "2026-11-01"})
    by_day = ask({"granularity": "day", "from": "2026-01-01", "to": "2026-04-03"})

    assert (by_hour.end - by_hour.start).days == 31
    assert (by_day.end - by_day.start).days == 92


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("from", "yesterday"),
        ("from", "0001-01-01"),
        ("to", "9999-12-31T23:59:59Z"),
        ("granularity", "minute"),
        ("groupBy", "colour"),
        ("groupBy", "model,"),
        ("status", "ok"),
        ("status", "1000"),
        ("userId", "a#b"),
        ("model", ""),
        ("region", "eu"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_at_its_field(field: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ask({field: value})

    assert refused.value.errors()[0]["loc"] == (field,)
