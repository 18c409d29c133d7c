"""Requests and answers of `/identity/users`."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from aggregator.billing.plans.api import PlanId
from aggregator.identity.model import Action, Change, Profile, Role, State, User
from aggregator.runtime.schema import Moment, Request, Response, UserId

DEFAULT_PAGE = 20
MAX_PAGE = 100

# What browsers take for an address, of a host with a dot in its name: HTML, "Valid e-mail address".
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL_PATTERN = rf"^[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+$"

Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, pattern=EMAIL_PATTERN, max_length=254),
    Field(description="Kept in small letters; no two users have one.", examples=["ann@example.com"]),
]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), Field(examples=["Ann Lee"])
]


class CreateUserRequest(Request):
    """A new user. Without `userId` it gets one; an id that has keys and money already keeps them."""

    user_id: UserId | None = None
    email: Email
    name: Name
    role: Role

    def to_profile(self) -> Profile:
        """What is known of the new user."""
        return Profile(email=self.email, name=self.name, role=self.role)


class UpdateUserRequest(Request):
    """What to change: fields left out stay, null takes the plan away."""

    email: Email = Field(default_factory=str)
    name: Name = Field(default_factory=str)
    role: Role = "member"
    state: State = "active"
    plan: PlanId | None = Field(default=None, description="The plan that its wallet is on from now on.")
    bound_to: None = Field(default=None, description="null takes the binding away: the user is invited anew.")

    @model_validator(mode="after")
    def _names_a_field(self) -> "UpdateUserRequest":
        if not self.model_fields_set:
            raise ValueError("name at least one field to change")
        return self

    def to_fields(self) -> dict[str, Any]:
        """The fields of `Profile` to set, and `bound_to`."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class BindingView(Response):
    """Who signs in as a user, since the first time."""

    issuer: str
    subject: str
    bound_at: Moment


class UserView(Response):
    """A user. While `state` is `suspended`, nothing is done for it, whatever keys and money it has.

    `boundTo` is null until somebody signs in with the mail address: the user is invited.
    """

    user_id: str
    email: str
    name: str
    role: Role
    state: State
    plan: str | None
    created_at: Moment
    created_by: str
    updated_at: Moment
    bound_to: BindingView | None

    @classmethod
    def of(cls, user: User) -> "UserView":
        """Show a user."""
        return cls(**_shown(user))


class UserChangeView(Response):
    """One change of a user: who, when, what."""

    id: str
    action: Action
    occurred_at: Moment
    by_key_id: str
    by_user_id: str
    changes: dict[str, Any]

    @classmethod
    def of(cls, change: Change) -> "UserChangeView":
        """Show an entry of the audit trail."""
        return cls(
            id=change.change_id,
            action=change.action,
            occurred_at=change.occurred_at,
            by_key_id=change.by_key_id,
            by_user_id=change.by_user_id,
            changes=dict(change.changes),
        )


class UserDetails(UserView):
    """A user with its latest changes (100 at most), newest first."""

    history: list[UserChangeView]

    @classmethod
    def of_history(cls, user: User, history: list[Change]) -> "UserDetails":
        """Show a user and what happened to it."""
        return cls(**_shown(user), history=[UserChangeView.of(change) for change in history])


class UserPage(Response):
    """Users in the order of their ids; `nextCursor` is the `cursor` of the next page, null on the last."""

    data: list[UserView]
    next_cursor: str | None

    @classmethod
    def of(cls, users: list[User], next_cursor: str | None) -> "UserPage":
        """Show a page."""
        return cls(data=[UserView.of(user) for user in users], next_cursor=next_cursor)


def _shown(user: User) -> dict[str, Any]:
    return {
        "user_id": user.user_id,
        **user.profile.described(),
        "created_at": user.created_at,
        "created_by": user.created_by,
        "updated_at": user.updated_at,
        "bound_to": None
        if user.bound_to is None
        else BindingView(
            issuer=user.bound_to.issuer, subject=user.bound_to.subject, bound_at=user.bound_to.bound_at
        ),
    }
