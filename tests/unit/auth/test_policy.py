import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from aggregator.auth.caller import Caller, packed, unpacked
from aggregator.auth.policy import decide
from aggregator.errors import InvalidApiKey, StoreUnavailable
from aggregator.runtime.aws import AwsError
from tests.unit.auth.fakes import NOW

ARN = "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/dev/POST/v1/chat/completions"
EVENT: dict[str, Any] = {
    "type": "REQUEST",
    "methodArn": ARN,
    "headers": {"Authorization": "Bearer the-secret-key"},
    "requestContext": {"requestId": "11112222", "requestTimeEpoch": 1_795_435_200_000},
}
CALLER = Caller(key_id="someKeyOfAnn", user_id="ann", scopes=("inference",))

Prove = Callable[[str, datetime], Caller]


def proves(_token: str, _now: datetime) -> Caller:
    return CALLER


def raises(problem: Exception) -> Prove:
    def prove(_token: str, _now: datetime) -> Caller:
        raise problem

    return prove


def test_a_proven_caller_may_call_the_whole_stage() -> None:
    policy = decide(EVENT, NOW, prove=proves, log=lambda _: None)

    assert policy == {
        "principalId": "ann",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Action": "execute-api:Invoke",
                    "Effect": "Allow",
                    "Resource": "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/dev/*",
                }
            ],
        },
        "context": {
            "caller": "eyJrZXlJZCI6InNvbWVLZXlPZkFubiIsInVzZXJJZCI6ImFubiIsInNjb3BlcyI6WyJpbmZlcmVuY2UiXX0"
        },
    }


def test_the_function_reads_the_same_caller_from_the_context() -> None:
    policy = decide(EVENT, NOW, prove=proves, log=lambda _: None)

    read = Caller.from_event({"requestContext": {"authorizer": policy["context"]}})

    assert read == CALLER


def test_a_refused_key_is_denied_with_the_message_for_its_sender() -> None:
    refusal = InvalidApiKey("This API key has expired.")

    policy = decide(EVENT, NOW, prove=raises(refusal), log=lambda _: None)

    assert policy == {
        "principalId": "anonymous",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Deny", "Resource": "*"}],
        },
        "context": {"message": "This API key has expired."},
    }


@pytest.mark.parametrize("fault", [AwsError("TimedOut", "8 s"), StoreUnavailable("not set up")])
def test_a_fault_is_raised_so_that_it_becomes_a_503(fault: Exception) -> None:
    lines: list[str] = []

    with pytest.raises(StoreUnavailable):
        decide(EVENT, NOW, prove=raises(fault), log=lines.append)

    assert [json.loads(line)["decision"] for line in lines] == ["fault"]


@pytest.mark.parametrize(
    ("prove", "said"),
    [
        (proves, {"level": "INFO", "decision": "allow", "key_id": "someKeyOfAnn", "user_id": "ann"}),
        (raises(InvalidApiKey("No.")), {"level": "INFO", "decision": "deny", "reason": "No."}),
    ],
)
def test_each_decision_is_one_line_with_the_request_id_and_without_the_key(
    prove: Prove, said: dict[str, str]
) -> None:
    lines: list[str] = []

    decide(EVENT, NOW, prove=prove, log=lines.append)

    assert [json.loads(line) for line in lines] == [
        {
            "timestamp": "2026-11-23T12:00:00.000Z",
            "step": "authorise",
            "request_id": "01a20846fe00-11112222",
            **said,
        }
    ]
    assert "the-secret-key" not in lines[0]


@pytest.mark.parametrize(
    "event",
    [
        {},
        [],
        None,
        "text",
        {"headers": {"Authorization": "Bearer k"}},
        {"headers": {"Authorization": "Bearer k"}, "methodArn": None},
        {"headers": {"Authorization": "Bearer k"}, "methodArn": "arn:aws:execute-api"},
        {"headers": {"Authorization": "Bearer k"}, "methodArn": "a/b/c"},
        {"headers": 1, "methodArn": ARN, "requestContext": 1},
        {"methodArn": ARN, "requestContext": {"requestTimeEpoch": "soon", "requestId": []}},
    ],
)
def test_a_malformed_event_is_denied(event: Any) -> None:
    lines: list[str] = []

    policy = decide(event, NOW, prove=proves, log=lines.append)

    assert policy["policyDocument"]["Statement"][0]["Effect"] == "Deny"
    assert len(lines) == 1


def test_whatever_the_caller_is_the_context_is_letters_digits_dashes_and_underscores() -> None:
    caller = Caller(
        key_id="k1",
        user_id='a"n\\nü\U0001f600>?~',
        allowed_models=("gpt-4o*", "ÿþ??>>"),
        aliases={"fast": "groq/gpt-oss-20b"},
        limits={"requestsPerMinute": 60},
    )

    context = caller.to_context()

    assert set(context) == {"caller"}
    assert re.fullmatch("[A-Za-z0-9_-]+", context["caller"])
    assert Caller.from_event({"requestContext": {"authorizer": context}}) == caller


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_a_text_of_any_length_is_read_again(length: int) -> None:
    said = {"userId": "u" * length}

    assert unpacked(packed(said)) == said
    assert "=" not in packed(said)
