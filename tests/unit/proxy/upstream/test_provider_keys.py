"""The platform's keys at the providers: read once in five minutes, and kept while they cannot be read."""

import json
from typing import Any

import pytest

from aggregator.errors import StoreUnavailable
from aggregator.proxy.upstream.keys import ProviderKeys
from aggregator.runtime.aws import AwsError, JsonObject
from tests.fakes.chat_world import Clock
from tests.fakes.scripted_aws import ScriptedAws


def secret(keys: Any) -> JsonObject:
    return {"SecretString": json.dumps(keys)}


def keys_over(*script: JsonObject | AwsError) -> tuple[ProviderKeys, ScriptedAws, Clock]:
    aws, clock = ScriptedAws(*script), Clock()
    return ProviderKeys(aws, "provider-keys", clock.monotonic), aws, clock


def test_one_key_or_two_or_none() -> None:
    keys, aws, _ = keys_over(secret({"openai": "sk-1", "groq": ["new", "old"], "xai": "", "mistral": []}))

    assert [keys.of(each) for each in ("openai", "groq", "xai", "mistral", "unknown")] == [
        ("sk-1",),
        ("new", "old"),
        (),
        (),
        (),
    ]
    assert aws.calls == [("GetSecretValue", {"SecretId": "provider-keys"})]


def test_a_line_end_after_a_pasted_key_is_no_part_of_it() -> None:
    keys, _, _ = keys_over(secret({"openai": "sk-1\n", "groq": [" new", "old\r\n"]}))

    assert (keys.of("openai"), keys.of("groq")) == (("sk-1",), ("new", "old"))


def test_keys_are_read_again_after_five_minutes() -> None:
    keys, aws, clock = keys_over(secret({"openai": "before"}), secret({"openai": "after"}))

    seen = [keys.of("openai")]
    clock.seconds += 299
    seen.append(keys.of("openai"))
    clock.seconds += 1
    seen.append(keys.of("openai"))

    assert seen == [("before",), ("before",), ("after",)]
    assert len(aws.calls) == 2


@pytest.mark.parametrize(
    "broken",
    [
        AwsError("InternalServiceError"),
        {"SecretString": "not json"},
        {"SecretBinary": b""},
        {"SecretString": "[]"},
        {"SecretString": '{"openai": 5}'},
    ],
)
def test_the_last_keys_serve_on_for_an_hour_while_they_cannot_be_read(broken: JsonObject | AwsError) -> None:
    keys, aws, clock = keys_over(secret({"openai": "sk-1"}), *[broken] * 10_000)
    began = clock.seconds
    served = refused = 0

    for second in range(7_200):
        clock.seconds = began + second
        try:
            served += keys.of("openai") == ("sk-1",)
        except StoreUnavailable:
            refused += 1

    assert (served, refused) == (3_600, 3_600)
    assert len(aws.calls) == 1 + 3_300 // 30 + 3_600


def test_keys_that_can_be_read_again_are_used_within_half_a_minute() -> None:
    keys, _, clock = keys_over(
        secret({"openai": "before"}), AwsError("InternalServiceError"), secret({"openai": "after"})
    )
    keys.of("openai")
    clock.seconds += 300
    keys.of("openai")

    clock.seconds += 30

    assert keys.of("openai") == ("after",)


def test_keys_that_were_never_read_are_asked_for_each_time() -> None:
    keys, aws, _ = keys_over(AwsError("Unreachable"), AwsError("Unreachable"), secret({"openai": "sk-1"}))

    for _ in range(2):
        with pytest.raises(StoreUnavailable) as refused:
            keys.of("openai")

    assert refused.value.retry_after_seconds == 1
    assert keys.of("openai") == ("sk-1",)
    assert len(aws.calls) == 3


def test_no_key_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    keys, _, _ = keys_over({"SecretString": '{"openai": "sk-secret"'})

    with pytest.raises(StoreUnavailable):
        keys.of("openai")

    out = capsys.readouterr().out
    assert "provider_keys_unread" in out
    assert "sk-secret" not in out
