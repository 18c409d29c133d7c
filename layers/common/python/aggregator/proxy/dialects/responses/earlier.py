"""What a request goes on from: the kept response that it follows, and kept items that it refers to.

Source: OpenAI API reference, "Create a model response" (`previous_response_id`, `item_reference`). Instructions of the
earlier request are not carried over, as there. Standard library only.
"""

import json
from typing import Any

from aggregator.errors import JsonObject, NotFound, PayloadTooLarge, PreviousResponseNotFound
from aggregator.proxy.answers.kept_responses import Memory, items_of
from aggregator.proxy.body import MAX_BODY_BYTES
from aggregator.runtime.shape import a_name, invalid, objects_in

FOLLOWS = "previous_response_id"
MOST_RESPONSES = 32
"""Of so many responses one request can name items, for each of them is read before anything is paid."""

_SHOWN = 100


def goes_on(asked: JsonObject) -> bool:
    """Whether a request names what was kept."""
    items = asked.get("input")
    return asked.get(FOLLOWS) is not None or (isinstance(items, list) and any(map(_refers, items)))


def with_what_came_before(asked: JsonObject, memory: Memory) -> JsonObject:
    """The request with its whole input, as if its client had sent it.

    Raises:
        InvalidRequest: an id is no name, or items of too many responses are named.
        PreviousResponseNotFound: no response of that id is kept for this user.
        NotFound: no item of that id is.
        PayloadTooLarge: the whole input is over what a request may be.
    """
    earlier: list[JsonObject] = []
    if asked.get(FOLLOWS) is not None:
        response_id = a_name(asked[FOLLOWS], FOLLOWS)
        before = memory.response(response_id)
        if before is None:
            raise PreviousResponseNotFound(
                f"Previous response with id '{response_id[:_SHOWN]}' not found.", param=FOLLOWS
            )
        earlier = before.items
    said = asked.get("input")
    items = list(items_of(said)) if isinstance(said, str) else said
    if isinstance(items, list):
        items = [*earlier, *_found(items, earlier, memory)]
    whole = {name: value for name, value in asked.items() if name != FOLLOWS} | {"input": items}
    if len(json.dumps(whole, ensure_ascii=False).encode(errors="surrogatepass")) > MAX_BODY_BYTES:
        raise PayloadTooLarge(
            "The conversation is larger than the platform takes: with what came before, 6 MB at most.",
            param=FOLLOWS if earlier else "input",
        )
    return whole


def _found(items: list[Any], earlier: list[JsonObject], memory: Memory) -> list[Any]:
    """The items, each that refers to another replaced by it: the newest is looked up first, for it has the others."""
    wanted = {
        a_name(item.get("id"), f"{place}.id"): f"{place}.id"
        for place, item in objects_in(items, "input")
        if _refers(item)
    }
    known = {item["id"]: item for item in earlier if isinstance(item.get("id"), str)}
    looked_up = 0
    for item_id in reversed(wanted):
        if item_id in known:
            continue
        looked_up += 1
        if looked_up > MOST_RESPONSES:
            raise invalid("input", f"names items of more than {MOST_RESPONSES} responses")
        holder = memory.holder_of(item_id)
        for item in holder.items if holder is not None else ():
            if isinstance(item.get("id"), str):
                known.setdefault(item["id"], item)
        if item_id not in known:
            raise NotFound(f"Item with id '{item_id[:_SHOWN]}' not found.", param=wanted[item_id])
    return [known[item["id"]] if _refers(item) else item for item in items]


def _refers(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    return item.get("type") == "item_reference" or (item.keys() == {"id"} and item.get("type") is None)
