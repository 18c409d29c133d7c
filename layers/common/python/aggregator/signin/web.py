"""Ask the issuer: small JSON documents, within seconds, and never where it leads on."""

import json
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

import urllib3

from aggregator.errors import JsonObject, StoreUnavailable
from aggregator.runtime.observability import logger

_CONNECT_SECONDS = 3
_ANSWER_SECONDS = 5
_MOST_BYTES = 512_000


class Answer(NamedTuple):
    """A status, and what was said: an empty object where that is none."""

    status: int
    said: JsonObject


class Web:
    """Calls of the issuer's addresses, over connections that are kept."""

    def __init__(self) -> None:
        self._pool = urllib3.PoolManager(
            retries=urllib3.Retry(1, redirect=False),
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_ANSWER_SECONDS),
        )

    def get(self, url: str) -> JsonObject:
        """A document.

        Raises:
            StoreUnavailable: it is not there now.
        """
        answer = self._ask("GET", url, {}, None)
        if answer.status != 200:
            raise unavailable(url, f"status {answer.status}")
        return answer.said

    def post_form(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """What the issuer says to a form.

        Raises:
            StoreUnavailable: nothing, or that it is broken.
        """
        answer = self._ask(
            "POST", url, {**headers, "Content-Type": "application/x-www-form-urlencoded"}, urlencode(form)
        )
        if answer.status >= 500:
            raise unavailable(url, f"status {answer.status}")
        return answer

    def _ask(self, method: str, url: str, headers: Mapping[str, str], body: str | None) -> Answer:
        try:
            answer = self._pool.request(
                method,
                url,
                headers={"Accept": "application/json", **headers},
                body=body,
                preload_content=False,
                redirect=False,
            )
            read = answer.read(_MOST_BYTES + 1)
            if len(read) > _MOST_BYTES:
                answer.close()
                raise unavailable(url, "too long")
            answer.release_conn()
        except urllib3.exceptions.HTTPError as broken:
            raise unavailable(url, type(broken).__name__) from broken
        try:
            said = json.loads(read)
        except ValueError:
            said = {}
        return Answer(answer.status, said if isinstance(said, dict) else {})


def unavailable(url: str, why: str) -> StoreUnavailable:
    """The issuer cannot be asked; why is in the log."""
    logger.error("issuer_unavailable", url=url, why=why)
    return StoreUnavailable(
        "Who signs people in does not answer now; try again in a moment.", retry_after_seconds=5
    )
