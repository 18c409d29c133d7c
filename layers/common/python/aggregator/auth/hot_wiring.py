"""Collaborators of the authorizer, without boto3; with wiring.py the only reader of this domain's environment."""

import os
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from aggregator.auth.authorise import ProvenCallers, authorise
from aggregator.auth.policy import decide
from aggregator.auth.rotating_secret import RotatingSecret
from aggregator.auth.store import KeyStore
from aggregator.errors import JsonObject
from aggregator.runtime import clock, log
from aggregator.runtime.signed_client import SignedClient, Timeouts

if TYPE_CHECKING:
    from aggregator.identity.standing import Standing

# A decision reads a secret and the key, with time for a second try, within the function's 5 seconds; what is noted
# after it gets one short try, for the client waits.
_DECISION = Timeouts(connect=0.5, attempt=1.0, total=2.0)
_NOTES = Timeouts(connect=0.3, attempt=0.3, total=0.5)


@cache
def prove() -> "partial[Any]":
    """`authorise` with what it needs; made once for each environment."""
    table = os.environ["AUTH_TABLE"]
    dynamodb = SignedClient("dynamodb", timeouts=_DECISION)
    secrets_manager = SignedClient("secretsmanager", timeouts=_DECISION)

    def standing_of(team_id: str, user_id: str) -> "Standing | None":
        from aggregator.identity.standing import standing_of  # noqa: PLC0415 (most keys charge no team)

        return standing_of(dynamodb, os.environ["IDENTITY_TABLE"], team_id, user_id)

    return partial(
        authorise,
        environment=os.environ["ENVIRONMENT"],
        keys=KeyStore(dynamodb, table),
        notes=KeyStore(SignedClient("dynamodb", timeouts=_NOTES, attempts=1), table),
        pepper=RotatingSecret(secrets_manager, os.environ["PEPPER_SECRET"]),
        admin_key=RotatingSecret(secrets_manager, os.environ["ADMIN_KEY_SECRET"]),
        proven=ProvenCallers(),
        standing_of=standing_of,
    )


def answer(event: JsonObject) -> JsonObject:
    """Answer the authorizer's question now."""
    return decide(event, clock.now(), prove=prove(), log=_log)


def warm() -> None:
    """While Lambda starts this environment, read the pepper, and the certificates for it: later there is less CPU.

    What fails here is tried again by the first decision. Where Lambda does not start us, nothing happens.
    """
    if "AWS_LAMBDA_RUNTIME_API" not in os.environ:
        return
    try:
        prove().keywords["pepper"].current(clock.now())
    except Exception as failed:
        log.warning("not_warmed", reason=type(failed).__name__)


def _log(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - Lambda takes standard output as the log
