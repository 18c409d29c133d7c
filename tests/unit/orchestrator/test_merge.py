import copy

import pytest

from aggregator.errors import InvalidRequest
from aggregator.orchestrator.merge import merged
from tests.unit.orchestrator.samples import body, data, model, provider, route

STAND_IN = {"providers": {"openai": {"baseUrl": "http://127.0.0.1:1234/v1"}}}


def test_a_first_load_publishes_what_the_file_says() -> None:
    made = merged(data(), None, None, region="eu-central-1")

    assert made["models"]["mini"]["origin"] == "file"
    assert made["providers"]["openai"]["baseUrl"] == "https://api.openai.example/v1"
    assert made["aliases"] == {"cheap": {"model": "mini", "origin": "file"}}


def test_an_override_replaces_fields_of_a_provider_and_leaves_the_others() -> None:
    made = merged(data(), None, STAND_IN, region="eu-central-1")

    assert made["providers"]["openai"]["baseUrl"] == "http://127.0.0.1:1234/v1"
    assert made["providers"]["openai"]["timeoutSeconds"] == 600
    assert made["providers"]["groq"]["baseUrl"] == "https://api.groq.example/v1"


def test_overrides_are_remembered_by_the_next_load_and_forgotten_when_others_are_given() -> None:
    first = merged(data(), None, STAND_IN, region="eu-central-1")

    again = merged(data(), first, None, region="eu-central-1")
    without = merged(data(), first, {}, region="eu-central-1")

    assert again == first
    assert without["providers"]["openai"]["baseUrl"] == "https://api.openai.example/v1"


def test_an_override_can_add_a_provider_a_model_and_an_alias() -> None:
    added = {
        "providers": {"house": provider("house", keyless=True)},
        "models": {"house-model": model("house-model", route("house", "m"))},
        "aliases": {"ours": "house-model"},
    }

    made = merged(data(), None, added, region="eu-central-1")

    assert made["models"]["house-model"]["routes"][0]["provider"] == "house"
    assert made["aliases"]["ours"]["model"] == "house-model"


def test_what_an_operator_changed_outlives_a_load() -> None:
    live = body()
    live["models"]["mini"].update(origin="operator", displayName="Ours")
    live["aliases"]["best"] = {"model": "oss-20b", "origin": "operator"}

    made = merged(data(), live, None, region="eu-central-1")

    assert made["models"]["mini"]["displayName"] == "Ours"
    assert made["aliases"]["best"] == {"model": "oss-20b", "origin": "operator"}


def test_an_entry_that_left_the_file_leaves_the_catalogue() -> None:
    live = body()
    content = data()
    content["models"] = [each for each in content["models"] if each["id"] != "embed"]

    made = merged(content, live, None, region="eu-central-1")

    assert sorted(made["models"]) == ["mini", "oss-20b"]


def test_the_region_goes_into_the_addresses() -> None:
    content = data()
    content["providers"][0]["baseUrl"] = "https://runtime.{region}.example/v1"

    made = merged(content, None, None, region="eu-central-1")

    assert made["providers"]["openai"]["baseUrl"] == "https://runtime.eu-central-1.example/v1"


def test_a_catalogue_with_problems_is_refused_with_all_of_them() -> None:
    bad = {"providers": {"openai": {"baseUrl": "http://10.0.0.7/v1"}}, "aliases": {"x": "nobody"}}

    with pytest.raises(InvalidRequest) as refused:
        merged(data(), None, bad, region="eu-central-1")

    assert "provider openai: baseUrl" in refused.value.message
    assert "alias x: there is no model nobody" in refused.value.message


def test_merging_changes_neither_the_file_nor_what_is_live() -> None:
    content, live = data(), body()
    live["models"]["mini"]["origin"] = "operator"
    before = copy.deepcopy((content, live))

    merged(content, live, STAND_IN, region="eu-central-1")

    assert (content, live) == before
