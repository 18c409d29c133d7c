"""Tools that run at the stand-in, and its service tiers, read by the SDKs of their houses."""

from typing import Any

import pytest

SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}
FETCH = {"type": "web_fetch_20250910", "name": "web_fetch"}


def hello(text: str, **fields: Any) -> Any:
    return {"model": "claude", "max_tokens": 100, "messages": [{"role": "user", "content": text}]} | fields


def test_claude_searches_and_fetches_plain_and_streamed(claude: Any) -> None:
    asked = hello("search, and fetch", tools=[SEARCH, FETCH])

    whole = claude.messages.create(**asked)
    with claude.messages.stream(**asked) as stream:
        streamed = stream.get_final_message()

    for said in (whole, streamed):
        assert [block.type for block in said.content] == [
            "server_tool_use", "web_search_tool_result", "server_tool_use", "web_fetch_tool_result", "text",
        ]  # fmt: skip
        used = said.usage.server_tool_use
        assert (used.web_search_requests, used.web_fetch_requests) == (1, 1)
        # 10 tokens of prompt and 2 x 100 that were found; before each call the 10, and before the second 100 more
        assert (said.usage.input_tokens, said.usage.cache_read_input_tokens) == (210, 120)


def test_gpt_searches_and_runs_code_plain_and_streamed(gpt: Any) -> None:
    tools = [{"type": "web_search"}, {"type": "code_interpreter", "container": {"type": "auto"}}]
    asked = {"model": "gpt", "input": "search, and run code", "tools": tools, "store": False}

    whole = gpt.responses.create(**asked)
    with gpt.responses.stream(**asked) as stream:
        for _ in stream:
            pass
        streamed = stream.get_final_response()

    for said in (whole, streamed):
        assert [item.type for item in said.output] == ["web_search_call", "code_interpreter_call", "message"]
        assert said.output[0].action.type == "search"
        assert (said.usage.input_tokens, said.usage.input_tokens_details.cached_tokens) == (333, 122)


@pytest.mark.parametrize(("cap", "calls"), [(2, 2), (None, 4)])
def test_the_cap_of_a_request_is_kept(gpt: Any, claude: Any, cap: int | None, calls: int) -> None:
    capped = {"max_tool_calls": cap} if cap else {}
    response = gpt.responses.create(
        model="gpt", input="[[standin searches=4]] hi", tools=[{"type": "web_search"}], store=False, **capped
    )
    message = claude.messages.create(
        **hello("[[standin searches=4]] hi", tools=[SEARCH | {"max_uses": cap or 9}])
    )

    assert sum(item.type == "web_search_call" for item in response.output) == calls
    assert message.usage.server_tool_use.web_search_requests == calls


def test_a_demanded_tool_is_called_and_one_that_nobody_asks_for_is_not(gpt: Any) -> None:
    asked = {"model": "gpt", "input": "hi", "tools": [{"type": "web_search"}], "store": False}

    demanded = gpt.responses.create(**asked, tool_choice="required")

    assert [item.type for item in demanded.output] == ["web_search_call", "message"]
    assert [item.type for item in gpt.responses.create(**asked).output] == ["message"]


@pytest.mark.parametrize(("asked", "served"), [("flex", "flex"), ("priority", "priority"), ("auto", None)])
def test_a_service_tier_is_served_and_said(gpt: Any, asked: str, served: str | None) -> None:
    response = gpt.responses.create(model="gpt", input="hi", service_tier=asked, store=False)
    chat = gpt.chat.completions.create(
        model="gpt", messages=[{"role": "user", "content": "hi"}], service_tier=asked
    )

    assert (response.service_tier, chat.service_tier) == (served, served or "default")
