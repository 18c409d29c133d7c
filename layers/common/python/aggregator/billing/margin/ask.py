"""Asking a provider page by page: GET, with retries as it wants them; exact numbers; no secret in any error."""

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import urllib3

from aggregator.billing.margin.model import CostsUnread

JsonObject = dict[str, Any]
Query = list[tuple[str, str]]
Get = Callable[[str, Mapping[str, str]], JsonObject]

_MOST_PAGES = 100
_BUSY = (429, 500, 502, 503, 504, 529)
_WHY = {401: "it refuses the admin key", 403: "the admin key may not read costs", 429: "too many requests"}


def getter(*, backoff_seconds: float = 1.0, longest_wait_seconds: int = 30) -> Get:
    """Reads an address as JSON; what is busy is asked again up to four times, when it says or later and later."""
    pool = urllib3.PoolManager(
        retries=urllib3.Retry(
            total=4,
            redirect=0,
            backoff_factor=backoff_seconds,
            backoff_max=longest_wait_seconds,
            retry_after_max=longest_wait_seconds,
            status_forcelist=_BUSY,
            allowed_methods=("GET",),
            raise_on_status=False,
            raise_on_redirect=False,
        ),
        timeout=urllib3.Timeout(connect=5, read=30),
    )

    def get(url: str, headers: Mapping[str, str]) -> JsonObject:
        try:
            answer = pool.request("GET", url, headers={"User-Agent": "aggregator-margin/1", **headers})
        except urllib3.exceptions.HTTPError:
            raise CostsUnread("it does not answer") from None
        if answer.status != 200:
            raise CostsUnread(_WHY.get(answer.status, f"it answers {answer.status}"))
        try:
            said = json.loads(answer.data, parse_float=Decimal)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise CostsUnread("it answers no JSON")
        return said

    return get


def pages(get: Get, url: str, headers: Mapping[str, str], query: Query) -> Iterator[JsonObject]:
    """Every bucket of every page, as `data`, `has_more` and `next_page` say.

    Raises:
        CostsUnread: a page is not of this form, or there is no end of them.
    """
    page: str | None = None
    for _ in range(_MOST_PAGES):
        asked = query if page is None else [*query, ("page", page)]
        said = get(f"{url}?{urlencode(asked)}", headers)
        data, more, following = said.get("data"), said.get("has_more"), said.get("next_page")
        if not isinstance(data, list) or not isinstance(more, bool) or (more and not following):
            raise CostsUnread("it answers no page")
        yield from data
        if not more:
            return
        page = str(following)
    raise CostsUnread("its pages have no end")
