"""Where a Bedrock model is called, and the proof of who calls: Signature Version 4 with the function's own role.

Standard library only. Source: Amazon Bedrock API Reference, "Converse", and IAM User Guide, "Create a signed AWS API
request": before it is signed, the path of a request is freed of empty segments and dots and percent-encoded once more,
and a header's value has its blanks reduced to single spaces.
"""

import os
import re
import time
from collections.abc import Mapping
from functools import cache
from urllib.parse import quote, urlsplit

from aggregator.errors import ProviderUnavailable
from aggregator.runtime.aws import AwsError
from aggregator.runtime.credentials import CredentialSource, LambdaCredentials
from aggregator.runtime.sigv4 import Signer

_REGION_IN_HOST = re.compile(r"bedrock-runtime(?:-fips)?\.([a-z]{2,3}(?:-[a-z]+)+-\d+)\.")
_role = LambdaCredentials()


def url_of(base_url: str, model_id: str, *, stream: bool) -> str:
    """Address of a model; an ARN is encoded into one segment of the path."""
    return f"{base_url}/model/{quote(model_id, safe='')}/{'converse-stream' if stream else 'converse'}"


def signed(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    credentials: CredentialSource = _role,
    at: float | None = None,
) -> dict[str, str]:
    """`headers` (lower case) of a POST to `url` with the signature; `at` is seconds since the epoch, now by default.

    Raises:
        ProviderUnavailable: this function has no credentials or no region to sign for.
    """
    parts = urlsplit(url)
    values = {name: " ".join(value.split()) for name, value in headers.items()}
    try:
        return _signer(_region(parts.netloc)).sign(
            {**values, "host": parts.netloc},
            body,
            credentials(),
            at=time.time() if at is None else at,
            path=quote(_straight(parts.path), safe="/~"),
        )
    except (AwsError, KeyError) as missing:
        raise ProviderUnavailable("Amazon Bedrock is not set up here.") from missing


def _straight(path: str) -> str:
    """The path that leads to the same place without empty segments and dots."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")


def _region(host: str) -> str:
    """The region that the host is in, or, where its name does not say (a test's server), the function's own."""
    found = _REGION_IN_HOST.search(host)
    return found[1] if found else os.environ["AWS_REGION"]


@cache
def _signer(region: str) -> Signer:
    return Signer("bedrock", region)
