"""Memory of whole functions at the largest requests and answers there are, each in a process of its own.

What is measured is the function's process; Lambda's own share, which it counts too, comes on top.
"""

import re
from pathlib import Path

import pytest

from bench.cost import Scenario
from bench.large import LARGEST_FILE, answers, measure, prompts

ROOT = Path(__file__).parents[3]

LAMBDAS_SHARE_MB = 35
"""What Lambda reports for a function that does nothing: more than its share, for a Python without work is in it."""

LARGEST_ANSWER_MB = 185

WORST_PROMPTS = {
    "messages, one string, claude-sonnet-4-6": 135,
    "messages, 70,000 messages, claude-sonnet-4-6": 145,
    "responses, 70,000 items, claude-sonnet-4-6": 160,  # 139 alone, 152 beside other work
    "responses, 50,000 parts, gpt-4o-mini": 125,
    "chat, 70,000 messages, gpt-4o-mini": 110,
    "embeddings, one string": 135,
}

PROMPTS = {case.name: case for case in prompts() if case.name in WORST_PROMPTS}
ANSWERS = {case.name: case for case in answers()}


@pytest.mark.parametrize(
    ("name", "answer_bytes", "most_mb"),
    [
        ("embeddings, base64", 33_657_880, 75),
        ("embeddings, numbers", 138_513_432, LARGEST_ANSWER_MB),
        ("embeddings, numbers as base64", 33_657_880, LARGEST_ANSWER_MB),
        ("chat, 4 MB", 4_000_348, 65),
    ],
)
def test_an_answer_is_in_memory_once(name: str, answer_bytes: int, most_mb: int, tmp_path: Path) -> None:
    measured = measure(ANSWERS[name], tmp_path)

    assert (measured.status, measured.answer_bytes) == (200, answer_bytes)
    assert measured.peak_mb < most_mb


@pytest.mark.parametrize(("name", "most_mb"), WORST_PROMPTS.items())
def test_the_largest_prompts_leave_room(name: str, most_mb: int, tmp_path: Path) -> None:
    measured = measure(PROMPTS[name], tmp_path)

    assert measured.status == 200
    assert measured.event_bytes > 4_800_000
    assert measured.peak_mb < most_mb


def test_a_file_that_is_fetched_leaves_room(tmp_path: Path) -> None:
    (case,) = [each for each in prompts() if "a file by its address, bedrock" in each.name]

    measured = measure(case, tmp_path)

    assert measured.status == 200
    assert len(LARGEST_FILE) > 4_700_000
    assert measured.peak_mb < 90


def test_what_is_deployed_holds_the_largest_of_all_with_lambdas_own_share() -> None:
    said = (ROOT / "samconfig.toml").read_text(encoding="utf-8")
    deployed = [int(megabytes) for megabytes in re.findall(r"HotMemoryMb=(\d+)", said)]

    assert deployed == [256, 256, 256]
    assert max(LARGEST_ANSWER_MB, *WORST_PROMPTS.values()) + LAMBDAS_SHARE_MB < min(deployed)
    assert Scenario().memory_mb == min(deployed)
