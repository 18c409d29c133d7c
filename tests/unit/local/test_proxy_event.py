from datetime import UTC, datetime
from typing import Any

from local.gateway import Route
from local.proxy_event import Request, Stage, proxy_event

STAGE = Stage(api_id="api1", name="local", account="000000000000", region="us-east-1")
ROUTE = Route("POST", "/v1/things/{id}", "ThingFunction")


def request(**changes: Any) -> Request:
    values: dict[str, Any] = {
        "method": "POST",
        "target": "/v1/things/a?x=1&x=2&empty=",
        "headers": (("Authorization", "Bearer k"), ("X-Tag", "a"), ("X-Tag", "b"), ("User-Agent", "test")),
        "body": b'{"hello": "w\xc3\xb6rld"}',
        "source_ip": "127.0.0.1",
        "request_id": "11111111-2222-3333-4444-555555555555",
        "received_at": datetime(2026, 11, 23, 6, 19, 0, 123000, tzinfo=UTC),
    }
    return Request(**(values | changes))


def event(**changes: Any) -> dict[str, Any]:
    return proxy_event(request(**changes), ROUTE, {"id": "a"}, STAGE)


def test_the_event_names_the_route_and_what_was_called() -> None:
    found = event()

    assert found["resource"] == "/v1/things/{id}"
    assert found["path"] == "/v1/things/a"
    assert found["httpMethod"] == "POST"
    assert found["pathParameters"] == {"id": "a"}
    assert found["body"] == '{"hello": "wörld"}'
    assert found["isBase64Encoded"] is False


def test_of_repeated_values_the_last_counts_and_all_are_there() -> None:
    found = event()

    assert found["queryStringParameters"] == {"x": "2", "empty": ""}
    assert found["multiValueQueryStringParameters"] == {"x": ["1", "2"], "empty": [""]}
    assert found["headers"]["X-Tag"] == "b"
    assert found["multiValueHeaders"]["X-Tag"] == ["a", "b"]


def test_what_is_not_there_is_null() -> None:
    found = proxy_event(request(target="/v1", body=b""), ROUTE, {}, STAGE)

    assert found["queryStringParameters"] is None
    assert found["multiValueQueryStringParameters"] is None
    assert found["pathParameters"] is None
    assert found["body"] is None


def test_the_context_says_when_who_and_where() -> None:
    context = event()["requestContext"]

    assert context["requestTimeEpoch"] == 1795414740123
    assert context["requestTime"] == "23/Nov/2026:06:19:00 +0000"
    assert context["identity"] == {"sourceIp": "127.0.0.1", "userAgent": "test"}
    assert context["path"] == "/local/v1/things/a"
    assert context["requestId"] == "11111111-2222-3333-4444-555555555555"
    assert "authorizer" not in context


def test_a_client_cannot_make_up_its_address() -> None:
    found = event(headers=(("x-forwarded-for", "203.0.113.9"),))

    assert found["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"
    assert found["headers"]["X-Forwarded-For"] == "203.0.113.9, 127.0.0.1"


def test_the_trace_header_has_amazons_form() -> None:
    assert event()["headers"]["X-Amzn-Trace-Id"] == "Root=1-6b03dad4-111111112222333344445555"


def test_a_body_that_is_no_text_is_passed_as_api_gateway_passes_it() -> None:
    assert event(body=b"\xff")["body"] == "�"


def test_the_method_arn_names_the_stage_and_the_path() -> None:
    assert STAGE.method_arn(request()) == (
        "arn:aws:execute-api:us-east-1:000000000000:api1/local/POST/v1/things/a"
    )
