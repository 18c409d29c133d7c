"""Requests and answers of the billing endpoints."""

import hashlib
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from aggregator.billing.entry import Entry
from aggregator.billing.model import Account
from aggregator.billing.money import (
    AMOUNT_FROM_0_PATTERN,
    AMOUNT_PATTERN,
    CURRENCY,
    NanoUsd,
    to_nano_usd,
    to_usd,
)
from aggregator.billing.transaction import Order
from aggregator.errors import InvalidRequest
from aggregator.runtime import clock
from aggregator.runtime.request import Event, header_of, request_id_of
from aggregator.runtime.schema import Request, Response, UserId

MAX_IDEMPOTENCY_KEY_BYTES = 255


Amount = Annotated[str, Field(pattern=AMOUNT_PATTERN, examples=["5.00"])]
AmountFrom0 = Annotated[str, Field(pattern=AMOUNT_FROM_0_PATTERN, examples=["5.00"])]


class ForAWallet(Request):
    """What is asked for a user's wallet or a team's."""

    team_id: Annotated[
        UserId | None,
        Field(description="The team whose wallet it is, instead of a user's.", examples=["crew"]),
    ] = None
    user_id: UserId | None = None

    @model_validator(mode="before")
    @classmethod
    def _says_whose(cls, said: Any) -> Any:
        """Let the field be looked at where it is missing, so that it is named as the client would write it."""
        return {"userId": None, **said} if isinstance(said, dict) else said

    @field_validator("user_id")
    @classmethod
    def _or_a_team(cls, user_id: str | None, beside: ValidationInfo) -> str | None:
        if (user_id is None) == (beside.data.get("team_id") is None):
            raise ValueError("give either userId or teamId")
        return user_id

    @property
    def wallet_id(self) -> str:
        """Whose wallet it is."""
        return self.user_id or self.team_id or ""


class TransactionRequest(ForAWallet):
    """A booking. `amount` is above zero; only an adjustment may be below it."""

    type: Literal["credit", "debit", "refund", "adjustment"]
    amount: Amount
    currency: Literal["USD"] = CURRENCY
    description: str | None = Field(default=None, max_length=200)
    refers_to: str | None = Field(
        default=None, max_length=200, description="The entry that a refund gives back."
    )

    @field_validator("amount")
    @classmethod
    def _above_zero(cls, amount: str, beside: ValidationInfo) -> str:
        nano = to_nano_usd(amount)
        if nano == 0 or (nano < 0 and beside.data.get("type") != "adjustment"):
            raise ValueError("must be above zero")
        return amount

    @field_validator("refers_to")
    @classmethod
    def _where_it_means_something(cls, refers_to: str | None, beside: ValidationInfo) -> str | None:
        if refers_to is not None and beside.data.get("type") not in {"refund", "adjustment"}:
            raise ValueError("is for refunds and adjustments")
        return refers_to


def order_of(body: TransactionRequest, event: Event) -> Order:
    """What a request wants booked, under its request id and its Idempotency-Key.

    Raises:
        InvalidRequest: the Idempotency-Key is empty, over 255 bytes, or no text.
    """
    return Order(
        id=request_id_of(event),
        user_id=body.wallet_id,
        kind=body.type,
        amount_nano_usd=to_nano_usd(body.amount),
        occurred_at=clock.iso(clock.now()),
        description=body.description,
        refers_to=body.refers_to,
        idempotency_key=idempotency_key_of(event),
        body_hash=hashlib.sha256(_hashed(body).encode()).hexdigest(),
    )


def idempotency_key_of(event: Event) -> str | None:
    """The Idempotency-Key of a request, if it has one.

    Raises:
        InvalidRequest: it is empty, over 255 bytes, or no text.
    """
    key = header_of(event, "Idempotency-Key")
    if key is not None and not 0 < _bytes_in(key) <= MAX_IDEMPOTENCY_KEY_BYTES:
        raise InvalidRequest("Idempotency-Key: must have 1 to 255 bytes", param="Idempotency-Key")
    return key


def _hashed(body: TransactionRequest) -> str:
    """What tells a booking from others; that of a user reads as it did before there were teams."""
    return body.model_dump_json(exclude={"team_id"} if body.team_id is None else None)


def _bytes_in(text: str) -> int:
    """Bytes of a text in UTF-8; 0 where it is none, with half of a character in it."""
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return 0


class TransactionReceipt(Response):
    """A booked entry. `amount` is its effect on the wallet."""

    id: str
    user_id: str
    type: Literal["usage", "credit", "debit", "refund", "adjustment", "grant", "expiry"]
    amount: str
    currency: str = CURRENCY
    description: str | None = None
    refers_to: str | None = None
    created_at: str

    @classmethod
    def of(cls, entry: Entry) -> "TransactionReceipt":
        """Answer for an entry."""
        return cls(
            id=entry.id,
            user_id=entry.user_id,
            type=entry.kind,
            amount=to_usd(entry.amount_nano_usd),
            description=entry.description,
            refers_to=entry.refers_to,
            created_at=entry.occurred_at,
        )


def _is_none(value: object) -> bool:
    return value is None


class Lapsed(Response):
    """All holds that ever ran past their deadline: requests whose usage did not come. Their money is available."""

    requests: int
    amount: str


class Balance(Response):
    """A wallet. `held` is set aside for running requests; `total` is both, with what is left of grants in it.

    `plan` is the id of the plan it is on.
    """

    user_id: str
    currency: str = CURRENCY
    available: str
    held: str
    total: str
    lapsed: Lapsed
    low_balance_threshold: str | None = None
    plan: str | None = None
    granted: Annotated[
        str | None,
        Field(description="What of `total` is left of grants, while anything is.", exclude_if=_is_none),
    ] = None

    @classmethod
    def of(cls, account: Account, epoch_seconds: float) -> "Balance":
        """Answer for an account; holds past their deadline count as available."""
        lapsed = account.lapsed(epoch_seconds).values()
        threshold = account.alert_below_nano_usd
        return cls(
            user_id=account.user_id,
            available=to_usd(account.spendable(epoch_seconds)),
            held=to_usd(account.held(epoch_seconds)),
            total=to_usd(account.total_nano_usd),
            lapsed=Lapsed(
                requests=sum((held.requests for held in lapsed), account.swept.requests),
                amount=to_usd(sum((held.amount_nano_usd for held in lapsed), account.swept.amount_nano_usd)),
            ),
            low_balance_threshold=None if threshold is None else to_usd(threshold),
            plan=None if account.plan is None else account.plan.partition("#")[0],
            granted=to_usd(account.granted_nano_usd) if account.granted_nano_usd else None,
        )


class BalanceChange(Request):
    """What a user may set on the own wallet. A `balance_low` event tells when `total` falls below the threshold."""

    low_balance_threshold: AmountFrom0 | None = Field(
        description="US dollars as a decimal string; null for none."
    )

    @property
    def alert_below_nano_usd(self) -> NanoUsd | None:
        """The threshold, as the ledger has it."""
        return None if self.low_balance_threshold is None else to_nano_usd(self.low_balance_threshold)
