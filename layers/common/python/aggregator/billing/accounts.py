"""All users who have an account, with their balances: for operators, in pages.

The table has no list of accounts; reading the first item of each partition is one (`BooksStore.listed`), in the table's
own order. So a page costs half a read for each account that was looked at, however long the ledgers are, and a search
that fits few accounts answers a short page, or an empty one, and a cursor.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from typing import Annotated, Protocol

from pydantic import Field

from aggregator.billing.api import Balance
from aggregator.billing.books_store import Listed
from aggregator.billing.model import Account
from aggregator.errors import InvalidRequest
from aggregator.runtime.schema import Request, Response

MOST_LOOKED_AT = 1_000
"""Accounts that one answer looks at."""

Search = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._@-]+$")]


class AllAccounts(Protocol):
    """The list of accounts."""

    def listed(self, after: str | None = None) -> Iterable[Listed]:
        """See `BooksStore.listed`."""
        ...


class BalancesQuery(Request):
    """Which accounts: in pages, in no order that means anything."""

    search: Search | None = Field(
        default=None, description="Part of the user's id, in capitals or not.", examples=["ali"]
    )
    limit: int = Field(default=50, ge=1, le=200, description="Accounts in a page.")
    cursor: str | None = Field(
        default=None, max_length=400, description="`nextCursor` of the page before this one."
    )

    def fits(self, user_id: str) -> bool:
        """Whether an account is asked for."""
        return self.search is None or self.search.casefold() in user_id.casefold()


class Balances(Response):
    """A page of accounts; `nextCursor` is there while there may be more, even below an empty page."""

    data: list[Balance]
    next_cursor: str | None = None


def balances(
    accounts: AllAccounts, query: BalancesQuery, epoch_seconds: float, has_time: Callable[[], bool]
) -> Balances:
    """Read a page of accounts; it ends where it is full, where enough was looked at, or where time is over.

    Raises:
        InvalidRequest: the cursor is none of ours.
    """
    after = None if query.cursor is None else _key(query.cursor)
    found: list[Balance] = []
    for looked_at, listed in enumerate(accounts.listed(after), 1):
        if listed.user_id is not None and query.fits(listed.user_id):
            found.append(Balance.of(listed.account or Account(listed.user_id), epoch_seconds))
        if len(found) == query.limit or looked_at == MOST_LOOKED_AT or not has_time():
            return Balances(data=found, next_cursor=urlsafe_b64encode(listed.key.encode()).decode())
    return Balances(data=found)


def _key(cursor: str) -> str:
    try:
        key = urlsafe_b64decode(cursor.encode()).decode()
    except ValueError:
        key = ""
    if not key:
        raise InvalidRequest("cursor: is not one of ours", param="cursor")
    return key
