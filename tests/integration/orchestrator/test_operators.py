"""Operators over the functions that serve them: what they set is live, versioned, on record, and can be taken back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aggregator.billing.price import Price
from aggregator.contracts.catalogue_changed import CatalogueChanged
from aggregator.orchestrator import wiring
from aggregator.orchestrator.announce import CatalogueAnnouncer
from aggregator.orchestrator.price_versions import price_versions
from aggregator.orchestrator.read_catalogue import CatalogueReader
from aggregator.runtime import clock
from aggregator.runtime.aws import Aws, AwsError

JsonObject = dict[str, Any]

SAMPLES = Path(__file__).parents[3] / "events" / "apigateway"
USER = {"keyId": "k1", "userId": "ann", "scopes": ["inference", "models:read", "keys:manage"]}
NEW_MODEL: JsonObject = {
    "contextWindow": 32_768,
    "maxInputTokens": 32_768,
    "maxOutputTokens": 4_096,
    "routes": [{"provider": "openai", "upstreamModel": "gpt-4o-mini"}],
    "price": {"version": "first", "input": "0.20", "output": "0.80"},
}


_HANDLERS: dict[str, Any] = {}
"""Loaded once: nothing of a test stays in them."""


class Bus:
    """Takes every event, or refuses all."""

    def __init__(self) -> None:
        self.details: list[JsonObject] = []
        self.down = False

    def call(self, action: str, request: JsonObject) -> JsonObject:
        assert action == "PutEvents"
        if self.down:
            raise AwsError("InternalFailure")
        for entry in request["Entries"]:
            assert (entry["Source"], entry["DetailType"], entry["EventBusName"]) == (
                "aggregator.orchestrator",
                "catalogue_changed",
                "bus",
            )
            self.details.append(json.loads(entry["Detail"]))
        return {"FailedEntryCount": 0}


class Desk:
    """An operator's calls, each through its function."""

    def __init__(self, handler: Callable[[str], Any], bus: Bus) -> None:
        self._handler = handler
        self.bus = bus

    def __call__(
        self,
        function: str,
        path: JsonObject | None = None,
        body: Any = None,
        query: JsonObject | None = None,
        caller: JsonObject | None = None,
        **headers: str,
    ) -> tuple[int, Any]:
        event = json.loads((SAMPLES / f"orchestrator_{function}.json").read_text(encoding="utf-8"))
        for name, value in (path or {}).items():
            event["path"] = event["path"].rpartition("/")[0] + "/" + value
            event["pathParameters"] = {name: value}
        if body is not None:
            event["body"] = body if isinstance(body, str) else json.dumps(body)
        if query is not None:
            event["queryStringParameters"] = query
            event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()}
        if caller is not None:
            event["requestContext"]["authorizer"]["caller"] = json.dumps(caller)
        event["headers"] |= headers
        if function not in _HANDLERS:
            _HANDLERS[function] = self._handler(f"orchestrator/{function}")
        answer = _HANDLERS[function](event, None)
        return answer["statusCode"], json.loads(answer["body"])

    def put_model(self, model: str, body: Any, **headers: str) -> tuple[int, Any]:
        return self("put_model", {"model": model}, body, None, None, **headers)

    def model(self, model: str) -> JsonObject:
        status, said = self("get_model", {"model": model})
        assert status == 200, said
        entry: JsonObject = said["entry"]
        return entry


@pytest.fixture
def desk(aws: Aws, handler: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> Desk:
    assert aws is wiring.dynamodb()
    monkeypatch.setenv("ENVIRONMENT", "prod")
    bus = Bus()
    monkeypatch.setattr(wiring, "announcer", lambda: CatalogueAnnouncer(bus, "bus"))
    wiring.load({"by": "deployment"})
    return Desk(handler, bus)


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


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, None),
        ({"speed": "ludicrous"}, "speed"),
        ({"strategy": "luck"}, "strategy"),
        ({"routes": []}, "routes"),
        ({"routes": [{"provider": "nobody", "upstreamModel": "x"}]}, "routes.0.provider"),
        ({"routes": [{"provider": "openai", "upstreamModel": "x", "weight": 0}]}, "routes.0.weight"),
        ({"routes": [{"provider": "openai", "upstreamModel": "x"}] * 2}, "routes"),
        ({"price": {"input": "0.15"}}, "price.output"),
        ({"price": {"input": "-1", "output": "1"}}, "price.input"),
        ({"price": {"input": "0", "output": "1"}}, "routes.0.price.input"),
        ({"price": {"input": "1", "output": "1", "cachedInput": "2"}}, "routes.0.price.cachedInput"),
        (
            {"price": {"input": "1", "output": "1", "effectiveAt": "1960-01-01T00:00:00Z"}},
            "price.effectiveAt",
        ),
        ({"capabilities": ["vision", "chat"], "maxImageTokens": None}, "routes.0.maxImageTokens"),
        ({"contextWindow": 0}, "contextWindow"),
    ],
)
def test_what_is_wrong_is_named_by_its_field_and_nothing_changes(
    desk: Desk, body: JsonObject, param: str | None
) -> None:
    status, said = desk.put_model("gpt-4o-mini", body)

    assert (status, said["error"]["code"], said["error"]["param"]) == (400, "invalid_request", param)
    assert desk("list_providers")[1]["version"] == 1


def test_a_new_model_must_say_what_caps_its_cost(desk: Desk) -> None:
    status, said = desk.put_model("my-model", NEW_MODEL | {"maxOutputTokens": None})

    assert (status, said["error"]["param"]) == (400, "routes.0.maxOutputTokens")


@pytest.mark.parametrize(
    "url",
    [
        "http://llm.example.com/v1",
        "https://10.0.0.7/v1",
        "https://169.254.169.254/latest",
        "https://[::ffff:192.168.0.1]/v1",
        "https://[64:ff9b::10.0.0.1]/v1",
        "https://127.0.0.1:9001/v1",
        "http://localhost:9001/v1",
        "https://user@llm.example.com/v1",
        "ftp://llm.example.com",
        "https://llm.example.com:0/v1",
        "https://llm .example.com/v1",
    ],
)
def test_a_provider_is_reached_over_https_at_public_addresses_only(desk: Desk, url: str) -> None:
    status, said = desk("put_provider", {"provider": "my-llm"}, {"baseUrl": url})

    assert (status, said["error"]["param"]) == (400, "baseUrl")


def test_on_a_developers_machine_a_provider_may_run_beside_us(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "local")

    status, said = desk(
        "put_provider", {"provider": "my-llm"}, {"baseUrl": "http://127.0.0.1:11434/v1", "keyless": True}
    )

    assert (status, said["entry"]["keyless"], said["entry"]["timeoutSeconds"]) == (200, True, 600)


def test_requests_signed_with_the_platforms_role_go_to_aws_alone(desk: Desk) -> None:
    status, said = desk(
        "put_provider",
        {"provider": "bedrock-native"},
        {"protocol": "bedrock", "baseUrl": "https://evil.example"},
    )

    assert (status, said["error"]["param"]) == (400, "baseUrl")


def test_fields_of_a_provider_that_are_left_out_stay(desk: Desk) -> None:
    _, before = desk("list_providers")
    openai = next(each for each in before["data"] if each["id"] == "openai")

    status, said = desk("put_provider", {"provider": "openai"}, {"timeoutSeconds": 30})

    assert status == 200
    assert said["entry"] == openai | {"timeoutSeconds": 30, "origin": "operator"}


def test_an_alias_comes_and_goes(desk: Desk) -> None:
    made, _ = desk("put_alias", {"alias": "quick"}, {"model": "gpt-4o-mini"})
    wrong, said = desk("put_alias", {"alias": "quick"}, {"model": "nothing"})
    shadow, what = desk("put_alias", {"alias": "gpt-4o"}, {"model": "gpt-4o-mini"})
    gone, _ = desk("delete_alias", {"alias": "quick"})
    again, _ = desk("delete_alias", {"alias": "quick"})

    assert (made, gone, again) == (200, 200, 404)
    assert (wrong, said["error"]["param"]) == (400, "model")
    assert (shadow, what["error"]["param"]) == (400, "alias")


@pytest.mark.parametrize(
    ("function", "path"),
    [
        ("put_model", {"model": "my-model"}),
        ("get_model", {"model": "gpt-4o-mini"}),
        ("list_providers", None),
        ("put_provider", {"provider": "my-llm"}),
        ("put_alias", {"alias": "quick"}),
        ("delete_alias", {"alias": "fast"}),
        ("list_changes", None),
        ("roll_back_catalogue", None),
    ],
)
def test_nobody_but_an_admin_may(desk: Desk, function: str, path: JsonObject | None) -> None:
    status, said = desk(function, path, caller=USER)

    assert (status, said["error"]["code"]) == (403, "missing_scope")
    assert desk("list_providers")[1]["version"] == 1


def test_a_load_leaves_alone_what_an_operator_set_and_forgets_no_price(desk: Desk, aws: Aws) -> None:
    desk.put_model("gpt-4o-mini", {"price": {"version": "dear", "input": "5.00", "output": "5.00"}})

    loaded = wiring.load({"by": "deployment"})

    assert loaded["changed"] is False
    assert versions(aws)["gpt-4o-mini", "openai", "dear"].input == 5_000_000_000
