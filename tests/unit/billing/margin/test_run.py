"""The daily comparison: by model and day, late figures, a missing day, a provider that is down, leaks that are told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest

from aggregator.billing.entry import Entry
from aggregator.billing.margin.model import ByModel, Comparison, CostsUnread, Row, compared
from aggregator.billing.margin.owed import owed
from aggregator.billing.margin.run import run
from aggregator.billing.price import Usage
from aggregator.runtime import observability
from tests.unit.billing.focus.month import NOV_24, PRICES, booked, called
from tests.unit.billing.focus.test_bill import FakeLedgers

NOW = datetime(2026, 11, 27, 4, 17, tzinfo=UTC)
USD = 1_000_000_000


@dataclass(slots=True)
class FakeStore:
    """Keeps comparisons in memory."""

    kept: list[Comparison] = field(default_factory=list)

    def keep(self, comparison: Comparison) -> None:
        self.kept.append(comparison)


@pytest.fixture(autouse=True)
def _no_metrics_left_over() -> None:
    observability.metrics.clear_metrics()


def counted() -> dict[str, float]:
    return {name: sum(metric["Value"]) for name, metric in observability.metrics.metric_set.items()}


def says(days: Mapping[str, ByModel]) -> object:
    return lambda *_: days


def is_down(*_: date) -> Mapping[str, ByModel]:
    raise CostsUnread("it answers 500")


def ran(asked: object, ours: Mapping[tuple[str, str], ByModel], most: int = USD) -> dict[str, Comparison]:
    store = FakeStore()
    run(asked, lambda *_: ours, store, NOW, most_leaked_nano_usd=most)  # type: ignore[arg-type]
    return {f"{each.day} {each.provider}": each for each in store.kept}


def test_three_days_that_are_over_are_compared_model_by_model() -> None:
    told = {
        "2026-11-24": {"gpt-4o-mini": 500, "gpt-5": 40},
        "2026-11-25": {"gpt-4o-mini": 300},
        "2026-11-26": {"gpt-4o-mini": 100},
    }
    ours = {
        ("2026-11-24", "openai"): {"gpt-4o-mini": 450},
        ("2026-11-25", "openai"): {"gpt-4o-mini": 300},
        ("2026-11-26", "openai"): {"gpt-4o-mini": 120},
    }

    found = ran({"openai": says(told)}, ours)

    assert {name: (each.state, each.rows) for name, each in found.items()} == {
        "2026-11-24 openai": ("compared", (Row("gpt-4o-mini", 450, 500), Row("gpt-5", 0, 40))),
        "2026-11-25 openai": ("compared", (Row("gpt-4o-mini", 300, 300),)),
        "2026-11-26 openai": ("compared", (Row("gpt-4o-mini", 120, 100),)),
    }
    assert found["2026-11-24 openai"].leaked_nano_usd == 90
    assert found["2026-11-26 openai"].leaked_nano_usd == 0


def test_a_day_that_the_provider_says_nothing_of_is_missing_and_no_leak() -> None:
    found = ran({"openai": says({"2026-11-25": {}})}, {("2026-11-25", "openai"): {"gpt-5": 7}})

    assert {each.state for each in found.values()} == {"missing"}
    assert counted() == {}


def test_a_day_on_which_nobody_asked_anything_is_compared_and_empty() -> None:
    assert compared("2026-11-25", "openai", {}, {}, "") == Comparison("2026-11-25", "openai", "", "compared")


def test_a_provider_that_is_down_is_told_and_keeps_no_other_from_being_compared() -> None:
    found = ran({"openai": is_down, "anthropic": says({"2026-11-26": {}})}, {})

    assert (found["2026-11-26 openai"].state, found["2026-11-26 openai"].reason) == (
        "failed",
        "it answers 500",
    )
    assert found["2026-11-26 anthropic"].state == "compared"
    assert counted() == {"LeakFindings": 1}


@pytest.mark.parametrize(("billed", "leaks"), [(1_000, {}), (1_001, {"LeakFindings": 1})])
def test_what_leaks_beyond_the_threshold_is_counted_for_the_alarm(billed: int, leaks: dict[str, int]) -> None:
    ran({"openai": says({"2026-11-26": {"gpt-5": billed}})}, {}, most=1_000)

    assert counted() == leaks


def test_a_model_that_costs_less_than_we_owe_hides_no_leak_of_another() -> None:
    ours = {("2026-11-26", "openai"): {"gpt-4o": 5_000}}

    ran({"openai": says({"2026-11-26": {"gpt-5": 2_000, "gpt-4o": 100}})}, ours, most=1_000)

    assert counted() == {"LeakFindings": 1}


def test_a_day_is_in_the_metric_once_when_it_is_compared_for_the_last_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = {"2026-11-24": {"gpt-5": 9}, "2026-11-25": {"gpt-5": 8}, "2026-11-26": {"gpt-5": 7}}

    ran({"openai": says(told)}, {})

    (line,) = [
        each for each in capsys.readouterr().out.splitlines() if '"LeakNanoUsd":[9' in each.replace(" ", "")
    ]
    assert '"provider":"openai"' in line.replace(" ", "")
    assert '"model":"gpt-5"' in line.replace(" ", "")


def asked_of(entries: dict[str, list[Entry]]) -> object:
    return owed(
        FakeLedgers(entries),
        PRICES,
        lambda model, _: f"{model}-2024-07-18",
        ["openai"],
        first=date(2026, 11, 24),
        end=date(2026, 11, 27),
    )


def test_what_we_owe_is_at_the_catalogues_price_whatever_the_user_paid() -> None:
    usage = Usage(input_tokens=10, output_tokens=5)

    found = asked_of({
        "ann": [called("plain", usage), called("marked-up", usage, percent=200), called("lost", usage, charged=0)],
        "bob": [called("theirs", usage, wallet="bob"), booked("credit", "credit", 5)],
    })  # fmt: skip

    assert found == {("2026-11-24", "openai"): {"gpt-4o-mini": 4 * 4_500}}


def test_calls_of_tools_are_of_no_model_as_on_the_providers_bill() -> None:
    usage = Usage(input_tokens=10, tools=(("web_search", 2),))

    found = asked_of({"ann": [called("a", usage, at=NOV_24)]})

    assert found == {("2026-11-24", "openai"): {"gpt-4o-mini": 1_500, "(other)": 20_000_000}}


def test_without_a_known_price_what_was_charged_is_owed() -> None:
    found = asked_of({"ann": [called("a", Usage(input_tokens=10), version="5")]})

    assert found == {("2026-11-24", "openai"): {"gpt-4o-mini": 1_500}}
