"""A revoked key stops within a minute, by the real lifetimes of what remembers it."""

import sys

import pytest

from tests.e2e.revocation import Revocation


def test_a_key_that_was_in_use_is_revoked_at_once_for_its_owner(revocation: Revocation) -> None:
    assert revocation.before == {"a chat": 400, "a balance": 200}
    assert revocation.revoked in {200, 204}


@pytest.mark.parametrize("route", ["a chat", "a balance"])
def test_a_revoked_key_is_refused_within_60_seconds(revocation: Revocation, route: str) -> None:
    seconds, reply = revocation.refusals()[route]

    sys.stdout.write(f"let in for {seconds:.1f} s after the answer to DELETE\n")
    assert reply.json["error"]["code"] == "invalid_api_key"
    assert seconds <= 60
