"""Kept responses for the functions that read and delete them: off the hot path."""

import os
from functools import cache

from aggregator.proxy.answers.kept_store import KeptResponseStore
from aggregator.runtime.signed_client import SignedClient


@cache
def kept() -> KeptResponseStore:
    """The responses in the proxy's table."""
    return KeptResponseStore(SignedClient("dynamodb"), os.environ["PROXY_TABLE"])
