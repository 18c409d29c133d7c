import base64
from datetime import timedelta
from typing import Any

import pytest

from aggregator.errors import StoreUnavailable
from aggregator.orchestrator.read_catalogue import CatalogueReader
from aggregator.orchestrator.store import CatalogueStore, Change, packed, unpacked
from tests.unit.orchestrator.fakes import FakeTable
from tests.unit.orchestrator.samples import NOW, body, data

PIECE_1 = "SNAPSHOT#00000001#0"


def publish(table: FakeTable, content: dict[str, Any] | None = None) -> None:
    store = CatalogueStore(table, "T")
    store.publish(body(content), Change("test", NOW, (), (), ()), after=store.pointer())
    table.reads.clear()


@pytest.fixture
def table() -> FakeTable:
    table = FakeTable()
    publish(table)
    return table


def test_the_first_use_costs_two_reads_and_the_next_none(table: FakeTable) -> None:
    reader = CatalogueReader(table, "T")

    reader.current(NOW)
    found = reader.current(NOW + timedelta(seconds=29)).find("mini")

    assert found.model.display_name == "MINI"
    assert table.reads == ["CURRENT", PIECE_1]


def test_after_thirty_seconds_only_the_pointer_is_read_if_nothing_changed(table: FakeTable) -> None:
    reader = CatalogueReader(table, "T")
    first = reader.current(NOW)

    later = reader.current(NOW + timedelta(seconds=30))

    assert later is first
    assert table.reads == ["CURRENT", PIECE_1, "CURRENT"]


def test_a_new_version_is_live_within_the_refresh_time(table: FakeTable) -> None:
    reader = CatalogueReader(table, "T", refresh_seconds=30)
    reader.current(NOW)
    content = data()
    content["models"][0]["displayName"] = "New name"
    publish(table, content)

    old = reader.current(NOW + timedelta(seconds=29))
    new = reader.current(NOW + timedelta(seconds=30))

    assert (old.version, new.version) == (1, 2)
    assert new.find("mini").model.display_name == "New name"


def test_a_table_that_does_not_answer_is_bridged_for_a_quarter_of_an_hour(
    table: FakeTable, caplog: pytest.LogCaptureFixture
) -> None:
    reader = CatalogueReader(table, "T")
    first = reader.current(NOW)
    table.down = True

    bridged = reader.current(NOW + timedelta(minutes=15))

    assert bridged is first
    assert "going on with version 1" in caplog.text


def test_after_a_quarter_of_an_hour_nobody_is_served_however_often_they_ask(table: FakeTable) -> None:
    reader = CatalogueReader(table, "T")
    reader.current(NOW)
    table.down = True
    served = refused = 0
    waits = set()

    for second in range(1, 3_001):
        try:
            reader.current(NOW + timedelta(seconds=second))
            served += 1
        except StoreUnavailable as unavailable:
            refused += 1
            waits.add(unavailable.retry_after_seconds)

    assert (served, refused, waits) == (900, 2_100, {5})


def test_a_table_that_answers_again_is_served_from_at_once(table: FakeTable) -> None:
    reader = CatalogueReader(table, "T")
    reader.current(NOW)
    table.down = True
    with pytest.raises(StoreUnavailable):
        reader.current(NOW + timedelta(minutes=20))
    table.down = False

    assert reader.current(NOW + timedelta(minutes=20, seconds=1)).version == 1


def test_while_the_table_is_down_it_is_asked_once_in_thirty_seconds(table: FakeTable) -> None:
    reader = CatalogueReader(table, "T")
    reader.current(NOW)
    table.down = True
    reader.current(NOW + timedelta(seconds=30))
    table.down = False
    table.reads.clear()

    reader.current(NOW + timedelta(seconds=59))
    reader.current(NOW + timedelta(seconds=60))

    assert table.reads == ["CURRENT"]


def test_a_table_that_never_answered_is_asked_again_by_the_next_request(table: FakeTable) -> None:
    reader = CatalogueReader(table, "T")
    table.down = True
    with pytest.raises(StoreUnavailable) as refused:
        reader.current(NOW)
    table.down = False

    assert refused.value.retry_after_seconds == 1
    assert reader.current(NOW).version == 1


def test_a_table_without_a_catalogue_is_refused_for_now() -> None:
    with pytest.raises(StoreUnavailable):
        CatalogueReader(FakeTable(), "T").current(NOW)


def test_a_piece_that_is_not_there_keeps_the_old_version_in_use(table: FakeTable) -> None:
    reader = CatalogueReader(table, "T")
    reader.current(NOW)
    publish(table)
    del table.items[("CATALOGUE", "SNAPSHOT#00000002#0")]

    assert reader.current(NOW + timedelta(seconds=30)).version == 1


def test_binary_is_read_as_bytes_and_as_base64(table: FakeTable) -> None:
    piece = table.items[("CATALOGUE", PIECE_1)]
    piece["data"] = {"B": base64.b64encode(piece["data"]["B"]).decode()}

    assert CatalogueReader(table, "T").current(NOW).find("mini").model.id == "mini"


def test_a_large_catalogue_is_cut_into_pieces_and_put_together_again() -> None:
    pieces = packed(body(), piece_bytes=100)

    assert len(pieces) > 3
    assert all(len(piece) <= 100 for piece in pieces)
    assert unpacked(pieces) == body()
