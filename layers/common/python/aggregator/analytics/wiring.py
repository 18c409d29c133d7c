"""The analytics domain put together from the environment: built once, kept for as long as the process lives."""

import os
from functools import cache

from aggregator.analytics.store import CubeStore
from aggregator.runtime.boto_client import BotoClient
from aggregator.runtime.signed_client import SignedClient


@cache
def cube() -> CubeStore:
    """The cube in the table `ANALYTICS_TABLE`."""
    return CubeStore(BotoClient("dynamodb"), os.environ["ANALYTICS_TABLE"])


@cache
def reader() -> CubeStore:
    """The same for who reads thousands of cells: boto3 takes ten times longer to read an answer."""
    return CubeStore(SignedClient("dynamodb"), os.environ["ANALYTICS_TABLE"])
