"""Requests and answers of `POST /auth/sessions`."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from aggregator.auth.issue import IssuedKey
from aggregator.identity.api import Email
from aggregator.identity.model import Role, User
from aggregator.runtime.schema import Moment, Request, Response
from aggregator.signin.issuer import Code

_MOST_TOKEN = 16_384
_MOST = 2_048

Nonce = Annotated[
    str,
    StringConstraints(min_length=1, max_length=256),
    Field(description="What the ID token was asked for with; it is taken once.", examples=["n-0S6_WzA2Mj"]),
]
# RFC 7636, section 4.1
Verifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~-]{43,128}$")]


class CreateSessionRequest(Request):
    """An ID token; or a code, for which the platform gets one from the issuer. Either with its nonce."""

    id_token: Annotated[str, StringConstraints(min_length=1, max_length=_MOST_TOKEN)] | None = None
    code: Annotated[str, StringConstraints(min_length=1, max_length=_MOST)] | None = None
    code_verifier: Verifier | None = None
    redirect_uri: Annotated[str, StringConstraints(min_length=1, max_length=_MOST)] | None = None
    nonce: Nonce

    @model_validator(mode="after")
    def _is_one_of_them(self) -> "CreateSessionRequest":
        parts = (self.code, self.code_verifier, self.redirect_uri)
        if self.id_token is not None and parts != (None, None, None):
            raise ValueError("give either idToken, or code with codeVerifier and redirectUri")
        if self.id_token is None and None in parts:
            raise ValueError("give idToken, or code with codeVerifier and redirectUri")
        return self

    def to_code(self) -> Code | None:
        """The code, if it is that."""
        if self.code is None or self.code_verifier is None or self.redirect_uri is None:
            return None
        return Code(self.code, self.code_verifier, self.redirect_uri)


class Session(Response):
    """A session: an API key of twelve hours, shown this once, with what the user's role may do."""

    id: str
    key: str
    user_id: str
    email: Email
    name: str
    role: Role
    scopes: list[str]
    created_at: Moment
    expires_at: Moment

    @classmethod
    def of(cls, issued: IssuedKey, user: User) -> "Session":
        """Show a session to who signed in."""
        assert issued.key.grant.expires_at is not None, "a session ends"
        return cls(
            id=issued.key.key_id,
            key=issued.plain.text,
            user_id=user.user_id,
            email=user.profile.email,
            name=user.profile.name,
            role=user.profile.role,
            scopes=list(issued.key.grant.scopes),
            created_at=issued.key.created_at,
            expires_at=issued.key.grant.expires_at,
        )
