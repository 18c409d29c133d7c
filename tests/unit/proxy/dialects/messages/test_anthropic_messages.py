"""A conversation as it goes to Anthropic; every body is of the SDK's own type."""

import json
from typing import Any

import pytest

from aggregator.billing.price import Price, Tier
from aggregator.errors import InvalidRequest, UnsupportedParameter
from tests.fakes.chat_world import JsonObject
from tests.unit.proxy.dialects.native_world import PDF, PNG, WEATHER, called
from tests.unit.proxy.dialects.native_world import sent_to_anthropic as sent

HI = {"role": "user", "content": "hi"}
HOURLY = Price(version="1", input=1_000_000, output=2_000_000, cache_write_hour=2_000_000)


def refused(model: str = "claude-opus-5-5", **fields: Any) -> str | None:
    with pytest.raises(UnsupportedParameter) as refusal:
        sent(model, **fields)
    return refusal.value.param


def turns(*messages: JsonObject) -> list[JsonObject]:
    found: list[JsonObject] = sent(messages=list(messages))["messages"]
    return found


def test_the_system_prompt_stands_apart_and_what_the_system_says_later_stays_in_its_place() -> None:
    body = sent(
        messages=[
            {"role": "system", "content": "be brief"},
            {"role": "developer", "content": [{"type": "text", "text": "be kind"}]},
            HI,
            {"role": "assistant", "content": "yes"},
            {"role": "system", "content": "note", "cache_control": {"type": "ephemeral"}},
        ]
    )

    assert body["system"] == [{"type": "text", "text": "be brief"}, {"type": "text", "text": "be kind"}]
    assert body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "yes"}]},
        {
            "role": "user",
            "content": [{"type": "text", "text": "note", "cache_control": {"type": "ephemeral"}}],
        },
    ]


def test_neighbours_of_one_role_become_one_turn() -> None:
    assert turns(HI, {"role": "user", "content": "there"}, {"role": "assistant", "content": "yes"}) == [
        {"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "text", "text": "there"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "yes"}]},
    ]


def test_text_that_says_nothing_is_left_out() -> None:
    assert turns(HI, {"role": "assistant", "content": " \n"}, {"role": "user", "content": ""}) == [
        {"role": "user", "content": [{"type": "text", "text": "hi"}]}
    ]


def test_a_request_in_which_only_the_system_speaks_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        sent(messages=[{"role": "system", "content": "be brief"}])

    assert refusal.value.param == "messages"


def test_parallel_calls_and_their_results_come_back_in_order_and_before_the_next_words() -> None:
    found = turns(
        HI,
        {
            "role": "assistant",
            "content": "let me see",
            "tool_calls": [called("a", "Rome"), called("b", "Oslo")],
        },
        {"role": "tool", "tool_call_id": "a", "content": "sun"},
        {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "snow"}]},
        {"role": "user", "content": "and now?"},
    )

    assert found[1]["content"] == [
        {"type": "text", "text": "let me see"},
        {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "Rome"}},
        {"type": "tool_use", "id": "b", "name": "weather", "input": {"city": "Oslo"}},
    ]
    assert found[2] == {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "sun"}]},
            {"type": "tool_result", "tool_use_id": "b", "content": [{"type": "text", "text": "snow"}]},
            {"type": "text", "text": "and now?"},
        ],
    }


def test_a_result_that_is_empty_is_still_a_result() -> None:
    found = turns(
        HI,
        {"role": "assistant", "content": None, "tool_calls": [called()]},
        {"role": "tool", "tool_call_id": "call_1", "content": ""},
    )

    assert found[2]["content"] == [{"type": "tool_result", "tool_use_id": "call_1"}]


def test_a_result_may_be_an_error_and_hold_images() -> None:
    found = turns(
        HI,
        {"role": "assistant", "content": None, "tool_calls": [called()]},
        {
            "role": "tool",
            "tool_call_id": "call_1",
            "is_error": True,
            "content": [{"type": "image_url", "image_url": {"url": PNG}}],
        },
    )

    assert found[2]["content"] == [
        {
            "type": "tool_result",
            "tool_use_id": "call_1",
            "is_error": True,
            "content": [
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
                }
            ],
        }
    ]


def test_ids_of_calls_that_another_provider_made_are_fitted_alike_in_call_and_result() -> None:
    found = turns(
        HI,
        {"role": "assistant", "content": None, "tool_calls": [called("call.1:2")]},
        {"role": "tool", "tool_call_id": "call.1:2", "content": "sun"},
    )

    assert found[1]["content"][0]["id"] == found[2]["content"][0]["tool_use_id"] == "call_1_2"


def test_images_go_by_https_and_inline() -> None:
    found = turns(
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": "https://a.example/cat.png", "detail": "high"}},
                {"type": "image_url", "image_url": {"url": PNG}},
                {"type": "image_url", "image_url": {"url": "data:image/jpg;base64,AAAA"}},
            ],
        }
    )

    assert [block["source"] for block in found[0]["content"]] == [
        {"type": "url", "url": "https://a.example/cat.png"},
        {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
        {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"},
    ]


def test_files_go_as_documents() -> None:
    text = "data:text/plain;base64,aGVsbG8="
    found = turns(
        {
            "role": "user",
            "content": [
                {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}},
                {"type": "file", "file": {"file_data": text}},
            ],
        }
    )

    assert found[0]["content"] == [
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK"},
            "title": "a.pdf",
        },
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hello"}},
    ]


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ({"type": "image_url", "image_url": {"url": "http://a.example/cat.png"}}, "image_url.url"),
        ({"type": "image_url", "image_url": {"url": "data:image/tiff;base64,AA=="}}, "image_url.url"),
        ({"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}, "image_url.detail"),
        ({"type": "file", "file": {"file_id": "file-1"}}, "file.file_id"),
        ({"type": "file", "file": {"file_data": "data:text/csv;base64,AA=="}}, "file.file_data"),
        ({"type": "video_url", "video_url": {"url": "https://a.example/v"}}, "type"),
    ],
)
def test_content_that_claude_does_not_take_is_refused_by_its_place(part: JsonObject, place: str) -> None:
    assert refused(messages=[HI, {"role": "user", "content": [part]}]) == f"messages.1.content.0.{place}"


def test_marks_for_the_cache_go_along_from_parts_messages_tools_and_calls() -> None:
    mark: JsonObject = {"cache_control": {"type": "ephemeral"}}
    body = sent(
        messages=[
            {"role": "system", "content": "long", **mark},
            {"role": "user", "content": [{"type": "text", "text": "hi", **mark}]},
            {"role": "assistant", "content": "so", "tool_calls": [called(**mark)]},
            {"role": "tool", "tool_call_id": "call_1", "content": "sun", **mark},
        ],
        tools=[WEATHER | mark],
    )

    assert body["system"][0]["cache_control"] == {"type": "ephemeral"}
    assert body["messages"][0]["content"][0]["cache_control"] == {"type": "ephemeral"}
    assert body["messages"][1]["content"][1]["cache_control"] == {"type": "ephemeral"}
    assert body["messages"][2]["content"][0]["cache_control"] == {"type": "ephemeral"}
    assert body["tools"][0]["cache_control"] == {"type": "ephemeral"}


AN_HOUR: JsonObject = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
MARKED = [
    ({"role": "user", "content": [{"type": "text", "text": "hi", **AN_HOUR}]}, "messages.1.content.0"),
    (
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG}, **AN_HOUR}]},
        "messages.1.content.0",
    ),
    (
        {"role": "user", "content": [{"type": "file", "file": {"file_data": PDF}, **AN_HOUR}]},
        "messages.1.content.0",
    ),
    ({"role": "system", "content": "long", **AN_HOUR}, "messages.1"),
    ({"role": "assistant", "tool_calls": [called(**AN_HOUR)]}, "messages.1.tool_calls.0"),
    ({"role": "tool", "tool_call_id": "call_1", "content": "sun", **AN_HOUR}, "messages.1"),
]


@pytest.mark.parametrize(("message", "place"), MARKED)
def test_a_cache_lifetime_without_a_price_is_refused_by_its_place(message: JsonObject, place: str) -> None:
    assert refused(messages=[HI, message]) == f"{place}.cache_control.ttl"


def test_a_tool_that_is_to_be_kept_for_an_hour_without_a_price_is_refused() -> None:
    assert refused(messages=[HI], tools=[WEATHER, WEATHER | AN_HOUR]) == "tools.1.cache_control.ttl"
    inside = WEATHER | {"function": WEATHER["function"] | AN_HOUR}
    assert refused(messages=[HI], tools=[inside]) == "tools.0.function.cache_control.ttl"


@pytest.mark.parametrize(("message", "place"), MARKED)
def test_where_an_hour_has_a_price_it_goes_along(message: JsonObject, place: str) -> None:
    body = sent(messages=[HI, message], price=HOURLY)

    said = json.dumps([body["messages"], body.get("system")])
    assert said.count('"cache_control": {"type": "ephemeral", "ttl": "1h"}') == 1, place


def test_an_hour_needs_a_price_in_every_tier() -> None:
    tier = Tier(above_input_tokens=200_000, input=2_000_000, output=3_000_000)
    tools = [WEATHER | AN_HOUR]

    with pytest.raises(UnsupportedParameter):
        sent(messages=[HI], tools=tools, price=HOURLY._replace(tiers=(tier,)))

    priced = HOURLY._replace(tiers=(tier._replace(cache_write_hour=4_000_000),))
    assert sent(messages=[HI], tools=tools, price=priced)["tools"][0]["cache_control"]["ttl"] == "1h"


def test_no_other_lifetime_is_taken() -> None:
    message = HI | {"cache_control": {"type": "ephemeral", "ttl": "1d"}}

    with pytest.raises(UnsupportedParameter) as refusal:
        sent(messages=[message], price=HOURLY)

    assert refusal.value.param == "messages.0.cache_control.ttl"


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ({"role": "user", "content": "hi", "name": "ann"}, "messages.0.name"),
        ({"role": "function", "name": "f", "content": "1"}, "messages.0.function_call"),
        ({"role": "assistant", "audio": {"id": "a"}}, "messages.0.audio"),
    ],
)
def test_messages_of_forms_that_only_openai_has_are_refused(message: JsonObject, place: str) -> None:
    assert refused(messages=[message]) == place
