"""Reading, listing and deleting kept responses: for their user, with the scope, over models that the key may call."""

from typing import Any

import pytest

from aggregator.auth.caller import Caller
from aggregator.proxy import kept_wiring
from aggregator.proxy.answers.kept_responses import KeptResponse
from tests.integration.own_calls.platform import OwnCall, Platform

JsonObject = dict[str, Any]

PATH = "/v1/responses/{responseId}"
GET = OwnCall("proxy/get_response", "GET", PATH, "inference", path={"responseId": "resp_1"})
ITEMS = OwnCall("proxy/list_response_items", "GET", f"{PATH}/input_items", "inference", path=GET.path)
DELETE = OwnCall("proxy/delete_response", "DELETE", PATH, "inference", path=GET.path)
CALLS = (GET, ITEMS, DELETE)

ANN = Caller("key-ann", "ann", ("inference",))
BOB = Caller("key-bob", "bob", ("inference",))
SAID = {"id": "resp_1", "object": "response", "store": True, "output": [{"type": "message", "id": "msg_9"}]}
BY = {"x-aggregator-provider": "openai", "x-aggregator-model": "gpt-4o-mini"}
INPUT: list[JsonObject] = [
    {"role": "user", "content": "one"},
    {
        "type": "message",
        "id": "msg_2",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "two"}],
    },
    {"type": "function_call_output", "call_id": "c", "output": "three"},
]


@pytest.fixture
def kept(platform: Platform) -> Platform:
    """A platform that keeps a response of Ann's."""
    kept_wiring.kept().keep("ann", KeptResponse(SAID, INPUT, BY, 4_000_000_000))
    return platform


def test_a_response_is_given_as_it_was_kept(kept: Platform) -> None:
    said = kept.call(GET, ANN, query={"include[]": "reasoning.encrypted_content"})

    assert (said.status, said.body) == (200, SAID)


def test_what_led_to_it_is_listed_newest_first_with_ids_and_parts(kept: Platform) -> None:
    said = kept.call(ITEMS, ANN).body
    oldest = kept.call(ITEMS, ANN, query={"order": "asc", "limit": "1"}).body
    rest = kept.call(ITEMS, ANN, query={"order": "asc", "after": oldest["last_id"]}).body

    assert [item["type"] for item in said["data"]] == ["function_call_output", "message", "message"]
    assert said["data"][0] == INPUT[2] | {"id": said["first_id"]}
    assert (said["first_id"][:4], said["last_id"][:4], said["has_more"]) == ("fco_", "msg_", False)
    assert said["data"][1] == INPUT[1] | {"status": "completed"}
    assert oldest["data"][0]["content"] == [{"type": "input_text", "text": "one"}]
    assert (oldest["has_more"], [item["id"] for item in rest["data"]]) == (True, ["msg_2", said["first_id"]])


def test_a_response_that_is_deleted_is_gone(kept: Platform) -> None:
    first, second = (kept.call(DELETE, ANN) for _ in range(2))

    assert (first.status, first.body) == (200, {"id": "resp_1", "object": "response", "deleted": True})
    assert (second.status, second.code) == (404, "not_found")
    assert kept.call(GET, ANN).status == 404


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_another_user_is_told_that_there_is_none(kept: Platform, call: OwnCall) -> None:
    said = kept.call(call, BOB)

    assert (said.status, said.code) == (404, "not_found")
    assert said.body["error"]["message"] == "Response with id 'resp_1' not found."
    assert kept.call(GET, ANN).status == 200


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_key_without_the_scope_is_refused(kept: Platform, call: OwnCall) -> None:
    said = kept.call(call, Caller("key-ann", "ann", ("billing:read",)))

    assert (said.status, said.code) == (403, "missing_scope")


@pytest.mark.parametrize("call", [GET, ITEMS], ids=str)
@pytest.mark.parametrize(("allowed", "status"), [("gpt-4o-mini", 200), ("openai/*", 200), ("gpt-4o", 403)])
def test_a_key_reads_what_a_model_said_that_it_may_call(
    kept: Platform, call: OwnCall, allowed: str, status: int
) -> None:
    by = Caller("key-ann", "ann", ("inference",), allowed_models=(allowed,))

    assert kept.call(call, by).status == status


@pytest.mark.parametrize(
    ("call", "query", "param"),
    [
        (GET, {"stream": "true"}, "stream"),
        (ITEMS, {"limit": "0"}, "limit"),
        (ITEMS, {"limit": "101"}, "limit"),
        (ITEMS, {"order": "odd"}, "order"),
        (ITEMS, {"after": "msg_none"}, "after"),
    ],
)
def test_a_bad_query_is_named(kept: Platform, call: OwnCall, query: JsonObject, param: str) -> None:
    said = kept.call(call, ANN, query=query)

    assert (said.status, said.param) == (400, param)


@pytest.mark.parametrize("name", ["resp_1#PART#01", "x" * 201, "..", "resp%00"])
def test_what_is_no_id_of_a_response_finds_none(kept: Platform, name: str) -> None:
    assert {kept.call(call, ANN, path={"responseId": name}).status for call in CALLS} <= {400, 404}
