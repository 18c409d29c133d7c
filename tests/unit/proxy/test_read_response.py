"""Pages of what led to a kept response: as many items as were asked for, and as an answer can hold."""

from typing import Any

from aggregator.proxy.answers.kept_responses import KeptResponse
from aggregator.proxy.read_response import input_items

JsonObject = dict[str, Any]


def pages(sizes: list[int], character: str = "x", *, limit: int = 100) -> list[list[str]]:
    """The ids on each page, as a client goes through them."""
    said = [
        {"type": "message", "id": f"msg_{n}", "role": "user", "content": character * size}
        for n, size in enumerate(sizes)
    ]
    kept = KeptResponse({"id": "resp_1", "output": []}, said, {}, 0)
    found, after, more = list[list[str]](), None, True
    while more:
        page = input_items(kept, limit=limit, newest_first=False, after=after)
        found.append([item["id"] for item in page["data"]])
        after, more = page["last_id"], page["has_more"]
    return found


def test_a_page_has_as_many_items_as_were_asked_for() -> None:
    assert pages([1, 1, 1, 1, 1], limit=2) == [["msg_0", "msg_1"], ["msg_2", "msg_3"], ["msg_4"]]


def test_a_page_ends_before_it_is_too_large_for_an_answer() -> None:
    assert pages([2_000_000, 2_000_000, 2_000_000, 10]) == [["msg_0", "msg_1"], ["msg_2", "msg_3"]]


def test_what_is_escaped_counts_as_it_goes_out() -> None:
    assert pages([700_000] * 3, '"') == [["msg_0"], ["msg_1"], ["msg_2"]]


def test_an_item_that_is_too_large_for_any_page_has_one_of_its_own() -> None:
    assert pages([10, 5_900_000, 10]) == [["msg_0"], ["msg_1"], ["msg_2"]]
