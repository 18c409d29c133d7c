"""What providers charged against the ledger: compared by the function, kept, and read by an admin alone."""

import json
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import boto3
import pytest

from aggregator.billing.margin import wiring
from aggregator.billing.margin.ask import getter
from aggregator.billing.margin.model import Comparison
from aggregator.billing.margin.providers import costs
from aggregator.runtime import clock
from local.http_server import HttpServer
from local.provider_costs import ANTHROPIC_KEY, OPENAI_KEY, CostsStandIn, openai_item
from tests.integration.own_calls.platform import Platform, own
from tests.integration.own_calls.test_focus import booked, called

SECRET = "provider-admin-keys"
YESTERDAY = (clock.now() - timedelta(days=1)).replace(hour=9)
DAY = YESTERDAY.date().isoformat()


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[CostsStandIn]:
    """Both providers' stand-in, and admin keys of them in the secret."""
    stand_in, server = CostsStandIn(), HttpServer(0)
    server.start(stand_in.handle)
    base = f"http://127.0.0.1:{server.port}"
    monkeypatch.setattr(wiring, "costs", partial(costs, base=base))
    monkeypatch.setattr(wiring, "getter", partial(getter, backoff_seconds=0))
    monkeypatch.setenv("PROVIDER_ADMIN_KEYS_SECRET", SECRET)
    monkeypatch.setenv("LEAK_ALARM_USD", "1")
    secrets = boto3.client("secretsmanager")
    text = json.dumps({"openai": OPENAI_KEY, "anthropic": ANTHROPIC_KEY})
    secrets.create_secret(Name=SECRET, SecretString=text)
    yield stand_in
    secrets.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    server.close()


def test_a_day_is_compared_kept_and_read(
    platform: Platform, stand_in: CostsStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    at = f"{int(YESTERDAY.timestamp() * 1000):012x}"
    booked("leaky", "in", "credit", 1_000_000)
    called("leaky", "yesterday", at=at)
    stand_in.costs["openai"] = {DAY: [openai_item("gpt-4o-mini-2024-07-18, input", 0.5)]}
    stand_in.down = {"anthropic"}

    compared = wiring.compare_costs()

    said = platform.call(own("get_margin"), query={"days": "1"}).body["data"]
    assert [each.state for each in compared] == ["failed", "missing", "missing", "compared"]
    assert [{name: each[name] for name in each if name != "comparedAt"} for each in said] == [
        {
            "day": DAY,
            "provider": "openai",
            "state": "compared",
            "owed": "0.0000045",
            "billed": "0.50",
            "leaked": "0.4999955",
            "models": [{"model": "gpt-4o-mini", "owed": "0.0000045", "billed": "0.50", "leak": "0.4999955"}],
        },
        {
            "day": DAY,
            "provider": "anthropic",
            "state": "failed",
            "owed": "0.00",
            "billed": "0.00",
            "leaked": "0.00",
            "models": [],
            "reason": "it answers 500",
        },
    ]
    logged = capsys.readouterr().out
    assert OPENAI_KEY not in logged
    assert ANTHROPIC_KEY not in logged


def test_what_was_compared_once_stays_when_the_provider_fails_later(
    platform: Platform, stand_in: CostsStandIn
) -> None:
    stand_in.costs["openai"] = {DAY: []}
    wiring.compare_costs()
    stand_in.down = {"openai", "anthropic"}

    wiring.compare_costs()

    said = platform.call(own("get_margin"), query={"days": "1"}).body["data"]
    assert {each["provider"]: each["state"] for each in said} == {"openai": "compared", "anthropic": "failed"}


@pytest.mark.usefixtures("platform")
def test_without_a_secret_nothing_is_asked_or_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_ADMIN_KEYS_SECRET", "none-of-it")
    monkeypatch.setattr(wiring, "_owed", None)

    assert wiring.compare_costs() == []


@pytest.mark.usefixtures("platform")
def test_the_store_tells_all_days_from_one_on_newest_first() -> None:
    store = wiring._store()
    for day in ("2199-01-01", "2199-01-03", "2199-01-02"):
        store.keep(Comparison(day, "openai", "2199-01-04T00:00:00.000Z", "compared"))

    assert [each.day for each in store.since("2199-01-02")] == ["2199-01-03", "2199-01-02"]


@pytest.mark.parametrize("days", ["0", "401", "week"])
def test_what_is_no_number_of_days_is_refused(platform: Platform, days: str) -> None:
    said = platform.call(own("get_margin"), query={"days": days})

    assert (said.status, said.param) == (400, "days")
