"""A function has a share of a core, by its memory: what was measured on a whole one still ends in time on the least.

Source: AWS Lambda developer guide, "Configure Lambda function memory" (one core at 1,769 MB) and "Lambda execution
environment" (ten seconds for a start).
"""

import json
from typing import Any

import pytest

from bench.cost import FULL_CPU_MB, RESULTS, Scenario, model, share_seconds
from local.paths import TEMPLATE
from local.template import load

LEAST_MB = 128
LONGEST_START_SECONDS = 10.0
LONGEST_AUTHORIZER_SECONDS = 5

FIGURES: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))["figures"]


def test_a_share_is_in_proportion_to_memory_and_never_more_than_a_core() -> None:
    assert FULL_CPU_MB == 1769
    assert share_seconds(0.6, LEAST_MB) == pytest.approx(0.00829, abs=0.00001)
    assert share_seconds(0.6, 256) == pytest.approx(0.00415, abs=0.00001)
    assert share_seconds(89, LEAST_MB) == pytest.approx(1.230, abs=0.001)
    assert share_seconds(89, 256) == pytest.approx(0.615, abs=0.001)
    assert share_seconds(89, 10_240) == 0.089


@pytest.mark.parametrize("function", sorted(name for name in FIGURES["start"] if "/" in name))
def test_a_function_is_ready_before_lambda_gives_up_on_its_start(function: str) -> None:
    ready = FIGURES["start"][function]["cpuReadyMs"]["high"]

    assert share_seconds(ready, LEAST_MB) < LONGEST_START_SECONDS


def test_the_authorizer_starts_and_decides_in_its_time_on_the_least_memory() -> None:
    started = FIGURES["start"]["auth/authorizer"]["cpuFirstAnswerMs"]["high"]
    template = load(TEMPLATE)

    assert (
        template["Resources"]["AuthAuthorizerFunction"]["Properties"]["Timeout"] == LONGEST_AUTHORIZER_SECONDS
    )
    assert share_seconds(started, LEAST_MB) < LONGEST_AUTHORIZER_SECONDS / 2


@pytest.mark.parametrize(
    "function",
    sorted(
        name
        for name in FIGURES["start"]
        if "/" in name and not name.startswith(("proxy/", "auth/authorizer"))
    ),
)
def test_a_cold_call_ends_within_the_time_of_its_function_on_the_least_memory(function: str) -> None:
    seconds = load(TEMPLATE)["Globals"]["Function"]["Timeout"]

    assert share_seconds(FIGURES["start"][function]["cpuFirstAnswerMs"]["high"], LEAST_MB) < seconds


@pytest.mark.parametrize("step", ["settle", "publish", "record"])
def test_the_largest_batch_ends_within_the_time_of_its_function_on_the_least_memory(step: str) -> None:
    largest = FIGURES["consumers"][step]["100"]["cpuMsPerEvent"] * 100

    assert share_seconds(largest, LEAST_MB) < 30 / 10


def test_half_the_memory_is_cheaper_for_what_mostly_waits() -> None:
    costs = model()

    assert sum(costs.parts(Scenario(memory_mb=LEAST_MB)).values()) < sum(costs.parts(Scenario()).values())
