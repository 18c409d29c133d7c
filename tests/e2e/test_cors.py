"""Pages of listed origins read every answer, also one of the gateway itself; the stack lists two of them."""

import pytest

from tests.e2e.caller import ApiCaller, Reply
from tests.e2e.conftest import LISTED, NewUser

PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-stainless-lang",
}


def allowed(reply: Reply) -> str | None:
    return reply.headers.get("Access-Control-Allow-Origin")


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models/gpt-4o-mini", "/billing/balance/demo"])
def test_a_preflight_needs_no_key_and_allows_a_listed_origin_alone(stranger: ApiCaller, path: str) -> None:
    listed = stranger.call("OPTIONS", path, **PREFLIGHT, Origin=LISTED)
    other = stranger.call("OPTIONS", path, **PREFLIGHT, Origin="https://evil.example")

    assert (listed.status, allowed(listed)) == (204, LISTED)
    assert listed.headers["Access-Control-Allow-Headers"] == PREFLIGHT["Access-Control-Request-Headers"]
    assert (other.status, [name for name in other.headers if name.startswith("Access-Control")]) == (204, [])


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (
            "/v1/chat/completions",
            {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]},
            200,
        ),
        ("/v1/chat/completions", {"model": "gpt-4o-mini"}, 400),
        ("/auth/api-keys", {"name": 1}, 400),
    ],
)
def test_answers_of_functions_streamed_or_not_can_be_read_by_a_listed_origin_alone(
    new_user: NewUser, path: str, body: dict[str, object], status: int
) -> None:
    user = new_user(scopes=["inference", "keys:manage"])

    listed = user.post(path, body, Origin=LISTED)
    other = user.post(path, body, Origin="https://evil.example")

    assert (listed.status, allowed(listed)) == (status, LISTED)
    assert "x-aggregator-cost-usd" in listed.headers["Access-Control-Expose-Headers"]
    assert (other.status, allowed(other)) == (status, None)
    assert "Origin" in other.headers["Vary"]


@pytest.mark.parametrize(
    ("path", "status"), [("/v1/chat/completions", 401), ("/auth/me", 401), ("/nothing/is/here", 404)]
)
def test_errors_of_the_gateway_itself_can_be_read_too(stranger: ApiCaller, path: str, status: int) -> None:
    reply = stranger.call("POST" if "chat" in path else "GET", path, Origin=LISTED)

    assert (reply.status, allowed(reply)) == (status, LISTED)
    assert "x-request-id" in reply.headers["Access-Control-Expose-Headers"]
    assert reply.headers["Vary"] == "Origin"


def test_a_body_that_is_too_large_says_so_to_the_page(new_user: NewUser) -> None:
    reply = new_user().post("/v1/chat/completions", {"model": "x" * 7_000_000}, Origin=LISTED)

    assert (reply.status, allowed(reply)) == (413, LISTED)
