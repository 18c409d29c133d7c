"""Collaborators of sign-in; with `described.py`, which needs fewer, the only reader of this domain's environment."""

import json
import os
import time
from datetime import datetime
from functools import cache

from aggregator.auth import wiring as auth
from aggregator.auth.issue import IssuedKey
from aggregator.errors import StoreUnavailable
from aggregator.identity import wiring as identity
from aggregator.identity.model import User
from aggregator.runtime.aws import Aws, AwsError
from aggregator.runtime.boto_client import BotoClient
from aggregator.signin import sessions
from aggregator.signin.api import CreateSessionRequest
from aggregator.signin.issuer import Issuer
from aggregator.signin.settings import SignIn, settings_in
from aggregator.signin.web import Web


def sign_in(body: CreateSessionRequest, *, now: datetime) -> tuple[IssuedKey, User]:
    """See `sessions.sign_in`.

    Raises:
        SignInOff: no issuer is set up.
    """
    proof = body.to_code() or str(body.id_token)
    return sessions.sign_in(
        proof,
        body.nonce,
        now=now,
        issuer=issuer(settings_in(os.environ)),
        nonces=identity.nonces(),
        people=identity,
        sessions=auth,
    )


@cache
def issuer(settings: SignIn) -> Issuer:
    """The issuer, with what is kept of it."""
    return Issuer(settings, Web(), time.monotonic, lambda: client_secret(BotoClient("secretsmanager")))


def client_secret(secrets: Aws) -> str | None:
    """The client's own secret at the issuer, `{"clientSecret": "..."}`: made by hand where the issuer wants one.

    It is read at each exchange: those are few, and a secret that was replaced is good at once.

    Raises:
        StoreUnavailable: the secret is no object with that field.
    """
    try:
        answer = secrets.call("GetSecretValue", {"SecretId": os.environ["SIGN_IN_SECRET"]})
        return str(json.loads(answer["SecretString"])["clientSecret"]).strip()
    except AwsError as refused:
        if refused.code != "ResourceNotFoundException":
            raise
        return None
    except (ValueError, KeyError, TypeError):
        raise StoreUnavailable("The platform is not set up completely.", retry_after_seconds=30) from None
