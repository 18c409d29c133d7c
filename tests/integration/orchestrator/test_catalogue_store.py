from datetime import UTC, datetime

import pytest

from aggregator.errors import Conflict
from aggregator.orchestrator.store import CatalogueStore, Change
from aggregator.runtime.aws import Aws
from aggregator.runtime.item import item, values

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CHANGE = Change("admin", NOW, ("model a",), (), ())
ONE = {"models": {"a": {"id": "a"}}}
TWO = {"models": {"a": {"id": "a"}, "b": {"id": "b"}}}


@pytest.fixture
def store(aws: Aws) -> CatalogueStore:
    return CatalogueStore(aws, "OrchestratorTable")


def test_an_empty_table_has_no_catalogue(store: CatalogueStore) -> None:
    assert store.pointer() is None


def test_what_was_published_is_read_back(store: CatalogueStore) -> None:
    store.publish(ONE, CHANGE, after=None)

    pointer = store.pointer()

    assert pointer is not None
    assert (pointer.version, pointer.chunks, pointer.changed_at) == (1, 1, "2026-11-23T12:00:00.000Z")
    assert store.snapshot(pointer) == ONE


def test_of_two_writers_at_once_one_is_refused_and_leaves_no_trace(store: CatalogueStore) -> None:
    first = store.publish(ONE, CHANGE, after=None)
    winner = store.publish(TWO, CHANGE, after=first)

    with pytest.raises(Conflict):
        store.publish(ONE, CHANGE, after=first)

    live = store.pointer()
    assert live == winner
    assert store.snapshot(winner) == TWO


def test_of_two_first_writers_one_is_refused(store: CatalogueStore) -> None:
    store.publish(ONE, CHANGE, after=None)

    with pytest.raises(Conflict):
        store.publish(TWO, CHANGE, after=None)


def test_an_earlier_version_can_still_be_read(store: CatalogueStore) -> None:
    first = store.publish(ONE, CHANGE, after=None)
    store.publish(TWO, CHANGE, after=first)

    assert store.snapshot(first) == ONE


def test_each_version_says_who_made_it_and_what_it_changed(store: CatalogueStore, aws: Aws) -> None:
    store.publish(ONE, CHANGE, after=None)

    stored = aws.call(
        "GetItem",
        {"TableName": "OrchestratorTable", "Key": item({"pk": "CATALOGUE", "sk": "CHANGE#00000001"})},
    )

    change = values(stored["Item"])
    assert (change["changed_by"], change["changed_at"], change["added"]) == (
        "admin",
        "2026-11-23T12:00:00.000Z",
        ["model a"],
    )
