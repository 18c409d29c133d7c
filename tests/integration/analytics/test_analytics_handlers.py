import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aggregator.analytics import wiring
from aggregator.analytics.store import CubeStore
from aggregator.auth.caller import Caller
from aggregator.runtime import clock
from tests.integration.analytics.recording_aws import RecordingAws
from tests.unit.analytics.entries import money_event, usage_event

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")

ROOT = Path(__file__).parents[3]
ANN = Caller(key_id="k1", user_id="ann")
ADMIN = Caller(key_id="admin", user_id="admin", scopes=("admin",))

JsonObject = dict[str, Any]
Handler = Callable[[JsonObject, Any], JsonObject]


def handler_of(function: str) -> Handler:
    spec = spec_from_file_location(f"{function}_app", ROOT / "functions" / "analytics" / function / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Handler = module.handler
    return handler


def sample(path: str) -> JsonObject:
    event: JsonObject = json.loads((ROOT / "events" / path).read_text(encoding="utf-8"))
    return event


@pytest.fixture(autouse=True)
def _wired(aws: RecordingAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    assert aws.calls == []
    monkeypatch.setenv("ANALYTICS_TABLE", "AnalyticsTable")
    wiring.cube.cache_clear()
    monkeypatch.setattr(wiring, "reader", lambda: CubeStore(aws, "AnalyticsTable"))
    yield
    wiring.cube.cache_clear()


def record(*details: Any) -> list[str]:
    bodies = [json.dumps({"detail-type": "transaction_created", "detail": detail}) for detail in details]
    return record_bodies(*bodies)


def record_bodies(*bodies: str) -> list[str]:
    records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
    answer = handler_of("record_events")({"Records": records}, _context("record_events"))
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def get(query: dict[str, str] | None = None, by: Caller = ANN) -> tuple[int, JsonObject]:
    event = sample("apigateway/analytics_get_metrics.json")
    event["queryStringParameters"] = query
    event["multiValueQueryStringParameters"] = query and {name: [value] for name, value in query.items()}
    event["requestContext"]["authorizer"] = by.to_context()
    answer = handler_of("get_metrics")(event, _context("get_metrics"))
    return answer["statusCode"], json.loads(answer["body"])


def _context(name: str) -> SimpleNamespace:
    return SimpleNamespace(
        function_name=name, memory_limit_in_mb=128, invoked_function_arn="arn", aws_request_id="r"
    )


def test_what_was_recorded_is_answered_in_full() -> None:
    assert record(usage_event("r1"), money_event("credit", 5_000_000_000)) == []

    status, body = get({"from": "2026-11-23", "to": "2026-11-24", "groupBy": "model"})

    figures = {
        "requests": 1,
        "errors": 0,
        "streams": 0,
        "estimated": 0,
        "images": 0,
        "tokens": {
            "input": 100,
            "cachedInput": 20,
            "cacheWrite": 10,
            "output": 50,
            "reasoning": 5,
            "total": 150,
        },
        "cost": "0.00000004",
        "latencyMs": {"p50": 939, "p95": 939, "p99": 939},
        "timeToFirstTokenMs": {"p50": 197, "p95": 197, "p99": 197},
        "outcomes": {"completed": 1},
        "wallet": dict.fromkeys(("credits", "debits", "refunds", "adjustments", "grants", "expired"), "0.00"),
    }
    group = {**figures, "key": {"model": "gpt-4o-mini"}}
    assert status == 200
    assert body == {
        "from": "2026-11-23T00:00:00.000Z",
        "to": "2026-11-24T00:00:00.000Z",
        "granularity": "hour",
        "groupBy": ["model"],
        "totals": {**figures, "wallet": {**figures["wallet"], "credits": "5.00"}},  # type: ignore[dict-item]
        "groups": [group],
        "series": [{"start": "2026-11-23T06:00:00.000Z", "groups": [group]}],
    }


def test_days_that_are_over_are_packed_before_anybody_asks(
    aws: RecordingAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert record(usage_event("r1"), usage_event("r2", user_id="bob")) == []
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 24, 2, tzinfo=UTC))

    answers = [pack_days() for _ in range(2)]
    aws.calls.clear()
    status, body = get({"from": "2026-11-23", "to": "2026-11-24", "granularity": "day"})

    assert answers == [{"packed": 4, "whole": True}, {"packed": 0, "whole": True}]
    assert (status, body["totals"]["requests"]) == (200, 1)
    assert [action for action, _ in aws.calls] == ["Query"]


def test_a_run_with_a_minute_left_begins_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert record(usage_event("r1")) == []
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 24, 2, tzinfo=UTC))

    assert pack_days(milliseconds_left=60_000) == {"packed": 0, "whole": False}
    assert pack_days(milliseconds_left=60_001) == {"packed": 3, "whole": True}


def pack_days(milliseconds_left: int = 840_000) -> JsonObject:
    context = _context("pack_days")
    context.get_remaining_time_in_millis = lambda: milliseconds_left
    return handler_of("pack_days")(sample("eventbridge/analytics_pack_days.json"), context)


def test_an_empty_range_is_zeros_and_no_series() -> None:
    status, body = get()

    assert status == 200
    assert body["series"] == []
    assert body["groups"] == []
    assert body["totals"]["requests"] == 0
    assert body["totals"]["cost"] == "0.00"
    assert body["totals"]["latencyMs"] == {"p50": None, "p95": None, "p99": None}


@pytest.mark.promise("books")
def test_poison_fails_alone_and_its_neighbours_are_recorded_once() -> None:
    neighbours = [usage_event("r1"), usage_event("r2", user_id="bob")]

    failed = record(
        neighbours[0], {"version": 1, "kind": "usage"}, neighbours[1], "no object", usage_event("r3")
    )
    again = record(neighbours[0], neighbours[1])

    _, body = get({"from": "2026-11-23", "to": "2026-11-24", "groupBy": "user"}, by=ADMIN)
    assert (failed, again) == (["1", "3"], [])
    assert {each["key"]["userId"]: each["requests"] for each in body["groups"]} == {"ann": 2, "bob": 1}


def test_a_body_that_is_no_json_fails_alone() -> None:
    failed = record_bodies("{", json.dumps({"detail": usage_event("r1")}))

    _, body = get({"from": "2026-11-23", "to": "2026-11-24"})
    assert failed == ["0"]
    assert body["totals"]["requests"] == 1


def test_a_table_that_is_gone_fails_every_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYTICS_TABLE", "NoSuchTable")

    assert record(usage_event("r1"), usage_event("r2")) == ["0", "1"]


def test_a_user_sees_their_own_and_an_admin_everybodys() -> None:
    record(usage_event("r1", cost=40), usage_event("r2", user_id="bob", cost=2))
    day = {"from": "2026-11-23", "to": "2026-11-24"}

    costs = [get(day | more, by=by)[1]["totals"]["cost"] for by, more in _VIEWS]

    assert costs == ["0.00000004", "0.000000042", "0.000000002"]


_VIEWS: list[tuple[Caller, dict[str, str]]] = [(ANN, {}), (ADMIN, {}), (ADMIN, {"userId": "bob"})]


def test_days_are_told_apart_across_a_months_end() -> None:
    record(
        usage_event("r1", occurred_at="2026-10-31T23:59:59.999Z", status=500),
        usage_event("r2", occurred_at="2026-11-01T00:00:00.000Z"),
        usage_event("r3", occurred_at="2026-11-01T23:59:59.999Z"),
    )

    _, body = get({"from": "2026-10-31", "to": "2026-11-02", "granularity": "day", "groupBy": "key,status"})

    assert [
        (bucket["start"], [(group["key"], group["requests"], group["errors"]) for group in bucket["groups"]])
        for bucket in body["series"]
    ] == [
        ("2026-10-31T00:00:00.000Z", [({"keyId": "k1", "status": 500}, 1, 1)]),
        ("2026-11-01T00:00:00.000Z", [({"keyId": "k1", "status": 200}, 2, 0)]),
    ]


@pytest.mark.parametrize(
    ("by", "query", "status", "code", "param"),
    [
        (ANN, {"userId": "bob"}, 403, "forbidden", None),
        (Caller("k1", "ann", ("inference",)), {}, 403, "missing_scope", None),
        (ANN, {"granularity": "minute"}, 400, "invalid_request", "granularity"),
        (ANN, {"groupBy": "colour"}, 400, "invalid_request", "groupBy"),
        (ANN, {"from": "yesterday"}, 400, "invalid_request", "from"),
        (ANN, {"from": "2026-01-01", "to": "2026-03-01"}, 400, "invalid_request", "from"),
        (ANN, {"status": "1"}, 400, "invalid_request", "status"),
        (ANN, {"granularty": "day"}, 400, "invalid_request", "granularty"),
        (ADMIN, {"groupBy": "key"}, 400, "invalid_request", "userId"),
    ],
)
def test_bad_questions_are_refused_with_the_field(
    by: Caller, query: dict[str, str], status: int, code: str, param: str | None
) -> None:
    answered, body = get(query, by=by)

    said = body["error"]["param"]
    assert (answered, body["error"]["code"], said and said.rsplit(".")[-1]) == (status, code, param)


def test_a_parameter_that_comes_twice_is_refused() -> None:
    event = sample("apigateway/analytics_get_metrics.json")
    event["multiValueQueryStringParameters"]["groupBy"] = ["model", "status"]

    answer = handler_of("get_metrics")(event, _context("get_metrics"))

    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["error"]["param"] == "groupBy"


def test_the_sample_events_work() -> None:
    recorded = handler_of("record_events")(
        sample("sqs/analytics_record_events.json"), _context("record_events")
    )
    answer = handler_of("get_metrics")(
        sample("apigateway/analytics_get_metrics.json"), _context("get_metrics")
    )

    totals = json.loads(answer["body"])["totals"]
    assert recorded == {"batchItemFailures": []}
    assert (answer["statusCode"], totals["cost"], totals["wallet"]["credits"]) == (200, "0.000045", "5.00")
