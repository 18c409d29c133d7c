"""The issuer: the keys that it signs with, and its exchange of a code for an ID token.

Sources: OpenID Connect Core 1.0, sections 3.1.3, 9 and 10; RFC 7636.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import NamedTuple
from urllib.parse import quote_plus

from jwt import PyJWK
from jwt.exceptions import PyJWKError, PyJWTError

from aggregator.errors import InvalidCode
from aggregator.runtime.observability import logger
from aggregator.signin.discovery import Asks, Discovery, Metadata
from aggregator.signin.kept import Kept
from aggregator.signin.settings import SignIn
from aggregator.signin.web import unavailable

ALGORITHMS = ("RS256", "ES256")
"""What an ID token may be signed with: `none` is no signature, and an HMAC's secret would have to be shared."""


class Code(NamedTuple):
    """A code that came back to the browser, and what proves that it is the one that asked for it."""

    code: str
    verifier: str
    redirect_uri: str


class Issuer:
    """One issuer, asked as seldom as may be."""

    def __init__(
        self,
        settings: SignIn,
        web: Asks,
        monotonic: Callable[[], float],
        secret: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`secret` is the client's own, which Google's clients need beside PKCE, and others need not."""
        self.settings = settings
        self._web = web
        self._secret = secret
        self._discovery = Discovery(settings, web, monotonic)
        self._keys = Kept(self._fetch_keys, monotonic)

    def key(self, key_id: str | None) -> PyJWK | None:
        """The key of that id, or the only one; fetched anew if it is not known, for an issuer changes its keys.

        Raises:
            StoreUnavailable: its keys cannot be had now.
        """
        return _chosen(self._keys.get(), key_id) or _chosen(self._keys.renewed(), key_id)

    def exchange(self, code: Code) -> str:
        """The ID token that a code stands for.

        Raises:
            InvalidCode: the issuer does not take it.
            StoreUnavailable: it cannot be asked now, or does not know us.
        """
        metadata = self._discovery.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code.code,
            "code_verifier": code.verifier,
            "redirect_uri": code.redirect_uri,
            "client_id": self.settings.client_id,
        }
        answer = self._web.post_form(metadata.token_endpoint, *self._with_secret(form, metadata))
        if answer.status == 200 and isinstance(answer.said.get("id_token"), str):
            return str(answer.said["id_token"])
        error = answer.said.get("error")
        if error in {"invalid_grant", "invalid_request"}:
            logger.info("code_refused", error=error)
            raise InvalidCode(
                "The issuer does not take this code: it was used, is too old, or is another browser's.",
                param="code",
            )
        raise unavailable(metadata.token_endpoint, f"status {answer.status}, error {error}")

    def _with_secret(self, form: dict[str, str], metadata: Metadata) -> tuple[dict[str, str], dict[str, str]]:
        secret = self._secret()
        if secret is None:
            return form, {}
        if metadata.secret_in_form:
            return {**form, "client_secret": secret}, {}
        pair = f"{quote_plus(self.settings.client_id)}:{quote_plus(secret)}"
        return form, {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}

    def _fetch_keys(self) -> tuple[PyJWK, ...]:
        url = self._discovery.metadata().jwks_uri
        keys = self._web.get(url).get("keys")
        usable = tuple(_usable(keys if isinstance(keys, list) else ()))
        if not usable:
            raise unavailable(url, "there is no key to use")
        return usable


def _usable(keys: Iterable[object]) -> Iterable[PyJWK]:
    """The keys that ID tokens may be signed with; what else an issuer has is none of ours."""
    for each in keys:
        if not isinstance(each, dict) or each.get("use", "sig") != "sig":
            continue
        try:
            key = PyJWK.from_dict(each)
        except (PyJWKError, PyJWTError, ValueError, TypeError):
            continue
        if key.algorithm_name in ALGORITHMS:
            yield key


def _chosen(keys: tuple[PyJWK, ...], key_id: str | None) -> PyJWK | None:
    if key_id is None:
        return keys[0] if len(keys) == 1 else None
    return next((key for key in keys if key.key_id == key_id), None)
