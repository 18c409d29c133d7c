"""Operators over the functions that serve them: what they set is live, versioned, on record, and can be taken back."""

from aggregator.auth.caller import Caller
from aggregator.billing.price import Price, Tier
from aggregator.contracts.catalogue_changed import CatalogueChanged
from aggregator.orchestrator import wiring
from aggregator.orchestrator.api import ListedModel
from aggregator.orchestrator.price_versions import price_versions
from aggregator.orchestrator.read_catalogue import CatalogueReader
from aggregator.runtime import clock
from aggregator.runtime.aws import Aws
from tests.integration.orchestrator.operators_desk import NEW_MODEL, Desk


def versions(aws: Aws) -> dict[tuple[str, str, str], Price]:
    current = CatalogueReader(aws, "OrchestratorTable").current(clock.now())
    return {(model, provider, price.version): price for model, provider, price in price_versions(current)}


def test_a_new_model_is_live_with_its_price(desk: Desk, aws: Aws) -> None:
    status, said = desk.put_model("my-model", NEW_MODEL)

    selection = CatalogueReader(aws, "OrchestratorTable").current(clock.now()).find("my-model")
    assert (status, said["version"], said["changed"]) == (200, 2, True)
    assert said["entry"]["prices"][0] | {"effectiveAt": "now", "asOf": "today"} == {
        "version": "first",
        "input": "0.20",
        "output": "0.80",
        "effectiveAt": "now",
        "asOf": "today",
    }
    assert [route.upstream_model for route in selection.routes] == ["gpt-4o-mini"]
    assert selection.model.price_at(clock.now()) == Price("first", input=200_000_000, output=800_000_000)


def test_the_same_again_makes_no_version_and_tells_nobody(desk: Desk) -> None:
    desk.put_model("my-model", NEW_MODEL)

    status, said = desk.put_model("my-model", NEW_MODEL)

    assert (status, said["version"], said["changed"]) == (200, 2, False)
    assert len(desk.bus.details) == 1


def test_a_price_is_a_new_version_and_the_old_one_stays(desk: Desk, aws: Aws) -> None:
    before = desk.model("gpt-4o-mini")["prices"]

    status, said = desk.put_model("gpt-4o-mini", {"price": {"input": "0.30", "output": "0.90"}})

    prices = said["entry"]["prices"]
    assert status == 200
    assert prices[:-1] == before
    assert (prices[-1]["input"], prices[-1]["version"][:2]) == ("0.30", "20")
    assert len(versions(aws)) == len({(each[0], each[1], each[2]) for each in versions(aws)})


def test_tools_and_service_tiers_have_a_price_that_everybody_is_shown(desk: Desk, aws: Aws) -> None:
    tier = {"aboveInputTokens": 1_000, "input": "0.20", "output": "0.60"}
    price = {
        "input": "0.30",
        "output": "0.90",
        "tools": {"web_search": "0.01", "web_fetch": "0"},
        "serviceTiers": {"flex": {"input": "0.15", "output": "0.45", "tiers": [tier]}},
    }

    status, said = desk.put_model("gpt-4o-mini", {"price": price})

    model = CatalogueReader(aws, "OrchestratorTable").current(clock.now()).model("gpt-4o-mini")
    in_force = model.price_at(clock.now())
    shown = {name: said["entry"]["prices"][-1][name] for name in price}
    assert (status, shown) == (200, price | {"tools": {"web_search": "0.01", "web_fetch": "0.00"}})
    assert in_force.tools == (("web_fetch", 0), ("web_search", 10_000_000))
    assert in_force.in_service_tier("flex").tiers == (
        Tier(above_input_tokens=1_000, input=200_000_000, output=600_000_000),
    )
    assert ListedModel.of(model, clock.now(), Caller("k", "u", price_percent=200)).prices.model_dump(
        by_alias=True, include={"tools", "service_tiers"}
    ) == {
        "tools": {"web_fetch": "0.00", "web_search": "0.02"},
        "serviceTiers": {
            "flex": {
                "input": "0.30",
                "output": "0.90",
                "tiers": ({"aboveInputTokens": 1_000, "input": "0.40", "output": "1.20"},),
            }
        },
    }


def test_a_price_to_come_is_not_in_force_yet(desk: Desk, aws: Aws) -> None:
    coming = {
        "version": "next-year",
        "effectiveAt": "2999-01-01T00:00:00Z",
        "input": "9.00",
        "output": "9.00",
    }
    in_force = desk.model("gpt-4o-mini")["prices"][-1]["version"]

    status, _ = desk.put_model("gpt-4o-mini", {"price": coming})

    model = CatalogueReader(aws, "OrchestratorTable").current(clock.now()).model("gpt-4o-mini")
    assert status == 200
    assert model.price_at(clock.now()).version == in_force


def test_a_price_version_never_changes(desk: Desk) -> None:
    desk.put_model("my-model", NEW_MODEL)
    other = {"version": "first", "input": "0.01", "output": "0.01"}

    status, said = desk.put_model("my-model", {"price": other})

    assert (status, said["error"]["code"], said["error"]["param"]) == (409, "conflict", "price.version")


def test_routes_are_replaced_and_a_route_keeps_its_own_prices(desk: Desk) -> None:
    own = {"provider": "groq", "upstreamModel": "x", "price": {"input": "0.10", "output": "0.10"}}
    desk.put_model("my-model", NEW_MODEL | {"routes": [NEW_MODEL["routes"][0], own]})

    status, said = desk.put_model(
        "my-model", {"routes": [{"provider": "groq", "upstreamModel": "y", "weight": 5, "order": 1}]}
    )

    (route,) = said["entry"]["routes"]
    assert status == 200
    assert (route["upstreamModel"], route["weight"], route["order"]) == ("y", 5, 1)
    assert [price["input"] for price in route["prices"]] == ["0.10"]


def test_price_versions_of_what_is_gone_are_known_still(desk: Desk, aws: Aws) -> None:
    desk.put_model("my-model", NEW_MODEL)
    desk.put_model("gpt-4o-mini", {"price": {"version": "dear", "input": "5.00", "output": "5.00"}})

    status, said = desk("roll_back_catalogue", body={"version": 1})

    known = versions(aws)
    assert (status, said["version"]) == (200, 4)
    assert desk("get_model", {"model": "my-model"})[0] == 404
    assert known["my-model", "openai", "first"].input == 200_000_000
    assert known["gpt-4o-mini", "openai", "dear"].output == 5_000_000_000
    again = NEW_MODEL | {"price": {"version": "first", "input": "0.01", "output": "0.01"}}
    assert desk.put_model("my-model", again)[0] == 409


def test_a_roll_back_is_a_version_as_an_old_one_was_and_can_be_rolled_back_itself(
    desk: Desk, aws: Aws
) -> None:
    desk("put_alias", {"alias": "quick"}, {"model": "gpt-4o-mini", "strategy": "latency"})
    reader = CatalogueReader(aws, "OrchestratorTable", refresh_seconds=0)

    desk("roll_back_catalogue", body={"version": 1})
    without = dict(reader.current(clock.now()).aliases)
    desk("roll_back_catalogue", body={"version": 2})
    restored = reader.current(clock.now())

    assert "quick" not in without
    assert restored.version == 4
    assert restored.find("quick").strategy == "latency"


def test_a_version_that_never_was_cannot_come_back(desk: Desk) -> None:
    status, said = desk("roll_back_catalogue", body={"version": 99})

    assert (status, said["error"]["code"], said["error"]["param"]) == (404, "not_found", "version")


def test_what_was_changed_is_on_record_field_by_field(desk: Desk) -> None:
    desk.put_model("gpt-4o-mini", {"strategy": "weighted"})
    desk("put_alias", {"alias": "quick"}, {"model": "gpt-4o-mini"})

    _, all_of_them = desk("list_changes", query={"limit": "2"})
    _, older = desk("list_changes", query={"limit": "2", "cursor": str(all_of_them["nextCursor"])})
    _, of_model = desk("list_changes", query={"model": "gpt-4o-mini"})

    newest, before = all_of_them["data"]
    assert (newest["version"], newest["added"], newest["byKeyId"], newest["byUserId"]) == (
        3, ["alias quick"], "admin", "admin",
    )  # fmt: skip
    assert (before["action"], before["changed"]) == ("put", ["model gpt-4o-mini"])
    assert before["fields"]["model gpt-4o-mini"] == {
        "strategy": {"from": None, "to": "weighted"},
        "origin": {"from": "file", "to": "operator"},
    }
    assert [(each["version"], each["action"]) for each in older["data"]] == [(1, "load")]
    assert [each["version"] for each in of_model["data"]] == [2, 1]


def test_every_version_is_told_on_the_bus_in_the_contracts_words(desk: Desk) -> None:
    desk.put_model("gpt-4o-mini", {"strategy": "weighted"})

    (detail,) = desk.bus.details
    told = CatalogueChanged.model_validate(detail)
    assert (told.catalogue_version, told.action, told.changed) == (2, "put", ["model gpt-4o-mini"])
    assert told.model_dump(by_alias=True) == detail


def test_a_bus_that_is_down_undoes_no_change(desk: Desk) -> None:
    desk.bus.down = True

    status, said = desk.put_model("gpt-4o-mini", {"strategy": "weighted"})

    assert (status, said["changed"]) == (200, True)
    assert desk.model("gpt-4o-mini")["strategy"] == "weighted"


def test_a_change_over_another_version_than_the_one_named_is_refused(desk: Desk) -> None:
    first, _ = desk.put_model("gpt-4o-mini", {"strategy": "weighted"}, **{"If-Match": '"1"'})
    second, said = desk.put_model("gpt-4o-mini", {"strategy": "latency"}, **{"If-Match": '"1"'})
    unread, what = desk.put_model("gpt-4o-mini", {"strategy": "latency"}, **{"If-Match": "yesterday"})

    assert (first, second, said["error"]["code"]) == (200, 409, "conflict")
    assert (unread, what["error"]["param"]) == (400, "If-Match")


def test_fields_of_a_provider_that_are_left_out_stay(desk: Desk) -> None:
    _, before = desk("list_providers")
    openai = next(each for each in before["data"] if each["id"] == "openai")

    status, said = desk("put_provider", {"provider": "openai"}, {"timeoutSeconds": 30})

    assert status == 200
    assert said["entry"] == openai | {"timeoutSeconds": 30, "origin": "operator"}


def test_how_long_a_provider_may_be_silent_is_changed_within_bounds(desk: Desk) -> None:
    status, said = desk(
        "put_provider", {"provider": "openai"}, {"silenceSeconds": 45, "reasoningSilenceSeconds": 900}
    )
    refused, why = desk("put_provider", {"provider": "openai"}, {"silenceSeconds": 0})

    assert (status, refused) == (200, 400)
    assert (said["entry"]["silenceSeconds"], said["entry"]["reasoningSilenceSeconds"]) == (45, 900)
    assert why["error"]["param"] == "silenceSeconds"


def test_which_files_a_provider_fetches_is_changed_by_their_endings(desk: Desk) -> None:
    fetches = {"image": ["*"], "file": ["pdf"], "httpsOnly": True, "notFrom": ["example.com"]}

    status, said = desk("put_provider", {"provider": "openai"}, {"fetches": fetches})
    refused, why = desk("put_provider", {"provider": "openai"}, {"fetches": {"image": ["*.png"], "file": []}})
    half, what = desk("put_provider", {"provider": "openai"}, {"fetches": {"image": ["*"]}})

    assert (status, said["entry"]["fetches"]) == (200, fetches)
    assert (refused, why["error"]["param"]) == (400, "fetches.image.0")
    assert (half, what["error"]["param"]) == (400, "fetches.file")


def test_an_alias_comes_and_goes(desk: Desk) -> None:
    made, _ = desk("put_alias", {"alias": "quick"}, {"model": "gpt-4o-mini"})
    wrong, said = desk("put_alias", {"alias": "quick"}, {"model": "nothing"})
    shadow, what = desk("put_alias", {"alias": "gpt-4o"}, {"model": "gpt-4o-mini"})
    gone, _ = desk("delete_alias", {"alias": "quick"})
    again, _ = desk("delete_alias", {"alias": "quick"})

    assert (made, gone, again) == (200, 200, 404)
    assert (wrong, said["error"]["param"]) == (400, "model")
    assert (shadow, what["error"]["param"]) == (400, "alias")


def test_a_load_leaves_alone_what_an_operator_set_and_forgets_no_price(desk: Desk, aws: Aws) -> None:
    desk.put_model("gpt-4o-mini", {"price": {"version": "dear", "input": "5.00", "output": "5.00"}})

    loaded = wiring.load({"by": "deployment"})

    assert loaded["changed"] is False
    assert versions(aws)["gpt-4o-mini", "openai", "dear"].input == 5_000_000_000
