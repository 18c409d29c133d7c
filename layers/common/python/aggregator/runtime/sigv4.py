"""AWS Signature Version 4 over a request's headers and body.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple


class Credentials(NamedTuple):
    """What a request is signed with. `session_token` is None for a user's own, long-lived key."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


class Signer:
    """Signs requests to one service in one region. The key derived for a day is kept for that day."""

    def __init__(self, service: str, region: str) -> None:
        self._service = service
        self._region = region
        self._day_key: tuple[str, str, bytes] = ("", "", b"")

    def sign(
        self,
        headers: Mapping[str, str],
        body: bytes,
        credentials: Credentials,
        *,
        at: float,
        path: str = "/",
        method: str = "POST",
    ) -> dict[str, str]:
        """`headers` of a request with those that prove its sender; every one of them is signed, and so is `body`.

        `at` is seconds since the epoch; AWS takes a signature for five minutes. Names must be in lower case,
        values without spaces at their ends or in pairs, and `path` free of anything that needs escaping.
        """
        moment = _moment(int(at))
        signed = {**headers, "x-amz-date": moment}
        if credentials.session_token is not None:
            signed["x-amz-security-token"] = credentials.session_token
        lines = "\n".join(map(":".join, sorted(signed.items())))
        signed_names = ";".join(sorted(signed))
        digest = hashlib.sha256(body).hexdigest()
        canonical = f"{method}\n{path}\n\n{lines}\n\n{signed_names}\n{digest}"

        day = moment[:8]
        scope = f"{day}/{self._region}/{self._service}/aws4_request"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashed}"
        key = self._key(day, credentials.secret_access_key)
        signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
        signed["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={credentials.access_key_id}/{scope}, "
            f"SignedHeaders={signed_names}, Signature={signature}"
        )
        return signed

    def _key(self, day: str, secret: str) -> bytes:
        kept_day, kept_secret, key = self._day_key
        if (kept_day, kept_secret) != (day, secret):
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._day_key = (day, secret, key)  # one assignment, so threads never see halves
        return key


@lru_cache(maxsize=1)
def _moment(second: int) -> str:
    """A second as AWS writes it; the calls of a request are mostly of one."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
