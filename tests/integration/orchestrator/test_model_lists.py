import json
from collections.abc import Callable
from typing import Any

import anthropic
import openai
import pytest

from aggregator.auth.caller import packed, unpacked
from aggregator.orchestrator import wiring
from aggregator.runtime.aws import Aws

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")

JsonObject = dict[str, Any]
Handler = Callable[[JsonObject, Any], JsonObject]

OURS = "apigateway/orchestrator_list_models.json"
OPENAI = "apigateway/proxy_list_models.json"


@pytest.fixture(autouse=True)
def loaded(aws: Aws) -> None:
    assert aws
    wiring.load({})


@pytest.fixture
def ask(handler: Callable[[str], Handler], sample: Callable[[str], JsonObject]) -> Callable[..., Any]:
    """Send a sample event to its function, with another path, query or caller; the status and the body."""

    def send(name: str, *, path: str = "", query: JsonObject | None = None, **caller: Any) -> Any:
        event = sample(name)
        event["path"] = path or event["path"]
        event["queryStringParameters"] = query
        event["multiValueQueryStringParameters"] = {key: [value] for key, value in (query or {}).items()}
        authorizer = event["requestContext"]["authorizer"]
        authorizer["caller"] = packed(unpacked(authorizer["caller"]) | caller)
        answer = handler(name.rpartition("/")[2].removesuffix(".json").replace("_", "/", 1))(event, None)
        return answer["statusCode"], json.loads(answer["body"])

    return send


def test_our_list_shows_prices_limits_and_routes_in_our_own_style(ask: Callable[..., Any]) -> None:
    status, body = ask(OURS)

    mini = next(model for model in body["models"] if model["id"] == "gpt-4o-mini")
    assert status == 200
    assert body["count"] == len(body["models"])
    assert body["version"] == 1
    assert mini["displayName"] == "GPT-4o mini"
    assert mini["providers"] == ["openai"]
    assert (mini["contextWindow"], mini["maxOutputTokens"]) == (128_000, 16_384)
    assert mini["prices"] == {
        "version": "2026-11-27",
        "currency": "USD",
        "per": 1_000_000,
        "input": "0.15",
        "output": "0.60",
        "cachedInput": "0.075",
        "tools": {
            "code_interpreter": "0.03",
            "code_interpreter_16g": "0.48",
            "code_interpreter_4g": "0.12",
            "code_interpreter_64g": "1.92",
            "web_search_preview": "0.025",
        },
        "serviceTiers": {"priority": {"input": "0.25", "output": "1.00", "cachedInput": "0.125"}},
    }
    assert "vision" in mini["capabilities"]


def test_our_list_can_be_filtered_by_provider_and_by_capability(ask: Callable[..., Any]) -> None:
    _, by_provider = ask(OURS, query={"provider": "groq"})
    _, by_capability = ask(OURS, query={"capability": "embeddings", "provider": "openai"})

    assert all("groq" in model["providers"] for model in by_provider["models"])
    assert 0 < by_provider["count"] < 20
    assert {model["id"] for model in by_capability["models"]} == {
        "text-embedding-3-large",
        "text-embedding-3-small",
        "text-embedding-ada-002",
    }


def test_a_capability_that_does_not_exist_is_refused(ask: Callable[..., Any]) -> None:
    status, body = ask(OURS, query={"capability": "telepathy"})

    assert (status, body["error"]["code"]) == (400, "invalid_request")
    assert "capability" in body["error"]["param"]


def test_the_public_list_has_the_fields_of_openai_and_of_anthropic(ask: Callable[..., Any]) -> None:
    status, body = ask(OPENAI)

    assert status == 200
    assert body["object"] == "list"
    assert {
        "id": "gpt-4o-mini",
        "object": "model",
        "created": 1_795_392_000,
        "owned_by": "openai",
        "type": "model",
        "display_name": "GPT-4o mini",
        "created_at": "2026-11-23T00:00:00.000Z",
        "lifecycle": "deprecated",
        "max_input_tokens": 128_000,
        "max_tokens": 16_384,
    } in body["data"]


def test_the_public_list_is_one_whole_page_for_anthropics_clients(ask: Callable[..., Any]) -> None:
    _, body = ask(
        OPENAI, path="/proxy/anthropic/v1/models", allowedModels=["gpt-4o-mini", "claude-haiku-4-5"]
    )
    _, none = ask(OPENAI, path="/proxy/anthropic/v1/models", allowedModels=["nothing"])

    ids = [model["id"] for model in body["data"]]
    assert sorted(ids) == ["claude-haiku-4-5", "gpt-4o-mini"]
    assert (body["has_more"], body["first_id"], body["last_id"]) == (False, ids[0], ids[1])
    assert (none["data"], none["has_more"], none["first_id"], none["last_id"]) == ([], False, None, None)


def test_the_public_list_reads_as_the_types_of_both_sdks(ask: Callable[..., Any]) -> None:
    _, body = ask(OPENAI)

    for model in body["data"]:
        openai.types.Model.model_validate(model, strict=True)
        anthropic.types.ModelInfo.model_validate_json(json.dumps(model), strict=True)


@pytest.mark.parametrize("surface", ["/v1", "/proxy/openai", "/proxy/anthropic/v1"])
@pytest.mark.parametrize(
    ("name", "model_id", "owner"),
    [
        ("gpt-4o-mini", "gpt-4o-mini", "openai"),
        ("openai/gpt-4o-mini", "gpt-4o-mini", "openai"),
        ("openai%2Fgpt-4o-mini", "gpt-4o-mini", "openai"),
        ("groq/openai/gpt-oss-20b", "gpt-oss-20b", "groq"),
        ("cheap", "gpt-6-luna", "openai"),
    ],
)
def test_a_model_is_read_by_any_of_its_names(
    ask: Callable[..., Any], surface: str, name: str, model_id: str, owner: str
) -> None:
    status, body = ask(OPENAI, path=f"{surface}/models/{name}")

    assert status == 200
    assert (body["id"], body["object"], body["owned_by"]) == (model_id, "model", owner)


def test_an_unknown_model_is_not_found_and_near_ones_are_named(ask: Callable[..., Any]) -> None:
    status, body = ask(OPENAI, path="/v1/models/gpt-4o-minni")

    assert (status, body["error"]["code"], body["error"]["param"]) == (404, "model_not_found", "model")
    assert "gpt-4o-mini" in body["error"]["message"]


def test_a_key_that_is_limited_to_models_sees_only_those(ask: Callable[..., Any]) -> None:
    _, ours = ask(OURS, allowedModels=["gpt-4o*"])
    _, openai = ask(OPENAI, allowedModels=["gpt-4o-mini"])
    status, _ = ask(OPENAI, path="/v1/models/o3", allowedModels=["gpt-4o-mini"])

    assert {model["id"].startswith("gpt-4o") for model in ours["models"]} == {True}
    assert ours["aliases"] == {}
    assert [model["id"] for model in openai["data"]] == ["gpt-4o-mini"]
    assert status == 404


@pytest.mark.parametrize(("name", "path"), [(OURS, ""), (OPENAI, ""), (OPENAI, "/v1/models/o3")])
def test_a_key_without_the_scope_is_refused(ask: Callable[..., Any], name: str, path: str) -> None:
    status, body = ask(name, path=path, scopes=["inference"])

    assert (status, body["error"]["code"]) == (403, "missing_scope")


def test_a_caller_that_nobody_proved_is_refused(
    handler: Callable[[str], Handler], sample: Callable[[str], JsonObject]
) -> None:
    event = sample(OURS)
    del event["requestContext"]["authorizer"]

    assert handler("orchestrator/list_models")(event, None)["statusCode"] == 401
