"""Where telemetry may go, and what an endpoint wants to see."""

import json

import pytest

from aggregator.runtime.aws import AwsError
from aggregator.telemetry.endpoint import Endpoint, Target, endpoint_of, problem_of
from aggregator.telemetry.secret import Known, OtlpSecret
from tests.fakes.scripted_aws import ScriptedAws


@pytest.mark.parametrize(
    "url",
    [
        "http://otlp.example.com",
        "ftp://otlp.example.com",
        "otlp.example.com",
        "https://",
        "https://10.0.0.7",
        "https://169.254.169.254/latest",
        "https://[fd00::1]",
        "https://127.0.0.1:4318",
        "http://127.0.0.1:4318",
        "http://localhost:4318",
        "https://user:secret@otlp.example.com",
        "https://otlp.example.com/?key=1",
        "https://otlp.example.com/#x",
        "https://otlp.example.com:0",
        "https://otlp.example.com/a b",
        "https://[",
    ],
)
def test_an_address_that_is_not_the_internets_is_none(url: str) -> None:
    assert problem_of(url, this_machine=False) != ""
    with pytest.raises(ValueError, match="OtlpEndpoint must"):
        endpoint_of(url, "traces,metrics", "eu-central-1")


def test_this_machine_is_one_where_the_embedded_run_is() -> None:
    assert problem_of("http://127.0.0.1:4318", this_machine=True) == ""
    assert problem_of("http://localhost:4318", this_machine=True) == ""
    assert problem_of("http://10.0.0.7:4318", this_machine=True) == "must be https"


def test_signals_have_paths_of_their_own_behind_the_address() -> None:
    base = "https://cloud.langfuse.com/api/public/otel"

    assert endpoint_of(f"{base}/", "traces", "eu-central-1") == Endpoint(Target(f"{base}/v1/traces"), None)
    assert endpoint_of(base, "metrics", "eu-central-1") == Endpoint(None, Target(f"{base}/v1/metrics"))


def test_cloudwatchs_are_those_of_the_region_under_two_services() -> None:
    assert endpoint_of("cloudwatch", "traces,metrics", "eu-central-1") == Endpoint(
        Target("https://xray.eu-central-1.amazonaws.com/v1/traces", "xray"),
        Target("https://monitoring.eu-central-1.amazonaws.com/v1/metrics", "monitoring"),
        is_cloudwatch=True,
    )
    there = endpoint_of("cloudwatch", "traces", "cn-north-1").traces
    assert there == Target("https://xray.cn-north-1.amazonaws.com.cn/v1/traces", "xray")


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def secret(*answers: object) -> tuple[OtlpSecret, ScriptedAws, Clock]:
    aws = ScriptedAws(
        *(each if isinstance(each, AwsError) else {"SecretString": json.dumps(each)} for each in answers)
    )
    clock = Clock()
    return OtlpSecret(aws, "stack/otlp", clock), aws, clock


def test_headers_are_read_once_in_five_minutes_and_when_they_are_said_to_be_wrong() -> None:
    one, aws, clock = secret({"headers": {"Authorization": "a"}, "userKey": "k"}, {"headers": {"X": "b"}})

    assert one.known() == Known({"Authorization": "a"}, "k")
    clock.seconds = 299
    assert one.known() == Known({"Authorization": "a"}, "k")
    assert one.known(anew=True) == Known({"X": "b"}, None)
    clock.seconds = 599
    one.known()
    assert len(aws.calls) == 3


def test_without_a_secret_nothing_is_shown() -> None:
    one, _, _ = secret(AwsError("ResourceNotFoundException"))

    assert one.known() == Known()


def test_a_secret_that_cannot_be_read_is_no_reason_to_send_without_it() -> None:
    one, _, _ = secret(AwsError("AccessDeniedException"))

    with pytest.raises(AwsError):
        one.known()


@pytest.mark.parametrize(
    "said",
    [
        [],
        "text",
        {"headers": ["a"]},
        {"headers": {"X": "a\r\nY: b"}},
        {"headers": {"X Y": "a"}},
        {"headers": {"Content-Type": "text/plain"}},
        {"headers": {"X": ""}},
        {"headers": {"X": " a"}},
    ],
)
def test_a_secret_that_is_no_headers_is_said_to_be_none(said: object) -> None:
    one, _, _ = secret(said)

    with pytest.raises(ValueError, match="stack/otlp"):
        one.known()
