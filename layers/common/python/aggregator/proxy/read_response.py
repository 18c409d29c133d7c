"""Reading and deleting kept responses, for their user alone: another's is as good as none."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any

from aggregator.auth.caller import Caller
from aggregator.errors import InvalidRequest, JsonObject, NotFound
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.proxy.admission import allows_kept
from aggregator.proxy.answers.kept_responses import KeptResponse, KeptResponses

MOST_PAGE_BYTES = 5_000_000
"""Of the items of one page. Lambda takes 6 MB of an answer, in which each quote and backslash counts twice."""

# How ids of items begin, by their type. Source: OpenAI API reference, "List input items".
_PREFIXES = {
    "message": "msg", "reasoning": "rs", "function_call": "fc", "function_call_output": "fco",
    "custom_tool_call": "ctc", "custom_tool_call_output": "ctco", "web_search_call": "ws",
}  # fmt: skip


def read_response(
    store: KeptResponses,
    caller: Caller,
    response_id: str,
    *,
    catalogue: Callable[[], Catalogue],
    now: datetime,
) -> KeptResponse:
    """The caller's response of that id.

    Raises:
        NotFound: none is kept for this user.
        ModelNotAllowed: another model answered than the caller's key may call.
    """
    kept = store.read(caller.user_id, response_id, now.timestamp())
    if kept is None:
        raise _not_found(response_id)
    if caller.allowed_models is not None:
        allows_kept(caller, catalogue(), kept.answered_by)
    return kept


def delete_response(store: KeptResponses, caller: Caller, response_id: str) -> JsonObject:
    """Forget the caller's response of that id, as OpenAI's API tells it.

    Raises:
        NotFound: none is kept for this user.
    """
    if not store.delete(caller.user_id, response_id):
        raise _not_found(response_id)
    return {"id": response_id, "object": "response", "deleted": True}


def input_items(kept: KeptResponse, *, limit: int, newest_first: bool, after: str | None) -> JsonObject:
    """A page of what the model was told before a response, as OpenAI's API lists it.

    A page ends early, and says that there is more, where the next item would make it too large for a function's answer.

    Raises:
        InvalidRequest: `after` is no item of it.
    """
    items = [_listed(item, kept.id, place) for place, item in enumerate(kept.input)]
    if newest_first:
        items.reverse()
    if after is not None:
        places = [place for place, item in enumerate(items) if item["id"] == after]
        if not places:
            raise InvalidRequest("after: is no item of this response", param="after")
        items = items[places[0] + 1 :]
    page = list(_as_many_as_fit(items[:limit]))
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": len(items) > len(page),
    }


def _as_many_as_fit(items: list[JsonObject]) -> Iterator[JsonObject]:
    """One in any case, for it came as part of a request."""
    taken = 0
    for item in items:
        size = len(json.dumps(json.dumps(item)))
        if taken and taken + size > MOST_PAGE_BYTES:
            return
        taken += size
        yield item


def _listed(item: JsonObject, response_id: str, place: int) -> JsonObject:
    """An item with its type and an id, its words as parts: as the API tells what came shorter."""
    kind = str(item.get("type") or "message")
    listed: dict[str, Any] = {**item, "type": kind}
    if not isinstance(item.get("id"), str):
        name = sha256(f"{response_id}/{place}".encode()).hexdigest()[:32]
        listed["id"] = f"{_PREFIXES.get(kind, 'item')}_{name}"
    if kind == "message":
        said = item.get("content")
        if isinstance(said, str):
            part = "output_text" if item.get("role") == "assistant" else "input_text"
            listed["content"] = [{"type": part, "text": said}]
        listed.setdefault("status", "completed")
    return listed


def _not_found(response_id: str) -> NotFound:
    return NotFound(f"Response with id '{response_id}' not found.")
