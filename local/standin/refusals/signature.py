"""What AWS refuses of a call that has no signature of version 4. Whether a signature is right is not checked."""

import re

from local.standin.refusals.rules import Call

_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=\w+/(?P<day>\d{8})/[a-z0-9-]+/bedrock/aws4_request, ?"
    r"SignedHeaders=(?P<names>[a-z0-9;-]+), ?Signature=[0-9a-f]{64}"
)
_BEARER = re.compile(r"Bearer \S+")
_MUST_BE_SIGNED = {"host", "x-amz-date"}


def unsigned(call: Call) -> tuple[str, str] | None:
    """Why a call is refused, if it has neither a signature nor a key."""
    said = call.headers.get("authorization", "")
    if _BEARER.fullmatch(said):
        return None
    signed = _SIGNED.fullmatch(said)
    if signed is None:
        return "", "Missing Authentication Token"
    names = signed["names"].split(";")
    if not set(names) >= _MUST_BE_SIGNED or names != sorted(names):
        return "", "'Host' and 'X-Amz-Date' must be among the signed headers, in order."
    if not call.headers.get("x-amz-date", "").startswith(signed["day"]):
        return "", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."
    missing = [name for name in names if name not in call.headers]
    return ("", f"Signed headers are not there: {', '.join(missing)}") if missing else None
