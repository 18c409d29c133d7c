from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import ModelNotFound
from aggregator.runtime.clock import iso
from tests.unit.orchestrator.samples import NOW, catalogue, data, price

HOURS = st.integers(min_value=-1_000, max_value=1_000)


def test_a_new_price_counts_from_its_moment_on() -> None:
    content = data()
    content["models"][0]["prices"].append(price("v2", "2026-12-01T00:00:00.000Z", input=200_000_000))
    model = catalogue(content).find("mini").model

    before = model.price_at(datetime(2026, 11, 30, 23, 59, 59, 999_000, tzinfo=UTC))
    after = model.price_at(datetime(2026, 12, 1, tzinfo=UTC))

    assert (before.version, before.input) == ("v1", 150_000_000)
    assert (after.version, after.input) == ("v2", 200_000_000)


@pytest.mark.promise("exact")
def test_a_model_whose_first_price_is_yet_to_come_is_refused_and_not_free() -> None:
    content = data()
    content["models"][0]["prices"] = [price("v1", "2026-12-01T00:00:00.000Z")]

    with pytest.raises(ModelNotFound):
        catalogue(content).find("mini").model.price_at(NOW)


@given(starts=st.lists(HOURS, min_size=1, max_size=6, unique=True), asked=HOURS)
def test_the_price_in_force_is_the_latest_that_has_begun(starts: list[int], asked: int) -> None:
    content = data()
    content["models"][0]["prices"] = [
        price(f"v{start}", iso(NOW + timedelta(hours=start))) for start in sorted(starts)
    ]
    model = catalogue(content).find("mini").model
    begun = [start for start in starts if start <= asked]

    if begun:
        assert model.price_at(NOW + timedelta(hours=asked)).version == f"v{max(begun)}"
    else:
        with pytest.raises(ModelNotFound):
            model.price_at(NOW + timedelta(hours=asked))
