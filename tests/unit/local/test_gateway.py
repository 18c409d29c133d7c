import json
from typing import Any

import pytest

from local.gateway import Api, Authorizer, Route

ENVELOPE = '{"error":{"message":$context.error.messageString,"request_id":"$context.requestId"}}'

KEY_AUTHORIZER = Authorizer(
    name="Key",
    function="AuthFunction",
    identity_sources=("method.request.header.Authorization",),
    ttl_seconds=45,
)


def uri(function: str) -> dict[str, str]:
    return {
        "Fn::Sub": f"arn:${{AWS::Partition}}:apigateway:...:lambda:path/functions/${{{function}.Arn}}/invocations"
    }


def operation(function: str, *, needs_key: bool = True, **integration: Any) -> dict[str, Any]:
    return {
        "x-amazon-apigateway-integration": {"uri": uri(function), "type": "aws_proxy", **integration},
        "security": [{"Key": []}] if needs_key else [{"NONE": []}],
    }


def template(**paths: Any) -> dict[str, Any]:
    return {
        "Resources": {
            "Api": {
                "Type": "AWS::ApiGateway::RestApi",
                "Properties": {
                    "Body": {
                        "paths": {f"/{path.replace('__', '/')}": methods for path, methods in paths.items()},
                        "components": {
                            "securitySchemes": {
                                "Key": {
                                    "x-amazon-apigateway-authorizer": {
                                        "type": "request",
                                        "identitySource": "method.request.header.Authorization",
                                        "authorizerResultTtlInSeconds": 45,
                                        "authorizerUri": {
                                            "Fn::Sub": [
                                                "arn:...:functions/${__Arn__}/invocations",
                                                {"__Arn__": {"Fn::GetAtt": ["AuthFunction", "Arn"]}},
                                            ]
                                        },
                                    }
                                }
                            }
                        },
                        "x-amazon-apigateway-gateway-responses": {
                            "ACCESS_DENIED": {
                                "statusCode": "401",
                                "responseParameters": {
                                    "gatewayresponse.header.x-request-id": "context.requestId",
                                    "gatewayresponse.header.Cache-Control": "'no-store'",
                                },
                                "responseTemplates": {"application/json": ENVELOPE},
                            },
                            "DEFAULT_5XX": {"responseTemplates": {"application/json": ENVELOPE}},
                        },
                    }
                },
            },
            "AuthFunction": {"Type": "AWS::Lambda::Function"},
            "ChatFunction": {"Type": "AWS::Lambda::Function"},
            "ModelFunction": {"Type": "AWS::Lambda::Function"},
            "ChatFunctionAlias": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {"FunctionName": {"Ref": "ChatFunction"}},
            },
        }
    }


def api(**paths: Any) -> Api:
    return Api.of(template(**paths))


def test_a_route_is_read_with_its_function_time_out_and_authorizer() -> None:
    found = api(
        v1__chat={"post": operation("ChatFunction", responseTransferMode="STREAM", timeoutInMillis=900000)}
    )

    assert found.routes == (
        Route(
            method="POST",
            path="/v1/chat",
            function="ChatFunction",
            streams=True,
            timeout_seconds=900.0,
            authorizer=KEY_AUTHORIZER,
        ),
    )


def test_a_route_that_says_nothing_is_buffered_for_29_seconds_and_asks_for_no_key() -> None:
    found = api(health={"get": operation("ModelFunction", needs_key=False)})

    assert found.routes == (
        Route(method="GET", path="/health", function="ModelFunction", timeout_seconds=29.0),
    )


def test_a_function_behind_an_alias_is_found() -> None:
    found = api(chat={"post": operation("ChatFunctionAlias")})

    assert found.routes[0].function == "ChatFunction"


def test_a_method_without_an_integration_of_ours_is_no_route() -> None:
    found = api(chat={"options": {"x-amazon-apigateway-integration": {"type": "mock"}}})

    assert found.routes == ()


def test_a_fixed_segment_goes_before_a_parameter_and_that_before_a_greedy_one() -> None:
    found = api(
        **{
            "{any+}": {"get": operation("AuthFunction")},
            "models__{id}": {"get": operation("ModelFunction")},
            "models__all": {"get": operation("ChatFunction")},
        }
    )

    matched = [found.match("GET", path) for path in ("/models/all", "/models/gpt%2D4o", "/other/path")]

    assert [(match[0].function, match[1]) for match in matched if match] == [
        ("ChatFunction", {}),
        ("ModelFunction", {"id": "gpt-4o"}),
        ("AuthFunction", {"any": "other/path"}),
    ]


def test_another_method_or_a_longer_path_does_not_match() -> None:
    found = api(chat={"post": operation("ChatFunction")})

    assert found.match("GET", "/chat") is None
    assert found.match("POST", "/chat/more") is None


def test_an_any_method_takes_every_method() -> None:
    found = api(chat={"x-amazon-apigateway-any-method": operation("ChatFunction")})

    assert found.match("PATCH", "/chat") == (found.routes[0], {})


def test_the_gateways_own_answer_is_the_templates() -> None:
    answer = api().answer("ACCESS_DENIED", "r-1")

    assert answer.status == 401
    assert answer.headers == {
        "Content-Type": "application/json",
        "x-amzn-RequestId": "r-1",
        "x-request-id": "r-1",
        "Cache-Control": "no-store",
    }
    assert json.loads(answer.body) == {
        "error": {"message": "User is not authorized to access this resource", "request_id": "r-1"}
    }


def test_a_kind_without_an_answer_of_its_own_has_that_of_its_family() -> None:
    answer = api().answer("INTEGRATION_TIMEOUT", "r-1")

    assert answer.status == 504
    assert json.loads(answer.body)["error"]["message"] == "Endpoint request timed out"


def test_a_kind_of_which_the_template_says_nothing_has_the_gateways_default() -> None:
    answer = api().answer("UNAUTHORIZED", "r-1")

    assert (answer.status, answer.body) == (401, b'{"message":"Unauthorized"}')


@pytest.mark.parametrize(
    ("origin", "said"), [("https://app.example.com", {"https://app.example.com"}), (None, set())]
)
def test_an_answer_that_repeats_the_origin_says_none_where_there_is_none(
    origin: str | None, said: set[str]
) -> None:
    declared = template()
    body = declared["Resources"]["Api"]["Properties"]["Body"]
    denied = body["x-amazon-apigateway-gateway-responses"]["ACCESS_DENIED"]["responseParameters"]
    denied["gatewayresponse.header.Access-Control-Allow-Origin"] = "method.request.header.Origin"

    answer = Api.of(declared).answer("ACCESS_DENIED", "r-1", origin=origin)

    assert {value for name, value in answer.headers.items() if name == "Access-Control-Allow-Origin"} == said


def test_a_template_without_an_api_is_refused() -> None:
    with pytest.raises(ValueError, match="one REST API"):
        Api.of({"Resources": {"Table": {"Type": "AWS::DynamoDB::Table"}}})
