"""The HTTP edge off the hot path: validation, refusals and defects in the one envelope, under one request id."""

import json
from typing import Annotated, Any

import pytest
from aws_lambda_powertools.event_handler.openapi.params import Query

from aggregator.auth.caller import Caller
from aggregator.errors import STATUS_OF, ModelNotFound, RateLimitExceeded, Refusal
from aggregator.runtime.aws import AwsError, JsonObject
from aggregator.runtime.clock import from_iso
from aggregator.runtime.http import api, caller_of, serve
from aggregator.runtime.schema import Request, Response, UserIdInPath

REQUEST_ID = "019ab697e800-c6af9ac6-7b61"


class Inner(Request):
    deep_field: int


class Body(Request):
    user_name: str
    inner: Inner | None = None


class Answer(Response):
    user_name: str


class Asked(Request):
    group_by: str = "model"
    limit: int = 5


def event(
    method: str = "POST", path: str = "/things", body: Any = None, query: dict[str, str] | None = None
) -> JsonObject:
    return {
        "httpMethod": method,
        "path": path,
        "resource": path,
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {"Content-Type": ["application/json"]},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [each] for name, each in (query or {}).items()} or None,
        "requestContext": {
            "requestId": REQUEST_ID[13:],
            "requestTimeEpoch": 1_764_000_000_000,
            "identity": {"sourceIp": "192.0.2.1"},
            "authorizer": None,
        },
        "body": body if isinstance(body, str) or body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def answered(sent: JsonObject, failure: Exception | None = None) -> tuple[int, JsonObject, dict[str, str]]:
    app = api()

    @app.post("/things", status_code=201)
    def create(body: Body) -> Answer:
        if failure is not None:
            raise failure
        return Answer(user_name=body.user_name)

    @app.get("/things")
    def find(query: Annotated[Asked, Query()]) -> Answer:
        return Answer(user_name=f"{query.group_by}{query.limit}")

    @app.get("/things/<userId>")
    def read(userId: UserIdInPath) -> Answer:  # noqa: N803 - as the platform's paths are written
        return Answer(user_name=userId)

    answer = serve(app)(sent, None)
    headers = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
    return answer["statusCode"], json.loads(answer["body"]), headers


def test_a_good_request_is_answered_in_camel_case() -> None:
    status, body, headers = answered(event(body={"userName": "ann"}))

    assert (status, body) == (201, {"userName": "ann"})
    assert headers["x-request-id"] == REQUEST_ID
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "userName"),
        ({"userName": 5}, "userName"),
        ({"userName": "ann", "usrName": "x"}, "usrName"),
        ({"userName": "ann", "inner": {"deepField": "x"}}, "inner.deepField"),
        ({"userName": "ann", "inner": {"deepField": 1, "more": 2}}, "inner.more"),
    ],
)
def test_a_wrong_body_is_refused_by_the_fields_path(body: JsonObject, param: str) -> None:
    status, said, headers = answered(event(body=body))

    assert status == 400
    assert said["error"]["code"] == "invalid_request"
    assert said["error"]["param"] == param
    assert said["error"]["message"].startswith(f"{param}: ")
    assert said["error"]["request_id"] == headers["x-request-id"] == REQUEST_ID


@pytest.mark.parametrize("body", ["{", "nope", '{"userName": }'])
def test_a_body_that_is_no_json_is_refused(body: str) -> None:
    status, said, _ = answered(event(body=body))

    assert (status, said["error"]["message"], said["error"]["param"]) == (
        400,
        "The body is not valid JSON.",
        None,
    )


def test_an_empty_body_is_refused() -> None:
    status, said, _ = answered(event(body=None))

    assert (status, said["error"]["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("query", "param"), [({"limit": "x"}, "limit"), ({"groupBy": "a", "limit": "1.5"}, "limit")]
)
def test_a_wrong_query_is_refused_by_the_parameters_name(query: dict[str, str], param: str) -> None:
    status, said, _ = answered(event("GET", query=query))

    assert (status, said["error"]["param"]) == (400, param)


def test_a_wrong_path_parameter_is_refused_by_its_name() -> None:
    status, said, _ = answered(event("GET", "/things/a~b"))

    assert (status, said["error"]["param"]) == (400, "userId")


@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing"), ("DELETE", "/things")])
def test_what_is_not_there_is_a_404_in_the_envelope(method: str, path: str) -> None:
    status, said, headers = answered(event(method, path))

    assert (status, said["error"]["code"]) == (404, "not_found")
    assert headers["x-request-id"] == REQUEST_ID


@pytest.mark.parametrize("refusal", list(STATUS_OF), ids=lambda refusal: refusal.__name__)
def test_every_refusal_has_its_status_and_code(refusal: type[Refusal]) -> None:
    status, said, _ = answered(event(body={"userName": "ann"}), refusal("The reason.", param="field"))

    assert status == STATUS_OF[refusal]
    assert said["error"] == {
        "message": "The reason.",
        "type": said["error"]["type"],
        "param": "field",
        "code": refusal.code,
        "request_id": REQUEST_ID,
    }


def test_a_wait_is_told_in_a_header() -> None:
    _, _, headers = answered(
        event(body={"userName": "ann"}), RateLimitExceeded("Slower.", retry_after_seconds=7)
    )

    assert headers["Retry-After"] == "7"


@pytest.mark.parametrize("code", ["ThrottlingException", "TimedOut", "Unreachable", "InternalServerError"])
def test_a_store_that_is_busy_asks_to_come_again(code: str) -> None:
    status, said, headers = answered(event(body={"userName": "ann"}), AwsError(code, "internal words"))

    assert (status, said["error"]["code"], headers["Retry-After"]) == (503, "service_unavailable", "1")
    assert "internal words" not in json.dumps(said)


@pytest.mark.parametrize(
    "defect", [AwsError("ValidationException", "internal words"), ZeroDivisionError("internal words")]
)
def test_a_defect_leaks_nothing(defect: Exception) -> None:
    status, said, headers = answered(event(body={"userName": "ann"}), defect)

    assert (status, said["error"]["code"]) == (500, "internal_error")
    assert "internal words" not in json.dumps(said)
    assert headers["x-request-id"] == REQUEST_ID


def test_expected_refusals_are_no_errors_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    answered(event(body={"userName": "ann"}), ModelNotFound("No such model."))

    assert [(line.levelname, line.getMessage()) for line in caplog.records] == [
        ("INFO", "refused"),
        ("INFO", "request"),
    ]


class Gateway:
    """What `caller_of` reads of Powertools' event."""

    def __init__(self, caller: Caller | None) -> None:
        self.raw_event = event()
        self.raw_event["requestContext"]["authorizer"] = caller.to_context() if caller else None


def test_the_caller_is_who_the_authorizer_proved() -> None:
    caller = Caller("k1", "ann", allowed_ips=("192.0.2.0/24",))

    assert caller_of(Gateway(caller)) == caller  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("caller", "code"),
    [
        (None, "invalid_api_key"),
        (Caller("k1", "ann", expires_at=from_iso("2026-01-01T00:00:00Z")), "invalid_api_key"),
        (Caller("k1", "ann", allowed_ips=("198.51.100.0/24",)), "ip_not_allowed"),
    ],
)
def test_who_may_not_come_in_is_refused(caller: Caller | None, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        caller_of(Gateway(caller))  # type: ignore[arg-type]

    assert refused.value.code == code
