"""The requests of a user that held money, newest first: read from the ledger, which has an entry for each of them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from aggregator.billing.entry import Entry
from aggregator.billing.statement import ChargedRequest, StatementQuery, cursor_of, request_of
from aggregator.billing.store import BillingStore
from aggregator.runtime.schema import Response, UserId

_PAGE = 250
_MOST_READ = 2_000
"""Entries that one answer looks at: filters that fit few of them answer a short page, or an empty one, and a cursor."""

Status = Annotated[str, Field(pattern=r"^[1-5]([0-9]{2}|xx)$", examples=["200", "5xx"])]


class RequestsQuery(StatementQuery):
    """Which requests: a time range, newest first, in pages; each filter takes the exact value."""

    user_id: UserId | None = Field(
        default=None, description="Whose, a user's or a team's. The wallet that the key charges by default."
    )
    key_id: str | None = Field(default=None, min_length=1, max_length=200)
    model: str | None = Field(
        default=None, min_length=1, max_length=200, description="By its name in the catalogue."
    )
    status: Status | None = Field(default=None, description="Of the answer: `200`, or all of a class: `5xx`.")

    def fits(self, entry: Entry) -> bool:
        """Whether an entry is of a request that is asked for."""
        said = entry.usage
        return (
            said is not None
            and self.key_id in (None, said["keyId"])
            and self.model in (None, said["model"])
            and self.status in (None, str(said["status"]), f"{said['status'] // 100}xx")
        )


class ListedRequest(ChargedRequest):
    """A request, and when it came."""

    created_at: str


class Requests(Response):
    """A page of requests, newest first; `nextCursor` is there while there may be more, even below an empty page."""

    user_id: UserId
    requests: list[ListedRequest]
    next_cursor: str | None = None


def requests(store: BillingStore, user_id: str, query: RequestsQuery, now: datetime) -> Requests:
    """Read a page of a user's requests. They appear when they are settled, some seconds after their answer.

    Raises:
        InvalidRequest: the range is empty, or the cursor is none of its.
    """
    first, last, after = query.range(now)
    found: list[ListedRequest] = []
    read, more = 0, True
    while more and read < _MOST_READ and len(found) < query.limit:
        page = min(_PAGE, _MOST_READ - read)
        entries, following = store.entries(user_id, first, last, limit=page, after=after)
        read, more = read + len(entries), following is not None
        for entry in entries:
            if len(found) == query.limit:
                more = True
                break
            after = entry.id
            if query.fits(entry):
                found.append(_listed(entry))
    return Requests(
        user_id=user_id, requests=found, next_cursor=cursor_of(after) if more and after is not None else None
    )


def _listed(entry: Entry) -> ListedRequest:
    said = request_of(entry)
    assert said is not None  # `fits` took requests only
    return ListedRequest(created_at=entry.occurred_at, **said.model_dump(by_alias=False))
