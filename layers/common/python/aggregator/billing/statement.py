"""Statements and receipts: what stands in a user's ledger, as requests and answers of the API."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from aggregator.billing.api import TransactionReceipt
from aggregator.billing.entry import Entry
from aggregator.billing.money import to_usd
from aggregator.billing.store import BillingStore
from aggregator.errors import InvalidRequest, NotFound
from aggregator.runtime.schema import Bound, Request, Response, UserId

_DEFAULT_RANGE = timedelta(days=31)


class StatementQuery(Request):
    """Which part of a ledger: a time range, newest first, in pages."""

    from_: Bound | None = Field(
        default=None, alias="from", description="Start, ISO 8601. 31 days before the end by default."
    )
    to: Bound | None = Field(default=None, description="End, ISO 8601, itself not included. Now by default.")
    limit: int = Field(default=100, ge=1, le=1000, description="Entries in a page.")
    cursor: str | None = Field(
        default=None, max_length=400, description="`nextCursor` of the page before this one."
    )

    def bounds(self, now: datetime) -> tuple[datetime, datetime]:
        """Start and end of the range, asked at `now`.

        Raises:
            InvalidRequest: the range is empty.
        """
        to = self.to or now + timedelta(milliseconds=1)
        since = self.from_ or to - _DEFAULT_RANGE
        if since >= to:
            raise InvalidRequest("from: must be before to", param="from")
        return since, to

    def range(self, now: datetime) -> tuple[str, str, str | None]:
        """The first and the last entry id that it takes in, asked at `now`, and after which one its page begins.

        Raises:
            InvalidRequest: the range is empty, or the cursor is none of its.
        """
        since, to = self.bounds(now)
        first, last = _id_at(since), _id_at(to)
        after = None if self.cursor is None else _entry_id(self.cursor)
        if after is not None and not first <= after <= last:
            raise InvalidRequest("cursor: is none of this range", param="cursor")
        return first, last, after


def _is_none(value: object) -> bool:
    return value is None


class Tokens(Response):
    """Tokens of a request by kind; cached and cache-write ones are within input, reasoning within output."""

    input: int
    cached_input: int
    cache_write: int
    output: int
    reasoning: int
    cache_write_hour: Annotated[int | None, Field(exclude_if=_is_none)] = None


class ChargedRequest(Response):
    """What a usage entry was charged for. Amounts are decimal strings of US dollars."""

    request_id: str
    user_id: Annotated[
        str | None, Field(description="Who asked, where the wallet is a team's.", exclude_if=_is_none)
    ] = None
    key_id: str
    model: str
    provider: str
    surface: str
    outcome: str
    status: int
    stream: bool
    attempts: int
    latency_ms: int
    time_to_first_token_ms: int | None = Field(
        default=None, description="To the first word that the provider said; null where it said none."
    )
    tokens: Tokens
    estimated: bool
    price_version: str
    charged: str
    hold: str | None = None
    balance: str | None = Field(default=None, description="What the answer said would be left.")
    tools: Annotated[
        dict[str, int] | None,
        Field(description="Calls of tools that ran at the provider.", exclude_if=_is_none),
    ] = None
    service_tier: Annotated[
        str | None, Field(description="Whose rates were charged.", exclude_if=_is_none)
    ] = None
    strategy: Annotated[
        str | None, Field(description="By what its routes were ranked.", exclude_if=_is_none)
    ] = None
    left_out: Annotated[
        list[str] | None,
        Field(description="Providers that were passed over for their failures.", exclude_if=_is_none),
    ] = None
    max_tokens: Annotated[
        int | None, Field(description="The limit of output that the platform chose.", exclude_if=_is_none)
    ] = None
    capped: Annotated[
        str | None,
        Field(description="`balance`: its output was capped for want of money.", exclude_if=_is_none),
    ] = None
    ignored: Annotated[
        list[str] | None,
        Field(description="What it said and the provider did not get.", exclude_if=_is_none),
    ] = None


class PaidPart(Response):
    """What paid for a part of a request: a grant, or, without `grantId`, paid credit."""

    grant_id: Annotated[str | None, Field(exclude_if=_is_none)] = None
    amount: str


class Posting(Response):
    """One leg of an entry; the legs add up to zero."""

    account: str
    amount: str


class StatementEntry(TransactionReceipt):
    """One entry of a ledger. `amount` is its effect on the wallet."""

    postings: list[Posting]
    paid_by: Annotated[
        list[PaidPart] | None,
        Field(description="Of a request: which grants paid, and what paid credit did.", exclude_if=_is_none),
    ] = None
    request: ChargedRequest | None = None

    @classmethod
    def of(cls, entry: Entry) -> "StatementEntry":
        """Answer for an entry."""
        return cls(
            **TransactionReceipt.of(entry).model_dump(by_alias=False),
            postings=[
                Posting(account=posting.account, amount=to_usd(posting.amount_nano_usd))
                for posting in entry.postings
            ],
            paid_by=_paid_by(entry),
            request=request_of(entry),
        )


class Statement(Response):
    """A page of a ledger, newest first; `nextCursor` is there while there is more."""

    user_id: UserId
    entries: list[StatementEntry]
    next_cursor: str | None = None


def statement(store: BillingStore, user_id: str, query: StatementQuery, now: datetime) -> Statement:
    """Read one page of a user's ledger.

    Raises:
        InvalidRequest: the range is empty, or the cursor is none of ours.
    """
    first, last, after = query.range(now)
    entries, following = store.entries(user_id, first, last, limit=query.limit, after=after)
    return Statement(
        user_id=user_id,
        entries=[StatementEntry.of(entry) for entry in entries],
        next_cursor=None if following is None else cursor_of(following),
    )


def receipt(store: BillingStore, user_id: str, request_id: str) -> StatementEntry:
    """Read the ledger entry of one request.

    Raises:
        NotFound: there is none: another user's, never made, or not settled yet, which takes some seconds.
    """
    entry = store.entry(user_id, request_id)
    if entry is None:
        raise NotFound(
            f"There is no entry for the request '{request_id}' (yet: settling takes some seconds).",
            param="requestId",
        )
    return StatementEntry.of(entry)


def cursor_of(entry_id: str) -> str:
    """What a client sends to go on after an entry."""
    return urlsafe_b64encode(entry_id.encode()).decode()


def request_of(entry: Entry) -> ChargedRequest | None:
    """What a usage entry was charged for; None for an entry of another kind."""
    said = entry.usage
    if said is None:
        return None
    return ChargedRequest(
        request_id=entry.id,
        user_id=said.get("userId"),
        key_id=said["keyId"],
        model=said["model"],
        provider=said["provider"],
        surface=said["surface"],
        outcome=said["outcome"],
        status=said["status"],
        stream=said["stream"],
        attempts=said["attempts"],
        latency_ms=said["latencyMs"],
        time_to_first_token_ms=said.get("timeToFirstTokenMs"),
        tokens=Tokens(
            input=said["inputTokens"],
            cached_input=said["cachedInputTokens"],
            cache_write=said["cacheWriteTokens"],
            output=said["outputTokens"],
            reasoning=said["reasoningTokens"],
            cache_write_hour=said.get("cacheWriteHourTokens"),
        ),
        estimated=said["estimated"],
        price_version=said["priceVersion"],
        charged=to_usd(said["chargedNanoUsd"]),
        hold=_usd_or_none(said.get("holdNanoUsd")),
        balance=_usd_or_none(said.get("balanceNanoUsd")),
        tools=said.get("tools"),
        service_tier=said.get("serviceTier"),
        strategy=said.get("strategy"),
        left_out=said.get("leftOut"),
        max_tokens=said.get("maxTokens"),
        capped=said.get("capped"),
        ignored=said.get("ignored"),
    )


def _paid_by(entry: Entry) -> list[PaidPart] | None:
    """The parts of a request's charge, those of grants first; None for an entry of another kind."""
    if entry.kind != "usage":
        return None
    grants = entry.paid_by_grants
    parts = [PaidPart(grant_id=each, amount=to_usd(part)) for each, part in sorted(grants.items())]
    paid = -entry.amount_nano_usd - sum(grants.values())
    return [*parts, PaidPart(amount=to_usd(paid))] if paid or not parts else parts


def _usd_or_none(amount_nano_usd: int | None) -> str | None:
    return None if amount_nano_usd is None else to_usd(amount_nano_usd)


def _id_at(moment: datetime) -> str:
    """The first entry id that a moment can have: ids begin with their time in milliseconds."""
    return f"{int(moment.timestamp() * 1000):012x}"


def _entry_id(cursor: str) -> str:
    try:
        return urlsafe_b64decode(cursor.encode()).decode()
    except ValueError:
        raise InvalidRequest("cursor: is not one of ours", param="cursor") from None
