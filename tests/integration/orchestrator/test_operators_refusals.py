"""What operators may not do: each refusal names its field, and nothing changes."""

import pytest

from aggregator.auth import wiring
from aggregator.auth.caller import Caller, unpacked
from tests.integration.orchestrator.operators_desk import NEW_MODEL, Desk, JsonObject
from tests.keys import store_key_behind

USER = Caller("someKeyOfAnn", "ann", scopes=("inference", "models:read", "keys:manage"))


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
        ({"price": {"input": "1", "output": "1", "tools": {"web_surf": "1"}}}, "price.tools.web_surf"),
        ({"price": {"input": "1", "output": "1", "tools": {"web_search": "-1"}}}, "price.tools.web_search"),
        ({"price": {"input": "1", "output": "1", "serviceTiers": {"batch": {}}}}, "price.serviceTiers.batch"),
        (
            {"price": {"input": "1", "output": "1", "serviceTiers": {"flex": {"input": "1"}}}},
            "price.serviceTiers.flex.output",
        ),
        (
            {"price": {"input": "1", "output": "1", "serviceTiers": {"flex": {"input": "0", "output": "1"}}}},
            "routes.0.price.serviceTiers.flex.input",
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
    store_key_behind(USER, wiring.keys())

    status, said = desk(function, path, caller=unpacked(USER.to_context()["caller"]))

    assert (status, said["error"]["code"]) == (403, "missing_scope")
    assert desk("list_providers")[1]["version"] == 1
