from datetime import timedelta
from typing import Any

import pytest

from aggregator.auth.audit import difference
from aggregator.auth.caller import Caller
from aggregator.auth.model import Grant, Secret
from aggregator.errors import Conflict, InvalidApiKey, InvalidRequest
from tests.unit.auth.fakes import NOW, a_key

HOUR = timedelta(hours=1)
MILLISECOND = timedelta(milliseconds=1)


def test_a_key_is_active_until_the_moment_it_expires() -> None:
    key, _ = a_key(expires_at=NOW + HOUR)

    states = [key.status(NOW + HOUR - MILLISECOND), key.status(NOW + HOUR)]

    assert states == ["active", "expired"]


def test_revoked_is_stronger_than_expired() -> None:
    key, _ = a_key(expires_at=NOW - HOUR, revoked_at=NOW - HOUR)

    assert key.status(NOW) == "revoked"


def test_a_rotated_key_has_two_live_secrets_until_the_overlap_is_over() -> None:
    key, _ = a_key()

    rotated = key.rotated("new-hash", NOW, HOUR)

    assert [len(rotated.live_secrets(NOW + after)) for after in (HOUR - MILLISECOND, HOUR)] == [2, 1]
    assert rotated.secrets[0] == Secret("new-hash", created_at=NOW)
    assert rotated.secrets[1].expires_at == NOW + HOUR
    assert rotated.secrets[1].hash == key.secrets[0].hash


def test_a_rotation_without_overlap_leaves_only_the_new_secret() -> None:
    key, _ = a_key()

    rotated = key.rotated("new-hash", NOW, timedelta(0))

    assert rotated.secrets == (Secret("new-hash", created_at=NOW),)


def test_a_second_rotation_within_the_overlap_cannot_end_the_secret_in_use() -> None:
    key, _ = a_key()
    once = key.rotated("first-hash", NOW, HOUR)

    with pytest.raises(Conflict, match="overlapSeconds 0"):
        once.rotated("second-hash", NOW + HOUR - MILLISECOND, HOUR)


def test_a_second_rotation_without_overlap_ends_both_secrets_at_once() -> None:
    key, _ = a_key()
    once = key.rotated("first-hash", NOW, HOUR)

    twice = once.rotated("second-hash", NOW, timedelta(0))

    assert [secret.hash for secret in twice.live_secrets(NOW)] == ["second-hash"]


def test_a_rotation_after_the_overlap_forgets_the_secret_that_is_over() -> None:
    key, _ = a_key()
    once = key.rotated("first-hash", NOW, HOUR)

    twice = once.rotated("second-hash", NOW + HOUR, HOUR)

    assert [secret.hash for secret in twice.secrets] == ["second-hash", "first-hash"]


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=30, seconds=1)])
def test_an_overlap_is_from_nothing_to_thirty_days(overlap: timedelta) -> None:
    key, _ = a_key()

    with pytest.raises(InvalidRequest) as refused:
        key.rotated("new-hash", NOW, overlap)

    assert refused.value.param == "overlapSeconds"


@pytest.mark.parametrize("end", [{"revoked_at": NOW}, {"expires_at": NOW}])
def test_a_key_that_is_over_is_not_rotated(end: dict[str, Any]) -> None:
    key, _ = a_key(**end)

    with pytest.raises(Conflict):
        key.rotated("new-hash", NOW, HOUR)


def test_revoking_twice_keeps_the_first_moment() -> None:
    key, _ = a_key()

    ended = key.revoked(NOW).revoked(NOW + HOUR)

    assert ended.revoked_at == NOW


def test_a_revoked_key_is_not_changed_any_more() -> None:
    key, _ = a_key(revoked_at=NOW)

    with pytest.raises(Conflict):
        key.granted(Grant(name="other", scopes=("inference",)))


def test_only_a_proven_secret_learns_why_it_is_refused() -> None:
    over = timedelta(hours=2)
    rotated = a_key()[0].rotated("new-hash", NOW, HOUR)
    cases = [
        (a_key(revoked_at=NOW)[0], "This API key has been revoked."),
        (a_key(expires_at=NOW + HOUR)[0], "This API key has expired."),
        (rotated, "This API key has been rotated: use its new secret."),
    ]

    for key, message in cases:
        with pytest.raises(InvalidApiKey) as refused:
            key.require_live(key.secrets[-1], NOW + over)
        assert refused.value.message == message


def test_the_caller_has_what_the_key_is_granted() -> None:
    key, _ = a_key(
        expires_at=NOW + HOUR,
        allowed_models=("gpt-4o*",),
        allowed_ips=("203.0.113.0/24",),
        limits={"requestsPerMinute": 60, "dailyBudgetNanoUsd": 5_000_000_000},
    )

    caller = key.caller()

    assert caller == Caller(
        key_id="someKeyOfAnn",
        user_id="ann",
        scopes=("inference", "models:read"),
        expires_at=NOW + HOUR,
        allowed_models=("gpt-4o*",),
        allowed_ips=("203.0.113.0/24",),
        limits={"requestsPerMinute": 60, "dailyBudgetNanoUsd": 5_000_000_000},
    )


def test_a_grant_too_long_for_the_authorizers_answer_is_refused() -> None:
    long_models = tuple(f"{number:03d}-{'m' * 124}" for number in range(50))
    fitting, _ = a_key(allowed_models=long_models[:38])
    too_long, _ = a_key(allowed_models=long_models, allowed_ips=tuple(f"198.51.{n}.0/24" for n in range(50)))

    fitting.require_portable()
    with pytest.raises(InvalidRequest, match="too long together"):
        too_long.require_portable()


def test_a_secret_and_a_key_print_without_the_hash() -> None:
    key, _ = a_key()

    assert key.secrets[0].hash not in repr(key)
    assert key.secrets[0].hash not in str(key.secrets[0])


def test_the_difference_of_two_grants_names_only_what_differs() -> None:
    before = Grant(name="laptop", scopes=("inference",), allowed_models=("gpt-4o*",))
    after = Grant(name="laptop", scopes=("inference",), limits={"tokensPerMinute": 9})

    assert difference(before, after) == {
        "allowedModels": {"from": ["gpt-4o*"], "to": None},
        "limits": {"from": {}, "to": {"tokensPerMinute": 9}},
    }
    assert difference(before, before) == {}
