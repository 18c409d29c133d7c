import subprocess
import sys

import pytest

from aggregator.runtime.aws import AwsError
from aggregator.runtime.credentials import LambdaCredentials
from aggregator.runtime.signed_client import SignedClient, fraction


def test_a_start_pays_for_none_of_the_heavy_modules() -> None:
    heavy = {
        "boto3",
        "botocore",
        "http.client",
        "email",
        "ssl",
        "urllib.parse",
        "random",
        "dataclasses",
        "asyncio",
    }
    script = "import sys, aggregator.runtime.signed_client; print(*sys.modules)"

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603

    assert heavy & set(ran.stdout.split()) == set()


def test_credentials_are_those_in_the_environment_at_the_moment() -> None:
    environ = {"AWS_ACCESS_KEY_ID": "first", "AWS_SECRET_ACCESS_KEY": "s1", "AWS_SESSION_TOKEN": "t1"}
    credentials = LambdaCredentials(environ)
    before = credentials()

    environ |= {"AWS_ACCESS_KEY_ID": "second", "AWS_SECRET_ACCESS_KEY": "s2", "AWS_SESSION_TOKEN": ""}

    assert before == ("first", "s1", "t1")
    assert credentials() == ("second", "s2", None)


def test_without_credentials_nothing_is_sent() -> None:
    client = SignedClient(
        "dynamodb", region="eu-west-1", endpoint="http://127.0.0.1:1", credentials=LambdaCredentials({})
    )

    with pytest.raises(AwsError, match="Unreachable: there are no credentials in the environment"):
        client.call("GetItem", {"TableName": "t", "Key": {}})


def test_the_region_is_the_environments_unless_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)

    SignedClient("dynamodb", region="eu-west-1")
    with pytest.raises(KeyError, match="AWS_DEFAULT_REGION"):
        SignedClient("dynamodb")


def test_random_waits_are_spread_from_nothing_to_all() -> None:
    drawn = [fraction() for _ in range(2_000)]

    assert 0 <= min(drawn) < 0.05
    assert 0.95 < max(drawn) < 1
    assert 0.45 < sum(drawn) / len(drawn) < 0.55
