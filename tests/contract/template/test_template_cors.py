"""Pages of other origins: nothing while none is listed; a listed one is answered on every path that takes a key."""

import re

import pytest

from local.conditions import decided, filled, made
from tests.contract.template.stack import JsonObject, Stack

ONE = "https://app.example.com"
TWO = "https://app.example.com,http://localhost:5173"


def _headers_of_errors(stack: Stack, origins: str) -> dict[str, JsonObject]:
    body = filled(stack.api_body(CorsOrigins=origins), {"CorsOrigins": origins})
    return {
        kind: {
            name.removeprefix("gatewayresponse.header."): source
            for name, source in each["responseParameters"].items()
        }
        for kind, each in body["x-amazon-apigateway-gateway-responses"].items()
    }


def test_off_means_that_nothing_of_it_is_there(stack: Stack) -> None:
    there = made(stack.resources, decided(stack.conditions, stack.defaults))

    assert stack.defaults["CorsOrigins"] == ""
    assert {name for name in stack.resources if name.startswith("Cors")} & there.keys() == set()
    assert {method for methods in stack.api_body()["paths"].values() for method in methods} & {
        "options"
    } == set()
    for kind, headers in _headers_of_errors(stack, "").items():
        assert {name for name in headers if name.startswith("Access-Control") or name == "Vary"} == set(), (
            kind
        )


def test_on_every_path_that_takes_a_key_answers_a_preflight_that_has_none(stack: Stack) -> None:
    paths = stack.api_body(CorsOrigins=ONE)["paths"]
    answering = {path for path, methods in paths.items() if "options" in methods}
    keyed = {
        path
        for path, methods in paths.items()
        if any(each["security"] != [{"NONE": []}] for method, each in methods.items() if method != "options")
    }

    assert len(keyed) > 35
    assert keyed - answering == set(), "each wants a line in DefinitionBody of Api"
    assert answering - keyed == set()
    for path in keyed:
        preflight = paths[path]["options"]
        assert preflight["security"] == [{"NONE": []}], path
        assert (
            "CorsAnswerPreflightFunction.Arn"
            in preflight["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        )


def test_on_one_permission_serves_them_all(stack: Stack) -> None:
    allowed = [
        each["Properties"]
        for each in stack.of_type("Lambda::Permission").values()
        if each["Properties"]["FunctionName"] == {"Ref": "CorsAnswerPreflightFunction"}
    ]

    assert [each["SourceArn"]["Fn::Sub"].rpartition("${Api}")[2] for each in allowed] == ["/*/OPTIONS/*"]
    assert allowed[0]["Principal"] == "apigateway.amazonaws.com"


@pytest.mark.parametrize(
    ("origins", "allowed"), [(ONE, "'https://app.example.com'"), (TWO, "method.request.header.Origin")]
)
def test_on_each_error_of_api_gateway_itself_can_be_read_by_the_page(
    stack: Stack, origins: str, allowed: str
) -> None:
    headers = _headers_of_errors(stack, origins)

    assert len(headers) == 21
    for kind, each in headers.items():
        assert each["Access-Control-Allow-Origin"] == allowed, kind
        assert each["Vary"] == "'Origin'", kind
        assert (
            each["Access-Control-Expose-Headers"] == "'x-request-id, request-id, Retry-After, x-should-retry'"
        )
        assert "Access-Control-Allow-Credentials" not in each, kind


def test_every_function_learns_the_origins(stack: Stack) -> None:
    for name, each in stack.of_type("Lambda::Function").items():
        assert each["Properties"]["Environment"]["Variables"]["CORS_ORIGINS"] == {"Ref": "CorsOrigins"}, name


@pytest.mark.parametrize("origins", ["", ONE, TWO, "http://127.0.0.1:3000"])
def test_origins_are_taken_as_browsers_send_them(template: JsonObject, origins: str) -> None:
    assert re.fullmatch(template["Parameters"]["CorsOrigins"]["AllowedPattern"], origins)


@pytest.mark.parametrize(
    "origins",
    [
        "*", "https://*.example.com", "https://app.example.com/", "https://App.example.com", "app.example.com", "null",
        f"{ONE}, {ONE}", f"{ONE},", f",{ONE}", "ftp://a.example", "https://a.example:port", "https://a'b.example",
    ],
)  # fmt: skip
def test_what_no_browser_sends_and_what_would_let_all_in_is_refused(
    template: JsonObject, origins: str
) -> None:
    assert not re.fullmatch(template["Parameters"]["CorsOrigins"]["AllowedPattern"], origins)
