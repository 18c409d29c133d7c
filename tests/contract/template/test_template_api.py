"""The API: its routes, who may come in, and that every error it makes itself has the one envelope."""

import json

import pytest
from anthropic.types.shared import ErrorResponse

from aggregator.errors import STATUS_OF
from tests.contract.template.stack import JsonObject, Stack

Methods = dict[tuple[str, str], JsonObject]

PAGES = {
    ("GET", "/"),
    ("GET", "/console"),
    ("GET", "/console/{path+}"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "/favicon.ico"),
    ("GET", "/llms.txt"),
}
OPEN = {
    ("GET", "/health"),
    ("POST", "/billing/stripe-events"),
    ("POST", "/auth/sessions"),
    ("GET", "/auth/sign-in"),
    *PAGES,
}

# Anthropic's clients send `x-api-key` or `Authorization: Bearer`.
WITH_ANY_KEY = {
    ("POST", "/v1/messages"),
    ("POST", "/proxy/anthropic/v1/messages"),
    ("POST", "/v1/messages/count_tokens"),
    ("POST", "/proxy/anthropic/v1/messages/count_tokens"),
    ("POST", "/v1/quote"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/{model+}"),
    ("GET", "/proxy/anthropic/v1/models"),
    ("GET", "/proxy/anthropic/v1/models/{model+}"),
}

ROUTES = OPEN | {
    ("POST", "/auth/api-keys"),
    ("GET", "/auth/me"),
    ("GET", "/auth/api-keys"),
    ("GET", "/auth/api-keys/{keyId}"),
    ("PATCH", "/auth/api-keys/{keyId}"),
    ("DELETE", "/auth/api-keys/{keyId}"),
    ("POST", "/auth/api-keys/{keyId}/rotate"),
    ("POST", "/alerts/webhooks"),
    ("GET", "/alerts/webhooks"),
    ("DELETE", "/alerts/webhooks/{webhookId}"),
    ("GET", "/alerts/deliveries"),
    ("POST", "/alerts/deliveries/{deliveryId}/replay"),
    ("POST", "/identity/users"),
    ("GET", "/identity/users"),
    ("GET", "/identity/users/{userId}"),
    ("PATCH", "/identity/users/{userId}"),
    ("POST", "/identity/teams"),
    ("GET", "/identity/teams"),
    ("GET", "/identity/teams/{teamId}"),
    ("PATCH", "/identity/teams/{teamId}"),
    ("GET", "/identity/teams/{teamId}/members"),
    ("PUT", "/identity/teams/{teamId}/members/{userId}"),
    ("DELETE", "/identity/teams/{teamId}/members/{userId}"),
    ("GET", "/billing/balance/{userId}"),
    ("PATCH", "/billing/balance/{userId}"),
    ("GET", "/billing/balances"),
    ("GET", "/billing/plans"),
    ("GET", "/billing/plans/{planId}"),
    ("PUT", "/billing/plans/{planId}"),
    ("POST", "/billing/transaction"),
    ("GET", "/billing/transactions/{userId}"),
    ("GET", "/billing/focus"),
    ("GET", "/billing/margin"),
    ("GET", "/billing/requests"),
    ("GET", "/billing/receipts/{requestId}"),
    ("GET", "/billing/reconciliations"),
    ("POST", "/billing/topups"),
    ("PUT", "/billing/topups/automatic"),
    ("GET", "/billing/topups/automatic"),
    ("DELETE", "/billing/topups/automatic"),
    ("POST", "/billing/grants"),
    ("GET", "/billing/grants"),
    ("DELETE", "/auth/sessions"),
    ("POST", "/billing/codes"),
    ("GET", "/billing/codes"),
    ("DELETE", "/billing/codes/{codeId}"),
    ("POST", "/billing/codes/redeem"),
    ("GET", "/analytics/metrics"),
    ("GET", "/health/details"),
    ("GET", "/orchestrator/models"),
    ("GET", "/orchestrator/models/{model}"),
    ("PUT", "/orchestrator/models/{model}"),
    ("GET", "/orchestrator/providers"),
    ("PUT", "/orchestrator/providers/{provider}"),
    ("PUT", "/orchestrator/aliases/{alias}"),
    ("DELETE", "/orchestrator/aliases/{alias}"),
    ("GET", "/orchestrator/changes"),
    ("POST", "/orchestrator/rollback"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/{model+}"),
    ("GET", "/proxy/openai/models"),
    ("GET", "/proxy/openai/models/{model+}"),
    ("GET", "/proxy/anthropic/v1/models"),
    ("GET", "/proxy/anthropic/v1/models/{model+}"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/proxy/openai/chat/completions"),
    ("POST", "/v1/responses"),
    ("POST", "/proxy/openai/responses"),
    ("GET", "/v1/responses/{responseId}"),
    ("GET", "/proxy/openai/responses/{responseId}"),
    ("DELETE", "/v1/responses/{responseId}"),
    ("DELETE", "/proxy/openai/responses/{responseId}"),
    ("GET", "/v1/responses/{responseId}/input_items"),
    ("GET", "/proxy/openai/responses/{responseId}/input_items"),
    ("POST", "/v1/embeddings"),
    ("POST", "/proxy/openai/embeddings"),
    *WITH_ANY_KEY,
}

# Name, status, and what both OpenAI's and Anthropic's clients know: the type is one of Anthropic's, the code OpenAI's.
# Source: Amazon API Gateway developer guide, "Gateway response types for API Gateway".
RESPONSE_TYPES = {
    "ACCESS_DENIED": ("401", "authentication_error", "invalid_api_key"),
    "API_CONFIGURATION_ERROR": ("500", "api_error", "internal_error"),
    "AUTHORIZER_CONFIGURATION_ERROR": ("503", "api_error", "service_unavailable"),
    "AUTHORIZER_FAILURE": ("503", "api_error", "service_unavailable"),
    "BAD_REQUEST_BODY": ("400", "invalid_request_error", "invalid_request"),
    "BAD_REQUEST_PARAMETERS": ("400", "invalid_request_error", "invalid_request"),
    "DEFAULT_4XX": (None, "invalid_request_error", "invalid_request"),
    "DEFAULT_5XX": (None, "api_error", "internal_error"),
    "EXPIRED_TOKEN": ("401", "authentication_error", "invalid_api_key"),
    "INTEGRATION_FAILURE": ("502", "api_error", "service_unavailable"),
    "INTEGRATION_TIMEOUT": ("504", "timeout_error", "service_unavailable"),
    "INVALID_API_KEY": ("401", "authentication_error", "invalid_api_key"),
    "INVALID_SIGNATURE": ("401", "authentication_error", "invalid_api_key"),
    "MISSING_AUTHENTICATION_TOKEN": ("404", "not_found_error", "not_found"),
    "QUOTA_EXCEEDED": ("429", "rate_limit_error", "rate_limit_exceeded"),
    "REQUEST_TOO_LARGE": ("413", "invalid_request_error", "payload_too_large"),
    "RESOURCE_NOT_FOUND": ("404", "not_found_error", "not_found"),
    "THROTTLED": ("429", "rate_limit_error", "rate_limit_exceeded"),
    "UNAUTHORIZED": ("401", "authentication_error", "invalid_api_key"),
    "UNSUPPORTED_MEDIA_TYPE": ("415", "invalid_request_error", "invalid_request"),
    "WAF_FILTERED": ("403", "permission_error", "forbidden"),
}


@pytest.fixture(scope="module")
def body(stack: Stack) -> JsonObject:
    return stack.api_body()


@pytest.fixture(scope="module")
def methods(body: JsonObject) -> Methods:
    return {
        (method.upper(), path): each
        for path, those in body["paths"].items()
        for method, each in those.items()
    }


@pytest.fixture(scope="module")
def responses(body: JsonObject) -> JsonObject:
    responses: JsonObject = body["x-amazon-apigateway-gateway-responses"]
    return responses


def test_the_routes_are_the_published_ones(methods: Methods) -> None:
    assert set(methods) == ROUTES


def test_every_route_but_the_open_ones_asks_for_a_key(methods: Methods) -> None:
    asked = {route for route, each in methods.items() if each["security"] == [{"KeyAuthorizer": []}]}
    asked_either_way = {
        route for route, each in methods.items() if each["security"] == [{"AnyKeyAuthorizer": []}]
    }

    assert set(methods) - asked == OPEN | WITH_ANY_KEY
    assert asked_either_way == WITH_ANY_KEY
    assert all(methods[route]["security"] == [{"NONE": []}] for route in OPEN)


def test_the_authorizer_sees_the_header_and_its_answer_lives_for_45_seconds(body: JsonObject) -> None:
    authorizer = body["components"]["securitySchemes"]["KeyAuthorizer"]["x-amazon-apigateway-authorizer"]

    assert authorizer["type"] == "request"
    assert authorizer["identitySource"] == "method.request.header.Authorization"
    assert authorizer["authorizerResultTtlInSeconds"] == 45


def test_the_authorizer_of_either_header_is_the_same_and_keeps_nothing(body: JsonObject) -> None:
    schemes = body["components"]["securitySchemes"]
    one, other = (
        schemes[name]["x-amazon-apigateway-authorizer"] for name in ("KeyAuthorizer", "AnyKeyAuthorizer")
    )

    assert other["type"] == "request"
    assert other["authorizerUri"] == one["authorizerUri"]
    assert other["authorizerResultTtlInSeconds"] == 0
    assert not other.get("identitySource")


def test_generation_streams_for_up_to_15_minutes_and_pages_stream_for_their_bytes(methods: Methods) -> None:
    streaming = {
        route: each["x-amazon-apigateway-integration"].get("timeoutInMillis")
        for route, each in methods.items()
        if each["x-amazon-apigateway-integration"].get("responseTransferMode") == "STREAM"
    }

    assert streaming == {
        ("POST", "/v1/chat/completions"): 900_000,
        ("POST", "/proxy/openai/chat/completions"): 900_000,
        ("POST", "/v1/responses"): 900_000,
        ("POST", "/proxy/openai/responses"): 900_000,
        ("POST", "/v1/messages"): 900_000,
        ("POST", "/proxy/anthropic/v1/messages"): 900_000,
        ("POST", "/v1/embeddings"): 900_000,
        ("POST", "/proxy/openai/embeddings"): 900_000,
        **dict.fromkeys(PAGES),
    }


def test_the_default_endpoint_takes_forward_secret_tls_12_or_13_only(stack: Stack) -> None:
    api = stack.properties("Api")

    assert api["SecurityPolicy"] == {"Ref": "TlsPolicy"}
    assert stack.defaults["TlsPolicy"] == "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"
    assert api["EndpointAccessMode"] == "STRICT"
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


def test_one_stage_traced_throttled_and_logged_without_bodies(stack: Stack) -> None:
    ((_, stage),) = stack.of_type("ApiGateway::Stage").items()

    (settings,) = stage["Properties"]["MethodSettings"]
    assert stage["Properties"]["TracingEnabled"] is True
    assert settings["ThrottlingRateLimit"] == {"Ref": "RequestsPerSecond"}
    assert settings["DataTraceEnabled"] is False
    assert settings["LoggingLevel"] == "OFF"


def test_an_access_log_line_is_json_and_names_the_request(stack: Stack) -> None:
    ((_, stage),) = stack.of_type("ApiGateway::Stage").items()

    line = json.loads(stage["Properties"]["AccessLogSetting"]["Format"])

    assert line["requestId"] == "$context.requestId"
    assert not any("body" in value.lower() or "header." in value.lower() for value in line.values())


def test_every_kind_of_error_has_a_status_a_type_and_a_code(responses: JsonObject) -> None:
    found = {
        name: (
            each.get("statusCode"),
            json.loads(each["responseTemplates"]["application/json"])["error"]["type"],
            json.loads(each["responseTemplates"]["application/json"])["error"]["code"],
        )
        for name, each in responses.items()
    }

    assert found == RESPONSE_TYPES


def test_a_key_that_is_refused_is_not_tried_again(responses: JsonObject) -> None:
    """Claude Code would, eleven times, before it tells its user."""
    said = {
        name: each["responseParameters"].get("gatewayresponse.header.x-should-retry")
        for name, each in responses.items()
    }

    assert {name for name, value in said.items() if value == "'false'"} == {
        "ACCESS_DENIED",
        "EXPIRED_TOKEN",
        "INVALID_API_KEY",
        "INVALID_SIGNATURE",
        "UNAUTHORIZED",
    }


@pytest.mark.parametrize("name", RESPONSE_TYPES)
def test_an_error_of_api_gateway_has_the_one_envelope(responses: JsonObject, name: str) -> None:
    response = responses[name]

    said = json.loads(response["responseTemplates"]["application/json"])

    assert (set(said), said["type"], said["request_id"]) == (
        {"type", "error", "request_id"},
        "error",
        "$context.requestId",
    )
    assert set(said["error"]) == {"message", "type", "param", "code", "request_id"}
    assert said["error"]["request_id"] == "$context.requestId"
    for header in ("x-request-id", "request-id"):
        assert response["responseParameters"][f"gatewayresponse.header.{header}"] == "context.requestId"


@pytest.mark.parametrize("name", RESPONSE_TYPES)
def test_an_error_of_api_gateway_is_one_to_anthropics_types(responses: JsonObject, name: str) -> None:
    said = json.loads(responses[name]["responseTemplates"]["application/json"])

    read = ErrorResponse.model_validate(said, strict=True)

    assert (read.error.type, read.error.message) == (said["error"]["type"], said["error"]["message"])


def test_a_body_that_is_too_large_is_told_how_it_was_counted(responses: JsonObject) -> None:
    error = json.loads(responses["REQUEST_TOO_LARGE"]["responseTemplates"]["application/json"])["error"]

    assert error["message"] == (
        "The body is larger than the platform takes: 6 MB at most, "
        "in which each quote, backslash and line break counts twice."
    )


def test_codes_are_those_of_the_platforms_own_refusals(responses: JsonObject) -> None:
    own = {refusal.code for refusal in STATUS_OF}

    assert {code for _, _, code in RESPONSE_TYPES.values()} <= own
    assert set(responses) == set(RESPONSE_TYPES)


def test_what_may_pass_in_a_second_says_so(responses: JsonObject) -> None:
    retried = {
        name
        for name, each in responses.items()
        if "gatewayresponse.header.Retry-After" in each["responseParameters"]
    }

    assert retried == {
        "AUTHORIZER_CONFIGURATION_ERROR",
        "AUTHORIZER_FAILURE",
        "INTEGRATION_FAILURE",
        "INTEGRATION_TIMEOUT",
        "QUOTA_EXCEEDED",
        "THROTTLED",
    }
