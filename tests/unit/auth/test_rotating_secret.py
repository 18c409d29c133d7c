from datetime import timedelta
from itertools import islice

import pytest

from aggregator.auth.rotating_secret import RotatingSecret
from aggregator.errors import StoreUnavailable
from aggregator.runtime.aws import AwsError
from tests.unit.auth.fakes import NOW, FakeSecretsManager


def seconds(count: int) -> timedelta:
    return timedelta(seconds=count)


def test_a_secret_is_read_once_in_five_minutes() -> None:
    manager = FakeSecretsManager("one")
    secret = RotatingSecret(manager, "the-secret")

    texts = [secret.current(NOW + seconds(after)) for after in (0, 1, 299)]

    assert texts == ["one", "one", "one"]
    assert manager.asked == ["AWSCURRENT"]


def test_after_five_minutes_a_new_version_is_seen() -> None:
    manager = FakeSecretsManager("one")
    secret = RotatingSecret(manager, "the-secret")
    secret.current(NOW)
    manager.rotate("two")

    assert secret.current(NOW + seconds(300)) == "two"


def test_the_previous_version_is_a_candidate_and_is_read_only_when_wanted() -> None:
    manager = FakeSecretsManager("two", "one")
    secret = RotatingSecret(manager, "the-secret")
    first = next(secret.candidates(NOW))
    asked_for_the_first = list(manager.asked)

    every = list(secret.candidates(NOW))

    assert first == "two"
    assert asked_for_the_first == ["AWSCURRENT"]
    assert every == ["two", "one"]
    assert manager.asked == ["AWSCURRENT", "AWSPREVIOUS"]


def test_a_secret_that_was_never_rotated_has_one_candidate() -> None:
    secret = RotatingSecret(FakeSecretsManager("one"), "the-secret")

    assert list(secret.candidates(NOW)) == ["one"]


def test_if_nothing_fits_a_new_version_is_looked_for_after_thirty_seconds() -> None:
    manager = FakeSecretsManager("one")
    secret = RotatingSecret(manager, "the-secret")
    list(secret.candidates(NOW))
    manager.rotate("two")

    early = list(secret.candidates(NOW + seconds(29)))
    later = list(secret.candidates(NOW + seconds(30)))

    assert early == ["one"]
    assert later == ["one", "two"]


def test_after_a_rotation_the_version_before_it_still_fits_at_once() -> None:
    manager = FakeSecretsManager("two", "one")
    secret = RotatingSecret(manager, "the-secret")
    secret.current(NOW)
    list(islice(secret.candidates(NOW + seconds(200)), 2))
    manager.rotate("three")

    after = list(secret.candidates(NOW + seconds(300)))

    assert after == ["three", "two"]


def test_wrong_keys_cost_no_more_than_one_look_in_thirty_seconds() -> None:
    manager = FakeSecretsManager("one")
    secret = RotatingSecret(manager, "the-secret")

    for after in range(60):
        list(secret.candidates(NOW + seconds(after)))

    assert manager.asked == ["AWSCURRENT", "AWSPREVIOUS", "AWSCURRENT"]


def test_a_fault_is_bridged_for_an_hour_and_then_told() -> None:
    manager = FakeSecretsManager("one")
    secret = RotatingSecret(manager, "the-secret")
    secret.current(NOW)
    manager.broken = True

    assert secret.current(NOW + seconds(3_599)) == "one"
    for after in range(3_600, 3_700):
        with pytest.raises(AwsError):
            secret.current(NOW + seconds(after))


def test_in_a_fault_the_secret_is_asked_for_every_thirty_seconds_and_not_each_time() -> None:
    manager = FakeSecretsManager("one")
    secret = RotatingSecret(manager, "the-secret")
    secret.current(NOW)
    manager.broken = True

    for after in range(300, 361):
        secret.current(NOW + seconds(after))

    assert len(manager.asked) == 1 + 3


def test_a_fault_before_the_first_read_is_told() -> None:
    manager = FakeSecretsManager("one")
    manager.broken = True

    with pytest.raises(AwsError):
        RotatingSecret(manager, "the-secret").current(NOW)


def test_an_empty_secret_opens_nothing() -> None:
    with pytest.raises(StoreUnavailable):
        list(RotatingSecret(FakeSecretsManager(""), "the-secret").candidates(NOW))
