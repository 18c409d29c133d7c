"""The model's constants are the platform's own: a change of one is a change of the other."""

import inspect
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.analytics import store as analytics_store
from aggregator.analytics.cube import mark_of, marks_of
from aggregator.analytics.model import Entry
from aggregator.billing import settle as billing_settle
from aggregator.billing.model import BUCKET_SECONDS, HOLD_SECONDS
from aggregator.orchestrator import read_catalogue
from aggregator.proxy import call
from aggregator.proxy.limits.counts import RUNNING
from aggregator.runtime import log, signed_client
from aggregator.runtime.item import item
from bench.simulation import model, quotas, settle
from bench.simulation.account import item_units
from bench.simulation.parameters import Parameters
from local.paths import TEMPLATE
from local.template import load


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return dict(load(TEMPLATE))


def test_the_defaults_are_those_of_the_template(template: dict[str, Any]) -> None:
    parameters = template["Parameters"]

    defaults = Parameters()

    assert defaults.gateway_rate == parameters["RequestsPerSecond"]["Default"]
    assert defaults.gateway_burst == parameters["RequestBurst"]["Default"]
    assert defaults.memory_mb == parameters["HotMemoryMb"]["Default"]
    assert defaults.settle_memory_mb == parameters["ColdMemoryMb"]["Default"]
    assert defaults.batch == parameters["QueueBatchSize"]["Default"]
    assert defaults.window == parameters["QueueWindowSeconds"]["Default"]
    assert defaults.settlers == parameters["SettleConcurrency"]["Default"]


def test_messages_come_back_as_late_as_the_queue_says(template: dict[str, Any]) -> None:
    queue = template["Resources"]["BillingUsageQueue"]["Properties"]

    assert queue["VisibilityTimeout"] == settle.VISIBILITY_SECONDS


def test_retries_are_those_of_the_code() -> None:
    attempts = inspect.signature(signed_client.SignedClient).parameters["attempts"].default

    assert attempts == model.ATTEMPTS
    assert signed_client._FIRST_WAIT_SECONDS == model.FIRST_WAIT_SECONDS
    assert call.TRIES_PER_ROUTE == model.TRIES_PER_ROUTE
    assert call._FIRST_WAIT_SECONDS == model.ROUTE_WAIT_SECONDS
    assert billing_settle._TRIES == settle.TRIES
    assert billing_settle._FIRST_PAUSE_SECONDS == settle.FIRST_PAUSE_SECONDS
    assert billing_settle.MOST_PER_TRANSACTION == settle.PER_TRANSACTION


def test_the_catalogue_is_asked_for_as_often_as_the_code_does() -> None:
    assert read_catalogue.REFRESH_SECONDS == quotas.KEEP_SECONDS


def test_an_account_item_has_as_many_buckets_as_the_code_makes() -> None:
    assert Parameters().buckets == HOLD_SECONDS // BUCKET_SECONDS + 2


@pytest.mark.parametrize(("buckets", "units"), [(0, 1), (14, 1), (23, 1), (24, 2), (47, 2), (48, 3)])
def test_an_account_item_grows_by_a_unit_for_each_kilobyte(buckets: int, units: int) -> None:
    stored = {"pk": "ACCOUNT#1xVOI70pADNQ", "sk": "BALANCE", "available": 99980285213}
    for n in range(buckets):
        stored |= {f"hold#{1795422000 + 300 * n}": 19704123456, f"holds#{1795422000 + 300 * n}": 23999}

    size = item_bytes(stored)

    assert -(-size // 1024) == units
    assert item_units(buckets) == units


def test_a_limited_key_is_as_large_as_its_tickets() -> None:
    windows = {
        "r#29923920": 1234,
        "t#29923920": 123456,
        "d#2026-11-23": 123456789012,
        "m#2026-11": 123456789012,
    }
    stored = {"pk": "LIMITS#1xVOI70pADNQ", "sk": "LIMITS", "expires_at": 1795422000, **windows}

    assert item_bytes(stored) == quotas.LIMITS_ITEM_BYTES
    assert RUNNING == "running"
    assert len("1795436000#aaaaaaaaaaaa") == quotas.TICKET_BYTES


def test_marks_are_as_long_and_share_as_many_seconds_as_the_model_says() -> None:
    first, ninth, eleventh = (
        Entry(
            id=f"e{n}",
            user_id="u",
            occurred_at=datetime(2026, 11, 23, 7, 16, n, tzinfo=UTC),
            kind="credit",
            amount_nano_usd=1,
        )
        for n in (0, 9, 10)
    )

    assert len(mark_of(first)) == quotas.MARK_BYTES
    assert len(marks_of([first, ninth])) == 1
    assert len(marks_of([first, eleventh])) == 2
    assert quotas.MARK_SECONDS == 10
    assert analytics_store.MAX_ENTRIES == quotas.RECORD_ENTRIES


def test_a_request_logs_what_the_model_says(capsys: pytest.CaptureFixture[str]) -> None:
    log.info(
        "request",
        request_id="01a20743c9f6-0d672930-faca-47b7-b174-2797b7d896eb",
        route="POST /v1/chat/completions",
        status=200,
        duration_ms=2021.4,
    )

    written = capsys.readouterr().out

    assert len(written) + 546 == quotas.LOG_BYTES


def item_bytes(values: dict[str, Any]) -> int:
    """Size of an item as DynamoDB counts: names, texts, and a byte for two digits of a number and one more."""
    size = 0
    for name, ((kind, content),) in ((name, each.items()) for name, each in item(values).items()):
        digits = content.strip("-").rstrip("0") if kind == "N" else content
        size += len(name) + (len(digits) if kind == "S" else (len(digits) + 1) // 2 + 1)
    return size
