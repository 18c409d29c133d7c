import pytest

from aggregator.errors import Conflict
from aggregator.orchestrator.load_catalogue import Loaded, load_catalogue
from tests.unit.orchestrator.fakes import FakeStore
from tests.unit.orchestrator.samples import NOW, body, data


def load(store: FakeStore, content: dict[str, object] | None = None) -> Loaded:
    return load_catalogue(
        store, content or data(), overrides=None, region="eu-central-1", by="deployment", now=NOW
    )


def test_the_first_load_makes_version_one_of_all_there_is() -> None:
    store = FakeStore()

    loaded = load(store)

    assert loaded.to_json() == {"version": 1, "changed": True, "models": 3, "providers": 2}
    assert store.versions[0]["models"].keys() == {"mini", "oss-20b", "embed"}


def test_loading_what_is_live_already_makes_no_version() -> None:
    store = FakeStore()
    load(store)

    loaded = load(store)

    assert (loaded.version, loaded.changed) == (1, False)
    assert len(store.versions) == 1


def test_a_change_names_what_it_added_changed_and_removed() -> None:
    store = FakeStore()
    load(store)
    content = data()
    content["models"][0]["displayName"] = "Another name"
    content["models"].pop()
    content["aliases"]["best"] = "oss-20b"

    load(store, content)

    change = store.changes[-1]
    assert (change.by, change.added, change.changed, change.removed) == (
        "deployment",
        ("alias best",),
        ("model mini",),
        ("model embed",),
    )


def test_a_writer_that_was_overtaken_tries_again_on_what_the_other_made() -> None:
    theirs = body()
    theirs["aliases"]["best"] = {"model": "oss-20b", "origin": "operator"}
    content = data()
    content["models"].pop()
    store = FakeStore(theirs)

    loaded = load(store, content)

    assert loaded.version == 2
    assert store.versions[1]["aliases"]["best"]["model"] == "oss-20b"
    assert "embed" not in store.versions[1]["models"]


def test_a_writer_that_is_overtaken_every_time_gives_up_and_writes_nothing() -> None:
    rivals = [body() for _ in range(5)]
    for number, rival in enumerate(rivals):
        rival["aliases"][f"best-{number}"] = {"model": "oss-20b", "origin": "operator"}
    store = FakeStore(*rivals)
    content = data()
    content["models"].pop()

    with pytest.raises(Conflict):
        load(store, content)

    assert store.versions == rivals
