import threading
from collections.abc import Callable
from typing import Any

import pytest

from local.authorizing import Authorizing, GatewayRefusal, allows
from local.gateway import Authorizer

ARN = "arn:aws:execute-api:us-east-1:000000000000:api1/local/POST/v1/chat"
AUTHORIZER = Authorizer("Key", "AuthFunction", ("method.request.header.Authorization",), ttl_seconds=45)


def policy(
    effect: str, resource: str = "arn:aws:execute-api:us-east-1:000000000000:api1/local/*"
) -> dict[str, Any]:
    return {"Statement": [{"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}]}


def event(token: str | None) -> dict[str, Any]:
    return {"headers": {"authorization": token} if token else {}, "requestContext": {"requestId": "r"}}


class FakeAuthorizer:
    """Allows tokens that start with `good`, fails on `boom`; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def __call__(self, function: str, asked: dict[str, Any]) -> dict[str, Any]:
        assert function == "AuthFunction"
        self.asked.append(asked)
        token = asked["headers"]["authorization"]
        if token == "boom":
            raise RuntimeError(token)
        effect = "Allow" if token.startswith("good") else "Deny"
        return {
            "principalId": "u1",
            "policyDocument": policy(effect),
            "context": {"caller": "{}", "admin": True},
        }


@pytest.fixture
def fake() -> FakeAuthorizer:
    return FakeAuthorizer()


def authorizing(fake: Callable[..., Any], now: list[float] | None = None) -> Authorizing:
    moment = now or [1000.0]
    return Authorizing(fake, clock=lambda: moment[0])


def kind_of_refusal(work: Callable[[], Any]) -> str:
    with pytest.raises(GatewayRefusal) as refused:
        work()
    return refused.value.kind


def test_the_authorizers_context_arrives_flat_and_as_text(fake: FakeAuthorizer) -> None:
    context = authorizing(fake).authorise(AUTHORIZER, event("good"), ARN)

    assert context == {"principalId": "u1", "caller": "{}", "admin": "true"}


def test_the_authorizer_is_told_the_method_and_that_it_is_a_request(fake: FakeAuthorizer) -> None:
    authorizing(fake).authorise(AUTHORIZER, event("good"), ARN)

    assert fake.asked == [event("good") | {"type": "REQUEST", "methodArn": ARN}]


def test_without_an_identity_nobody_is_asked(fake: FakeAuthorizer) -> None:
    kind = kind_of_refusal(lambda: authorizing(fake).authorise(AUTHORIZER, event(None), ARN))

    assert (kind, fake.asked) == ("UNAUTHORIZED", [])


def test_a_denied_key_is_access_denied(fake: FakeAuthorizer) -> None:
    assert (
        kind_of_refusal(lambda: authorizing(fake).authorise(AUTHORIZER, event("bad"), ARN)) == "ACCESS_DENIED"
    )


def test_an_authorizer_that_raises_is_an_authorizer_failure(fake: FakeAuthorizer) -> None:
    kind = kind_of_refusal(lambda: authorizing(fake).authorise(AUTHORIZER, event("boom"), ARN))

    assert kind == "AUTHORIZER_FAILURE"


def test_an_authorizer_that_answers_no_policy_is_a_configuration_error() -> None:
    kind = kind_of_refusal(
        lambda: authorizing(lambda *_: {"principalId": "u"}).authorise(AUTHORIZER, event("good"), ARN)
    )

    assert kind == "AUTHORIZER_CONFIGURATION_ERROR"


def test_one_answer_serves_all_methods_for_its_lifetime(fake: FakeAuthorizer) -> None:
    now = [1000.0]
    subject = authorizing(fake, now)

    subject.authorise(AUTHORIZER, event("good"), ARN)
    now[0] += 44.9
    subject.authorise(AUTHORIZER, event("good"), ARN.replace("POST/v1/chat", "GET/v1/models"))

    assert len(fake.asked) == 1


def test_after_its_lifetime_the_authorizer_is_asked_again(fake: FakeAuthorizer) -> None:
    now = [1000.0]
    subject = authorizing(fake, now)

    subject.authorise(AUTHORIZER, event("good"), ARN)
    now[0] += 45
    subject.authorise(AUTHORIZER, event("good"), ARN)

    assert len(fake.asked) == 2


def test_a_denial_is_remembered_too_and_failures_are_not(fake: FakeAuthorizer) -> None:
    subject = authorizing(fake)

    for token in ("bad", "bad", "boom", "boom"):
        kind_of_refusal(lambda token=token: subject.authorise(AUTHORIZER, event(token), ARN))  # type: ignore[misc]

    assert [asked["headers"]["authorization"] for asked in fake.asked] == ["bad", "boom", "boom"]


def test_another_key_is_another_identity(fake: FakeAuthorizer) -> None:
    subject = authorizing(fake)

    subject.authorise(AUTHORIZER, event("good one"), ARN)
    subject.authorise(AUTHORIZER, event("good two"), ARN)

    assert len(fake.asked) == 2


def test_a_lifetime_of_zero_asks_every_time(fake: FakeAuthorizer) -> None:
    subject = authorizing(fake)
    never = Authorizer("Key", "AuthFunction", ("method.request.header.Authorization",), ttl_seconds=0)

    subject.authorise(never, event("good"), ARN)
    subject.authorise(never, event("good"), ARN)

    assert len(fake.asked) == 2


def test_requests_that_come_at_once_wait_for_one_answer(fake: FakeAuthorizer) -> None:
    may_answer = threading.Event()

    def slow(function: str, asked: dict[str, Any]) -> dict[str, Any]:
        may_answer.wait(60)
        return fake(function, asked)

    subject = authorizing(slow)
    threads = [
        threading.Thread(target=subject.authorise, args=(AUTHORIZER, event("good"), ARN)) for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    may_answer.set()
    for thread in threads:
        thread.join()

    assert len(fake.asked) == 1


@pytest.mark.parametrize(
    ("document", "allowed"),
    [
        (policy("Allow"), True),
        (policy("Deny"), False),
        (policy("Allow", "arn:aws:execute-api:us-east-1:000000000000:api1/local/GET/*"), False),
        (policy("Allow", "arn:aws:execute-api:*:*:api1/local/POST/v1/cha?"), True),
        ({"Statement": policy("Allow")["Statement"] + policy("Deny", ARN)["Statement"]}, False),
        ({"Statement": []}, False),
        ({}, False),
    ],
)
def test_a_policy_is_evaluated_as_iam_does(document: dict[str, Any], allowed: bool) -> None:
    assert allows(document, ARN) is allowed
