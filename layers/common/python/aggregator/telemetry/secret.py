"""What an endpoint wants to see: headers, in a secret that is made by hand; where there is none, none are sent.

`{"headers": {"Authorization": "Basic ..."}, "userKey": "..."}`: with a `userKey`, spans say who asked, as a hash under
it. Read once in five minutes, and anew where the endpoint says that it does not know us.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aggregator.runtime.aws import Aws, AwsError

LIFETIME_SECONDS = 300
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_OURS = frozenset(
    {"content-type", "content-length", "content-encoding", "host", "transfer-encoding", "connection"}
)


@dataclass(frozen=True, slots=True)
class Known:
    """What the secret says."""

    headers: Mapping[str, str] = field(default_factory=dict)
    user_key: str | None = None


class OtlpSecret:
    """The secret, as it is in Secrets Manager."""

    def __init__(self, secrets: Aws, secret_id: str, monotonic: Callable[[], float]) -> None:
        self._secrets = secrets
        self._secret_id = secret_id
        self._monotonic = monotonic
        self._known: tuple[float, Known] | None = None

    def known(self, *, anew: bool = False) -> Known:
        """What it says; with `anew` as it is now.

        Raises:
            ValueError: it is no object with these fields.
            AwsError: it cannot be read now.
        """
        now = self._monotonic()
        if anew or self._known is None or now - self._known[0] >= LIFETIME_SECONDS:
            self._known = (now, self._read())
        return self._known[1]

    def _read(self) -> Known:
        try:
            answer = self._secrets.call("GetSecretValue", {"SecretId": self._secret_id})
        except AwsError as refused:
            if refused.code != "ResourceNotFoundException":
                raise
            return Known()
        try:
            said = json.loads(answer["SecretString"])
            headers = {str(name): str(value) for name, value in said.get("headers", {}).items()}
            user_key = said.get("userKey")
        except (ValueError, AttributeError, KeyError):
            raise ValueError(f"the secret {self._secret_id} is no JSON object with headers") from None
        for name, value in headers.items():
            if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value) or name.lower() in _OURS:
                raise ValueError(
                    f"the secret {self._secret_id} has a header that cannot be sent: {name!r:.60}"
                )
        return Known(headers, str(user_key) if user_key else None)
