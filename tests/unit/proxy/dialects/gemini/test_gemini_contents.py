"""A conversation as it goes to Gemini; every body is of the SDK's own types."""

from typing import Any

import pytest

from aggregator.errors import InvalidRequest, UnsupportedParameter
from tests.fakes.chat_world import JsonObject
from tests.unit.proxy.dialects.native_world import PDF, PNG, called
from tests.unit.proxy.dialects.native_world import sent_to_gemini as sent

HI = {"role": "user", "content": "hi"}


def refused(model: str = "gemini-3.8-flash", **fields: Any) -> str | None:
    with pytest.raises(UnsupportedParameter) as refusal:
        sent(model, **fields)
    return refusal.value.param


DUMMY = "skip_thought_signature_validator"


def contents(*messages: JsonObject, model: str = "gemini-3.8-flash") -> list[JsonObject]:
    found: list[JsonObject] = sent(model, messages=list(messages))["contents"]
    return found


def test_the_system_prompt_is_the_system_instruction_and_later_words_stay_in_their_place() -> None:
    body = sent(
        messages=[
            {"role": "system", "content": "be brief"},
            {"role": "developer", "content": [{"type": "text", "text": "be kind"}]},
            HI,
            {"role": "assistant", "content": "yes"},
            {"role": "system", "content": "note"},
        ]
    )

    assert body["systemInstruction"] == {"parts": [{"text": "be brief"}, {"text": "be kind"}]}
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": "hi"}]},
        {"role": "model", "parts": [{"text": "yes"}]},
        {"role": "user", "parts": [{"text": "note"}]},
    ]


def test_neighbours_of_one_role_become_one_and_empty_text_is_left_out() -> None:
    assert contents(
        HI,
        {"role": "user", "content": "there"},
        {"role": "assistant", "content": "yes"},
        {"role": "user", "content": " "},
    ) == [
        {"role": "user", "parts": [{"text": "hi"}, {"text": "there"}]},
        {"role": "model", "parts": [{"text": "yes"}]},
    ]


def test_a_request_in_which_only_the_system_speaks_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        sent(messages=[{"role": "system", "content": "be brief"}])

    assert refusal.value.param == "messages"


def test_parallel_calls_and_their_results_come_back_together_with_names_and_ids() -> None:
    found = contents(
        HI,
        {
            "role": "assistant",
            "content": "let me see",
            "tool_calls": [called("a", "Rome"), called("b", "Oslo")],
        },
        {"role": "tool", "tool_call_id": "a", "content": '{"sky": "blue"}'},
        {"role": "tool", "tool_call_id": "b", "content": "snow"},
        {"role": "user", "content": "and now?"},
        model="gemini-2.5-flash",
    )

    assert found[1] == {
        "role": "model",
        "parts": [
            {"text": "let me see"},
            {"functionCall": {"id": "a", "name": "weather", "args": {"city": "Rome"}}},
            {"functionCall": {"id": "b", "name": "weather", "args": {"city": "Oslo"}}},
        ],
    }
    assert found[2] == {
        "role": "user",
        "parts": [
            {"functionResponse": {"id": "a", "name": "weather", "response": {"sky": "blue"}}},
            {"functionResponse": {"id": "b", "name": "weather", "response": {"output": "snow"}}},
            {"text": "and now?"},
        ],
    }


def test_a_result_may_name_the_call_itself_but_must_answer_one() -> None:
    result = {"role": "tool", "tool_call_id": "x", "content": "[1]"}

    named = contents(HI, result | {"name": "weather"})[0]["parts"][1]["functionResponse"]

    assert named == {"id": "x", "name": "weather", "response": {"output": "[1]"}}
    for odd in (result, result | {"tool_call_id": None}):
        with pytest.raises(InvalidRequest) as refusal:
            sent(messages=[HI, odd])
        assert refusal.value.param == "messages.1.tool_call_id"


def test_a_result_may_be_an_error() -> None:
    result = {"role": "tool", "tool_call_id": "x", "name": "weather", "content": '{"a":1}', "is_error": True}

    assert contents(HI, result)[0]["parts"][1]["functionResponse"]["response"] == {"error": '{"a":1}'}


def test_a_result_may_hold_images_from_gemini_3_on() -> None:
    image = {"type": "image_url", "image_url": {"url": PNG}}
    result = {
        "role": "tool",
        "tool_call_id": "x",
        "name": "f",
        "content": [{"type": "text", "text": "so"}, image],
    }

    assert contents(HI, result)[0]["parts"][1]["functionResponse"] == {
        "id": "x",
        "name": "f",
        "response": {"output": "so"},
        "parts": [{"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}],
    }
    assert refused("gemini-2.5-pro", messages=[HI, result]) == "messages.1.content.1"


@pytest.mark.parametrize("model", ["gemini-3-flash-preview", "gemini-3.8-flash", "gemini-4-argon"])
def test_from_gemini_3_the_first_call_of_a_step_is_signed_even_if_the_client_lost_the_signature(
    model: str,
) -> None:
    parts = contents(HI, {"role": "assistant", "tool_calls": [called("a"), called("b")]}, model=model)[1][
        "parts"
    ]

    assert [part.get("thoughtSignature") for part in parts] == [DUMMY, None]


def test_signatures_come_back_where_they_were_found() -> None:
    details = [
        {"type": "reasoning.encrypted", "data": "dGV4dA==", "format": "google-gemini-v1", "index": 0},
        {
            "type": "reasoning.encrypted",
            "data": "Y2FsbA==",
            "format": "google-gemini-v1",
            "id": "a",
            "index": 1,
        },
        {"type": "reasoning.encrypted", "data": "b3RoZXI=", "format": "anthropic-claude-v1", "index": 2},
    ]

    parts = contents(
        HI,
        {
            "role": "assistant",
            "content": "so",
            "tool_calls": [called("a"), called("b")],
            "reasoning_details": details,
        },
    )[1]["parts"]

    assert [part.get("thoughtSignature") for part in parts] == ["dGV4dA==", "Y2FsbA==", None]


def test_signatures_are_taken_also_where_googles_own_compatible_endpoint_puts_them() -> None:
    call = called("a", extra_content={"google": {"thought_signature": "Y2FsbA=="}})

    parts = contents(HI, {"role": "assistant", "tool_calls": [call]})[1]["parts"]

    assert parts[0]["thoughtSignature"] == "Y2FsbA=="


def test_images_and_files_go_inline() -> None:
    found = contents(
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": PNG}},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}},
            ],
        }
    )

    assert found[0]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0xLjQK"}},
    ]


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ({"type": "image_url", "image_url": {"url": "gs://bucket/cat.png"}}, "image_url.url"),
        ({"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}, "image_url.detail"),
        ({"type": "file", "file": {"file_id": "files/abc"}}, "file.file_id"),
        ({"type": "video_url", "video_url": {"url": "https://a.example/v"}}, "type"),
    ],
)
def test_content_that_would_have_to_be_fetched_is_refused_by_its_place(part: JsonObject, place: str) -> None:
    assert refused(messages=[HI, {"role": "user", "content": [part]}]) == f"messages.1.content.0.{place}"


def test_images_where_only_text_can_stand_are_refused() -> None:
    image = {"type": "image_url", "image_url": {"url": PNG}}

    assert refused(messages=[HI, {"role": "assistant", "content": [image]}]) == "messages.1.content.0.type"


@pytest.mark.parametrize(
    ("url", "media_type"),
    [
        ("https://example.com/a.png", "image/png"),
        ("https://example.com:8443/b.WEBP?x=1.gif", "image/webp"),
        ("https://example.com/picture", "image/jpeg"),
    ],
)
def test_a_picture_on_the_web_is_fetched_by_gemini(url: str, media_type: str) -> None:
    picture = {"type": "image_url", "image_url": {"url": url}}

    said = sent(messages=[{"role": "user", "content": [picture]}])

    assert said["contents"][0]["parts"] == [{"fileData": {"mimeType": media_type, "fileUri": url}}]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a.png",
        "gs://bucket/a.png",
        "https://generativelanguage.googleapis.com/v1beta/files/abc",
        "https://me@STORAGE.googleapis.com/b/a.png",
        "https://drive.google.com/a.png",
    ],
)
def test_what_lies_in_the_platform_s_account_is_no_client_s(url: str) -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        sent(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}])

    assert refused.value.param == "messages.0.content.0.image_url.url"
