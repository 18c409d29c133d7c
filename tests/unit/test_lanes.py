"""Tests that share a stack run in one process, wherever the others run."""

from pathlib import Path

import pytest

from tests.lanes import LANES, lane_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("test", "lane"),
    [
        ("tests/e2e/test_money.py::test_a", "tests/e2e/"),
        ("tests/e2e/test_secrecy.py::test_b[tests/faults/]", "tests/e2e/"),
        ("tests/e2e/browser/test_views.py::test_c", "tests/e2e/browser/"),
        ("tests/e2e/test_stopping.py::test_c", "tests/e2e/test_stopping.py"),
        ("tests/e2e/test_redelivery.py::test_c", "tests/e2e/test_re"),
        ("tests/e2e/test_revocation.py::test_c", "tests/e2e/test_re"),
        ("tests/e2e/test_routing.py::test_c", "tests/e2e/"),
        ("tests/e2e/test_schemathesis.py::test_c", "tests/e2e/test_schemathesis.py"),
        ("tests/unit/billing/test_price.py::test_d[a::b]", "tests/unit/billing/test_price.py"),
        ("tests/unit/billing/test_price.py::test_e", "tests/unit/billing/test_price.py"),
    ],
)
def test_a_lane_is_a_file_or_a_folder_that_shares_something(test: str, lane: str) -> None:
    assert lane_of(test) == lane


@pytest.mark.parametrize("lane", LANES)
def test_every_lane_is_there(lane: str) -> None:
    assert list(ROOT.glob(f"{lane}*"))
