"""Memory of whole functions at the largest requests and answers there are, each in a process of its own.

What is measured is the function's process; Lambda's own share, which it counts too, comes on top.
"""

from pathlib import Path

import pytest

from bench.large import answers, measure

ANSWERS = {case.name: case for case in answers()}


@pytest.mark.parametrize(
    ("name", "answer_bytes", "most_mb"),
    [
        ("embeddings, base64", 33_657_880, 75),
        ("embeddings, numbers", 138_513_432, 185),
        ("embeddings, numbers as base64", 33_657_880, 185),
        ("chat, 4 MB", 4_000_348, 65),
    ],
)
def test_an_answer_is_in_memory_once(name: str, answer_bytes: int, most_mb: int, tmp_path: Path) -> None:
    measured = measure(ANSWERS[name], tmp_path)

    assert (measured.status, measured.answer_bytes) == (200, answer_bytes)
    assert measured.peak_mb < most_mb
