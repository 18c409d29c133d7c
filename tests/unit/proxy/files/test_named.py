"""Where requests of each dialect name files by their address, and where what looks so is the client's own data."""

from copy import deepcopy
from typing import Any

import pytest

from aggregator.errors import UnsupportedParameter
from aggregator.proxy.dialects.lanes import addresses_of
from aggregator.proxy.files.contents import Content
from aggregator.proxy.files.named import with_parts

JsonObject = dict[str, Any]

A, B, C = "https://x.example/a", "http://x.example/b", "s3://bucket/c"
INLINE = "data:image/png;base64,iVBORw0KGgo="
IMAGE_BY_URL: JsonObject = {"type": "image", "source": {"type": "url", "url": A}}
PDF_BY_URL: JsonObject = {"type": "document", "source": {"type": "url", "url": B}, "title": "T"}
PNG = Content("image/png", b"\x89PNG\r\n\x1a\n", "a.png")
PDF = Content("application/pdf", b"%PDF-1.7\n", "b.pdf")
WORDS = Content("text/csv", b"a,b", "b.csv")

CHAT: JsonObject = {
    "model": "m",
    "messages": [
        {"role": "system", "content": A},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": A},
                {"type": "image_url", "image_url": {"url": A, "detail": "low"}},
                {"type": "image_url", "image_url": B},
                {"type": "image_url", "image_url": {"url": INLINE}},
                {"type": "file", "file": {"file_data": C, "filename": "c.pdf"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0="}},
                {"type": "file", "file": {"file_id": "f"}},
            ],
        },
        {"role": "assistant", "content": None, "tool_calls": [{"function": {"arguments": A}}]},
    ],
    "tools": [{"type": "image_url", "image_url": {"url": A}}],
    "metadata": {"content": [{"type": "image_url", "image_url": {"url": A}}]},
}
RESPONSES: JsonObject = {
    "model": "m",
    "instructions": A,
    "input": [
        {
            "role": "user",
            "content": [{"type": "input_image", "image_url": A}, {"type": "input_text", "text": B}],
        },
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_file", "file_url": B, "filename": "f"}],
        },
        {"type": "function_call_output", "call_id": "1", "output": [{"type": "input_image", "image_url": C}]},
        {
            "type": "custom_tool_call_output",
            "call_id": "2",
            "output": [{"type": "input_file", "file_data": A}],
        },
        {"type": "function_call", "call_id": "3", "content": [{"type": "input_image", "image_url": A}]},
        {"role": "user", "content": [{"type": "input_image", "image_url": INLINE}]},
        {
            "type": "computer_call_output",
            "call_id": "4",
            "output": {"type": "computer_screenshot", "image_url": B},
        },
        {"role": "user", "content": A},
    ],
    "tools": [{"type": "input_image", "image_url": A}],
}
MESSAGES: JsonObject = {
    "model": "m",
    "max_tokens": 9,
    "system": [{"type": "text", "text": A}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": A}, IMAGE_BY_URL, PDF_BY_URL]},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "1", "name": "f", "input": IMAGE_BY_URL}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": [IMAGE_BY_URL]}]},
        {
            "role": "user",
            "content": [{"type": "document", "source": {"type": "content", "content": [IMAGE_BY_URL]}}],
        },
        {"role": "user", "content": [{"type": "image", "source": {"type": "base64", "data": A}}]},
        {"role": "user", "content": A},
    ],
    "tools": [{"name": "f", "input_schema": {"default": IMAGE_BY_URL}}],
}


@pytest.mark.parametrize(
    ("dialect", "body", "expected"),
    [
        (
            "chat",
            CHAT,
            [
                ("image", A, "messages.1.content.1.image_url.url"),
                ("image", B, "messages.1.content.2.image_url.url"),
                ("file", C, "messages.1.content.4.file.file_data"),
            ],
        ),
        (
            "responses",
            RESPONSES,
            [
                ("image", A, "input.0.content.0.image_url"),
                ("file", B, "input.1.content.0.file_url"),
                ("image", C, "input.2.output.0.image_url"),
                ("file", A, "input.3.output.0.file_data"),
                ("image", B, "input.6.output.image_url"),
            ],
        ),
        (
            "messages",
            MESSAGES,
            [
                ("image", A, "messages.0.content.1.source.url"),
                ("file", B, "messages.0.content.2.source.url"),
                ("image", A, "messages.2.content.0.content.0.source.url"),
                ("image", A, "messages.3.content.0.source.content.0.source.url"),
            ],
        ),
    ],
)
def test_files_are_found_where_the_dialect_has_them_and_nowhere_else(
    dialect: str, body: JsonObject, expected: list[tuple[str, str, str]]
) -> None:
    found = [(each.kind, each.url, each.field) for each in addresses_of(dialect).named_in(body)]

    assert found == expected


@pytest.mark.parametrize(
    ("dialect", "body", "content", "nth", "expected"),
    [
        ("chat", CHAT, PNG, 0, {"type": "image_url", "image_url": {"url": INLINE, "detail": "low"}}),
        ("chat", CHAT, PNG, 1, {"type": "image_url", "image_url": INLINE}),
        (
            "chat",
            CHAT,
            PDF,
            2,
            {
                "type": "file",
                "file": {"file_data": "data:application/pdf;base64,JVBERi0xLjcK", "filename": "c.pdf"},
            },
        ),
        ("responses", RESPONSES, PNG, 0, {"type": "input_image", "image_url": INLINE}),
        (
            "responses",
            RESPONSES,
            PDF,
            1,
            {"type": "input_file", "file_data": "data:application/pdf;base64,JVBERi0xLjcK", "filename": "f"},
        ),
        (
            "responses",
            RESPONSES,
            PDF,
            3,
            {
                "type": "input_file",
                "file_data": "data:application/pdf;base64,JVBERi0xLjcK",
                "filename": "b.pdf",
            },
        ),
        (
            "messages",
            MESSAGES,
            PNG,
            0,
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
            },
        ),
        (
            "messages",
            MESSAGES,
            PDF,
            1,
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjcK"},
                "title": "T",
            },
        ),
        (
            "messages",
            MESSAGES,
            WORDS,
            1,
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "a,b"},
                "title": "T",
            },
        ),
    ],
)
def test_a_file_is_filled_in_as_if_the_client_had_sent_it(
    dialect: str, body: JsonObject, content: Content, nth: int, expected: JsonObject
) -> None:
    found = list(addresses_of(dialect).named_in(body))[nth]
    before = deepcopy(body)
    part: Any = body
    for step in found.path:
        part = part[step]

    filled = addresses_of(dialect).filled(part, found, content)

    assert filled == expected
    assert body == before


@pytest.mark.parametrize("media_type", ["image/heic", "application/msword"])
def test_messages_has_no_place_for_some_files(media_type: str) -> None:
    found = next(iter(addresses_of("messages").named_in(MESSAGES)))

    with pytest.raises(UnsupportedParameter, match=media_type) as refused:
        addresses_of("messages").filled(IMAGE_BY_URL, found, Content(media_type, b"x", "a"))

    assert refused.value.param == "messages.0.content.1.source.url"


def test_parts_are_put_into_a_copy_that_shares_all_else() -> None:
    body: JsonObject = {"a": [{"b": [1, {"c": 2}]}, {"d": 3}], "e": {"f": 4}}
    before = deepcopy(body)

    made = with_parts(body, {("a", 0, "b", 1): {"c": 5}, ("a", 0, "b", 0): {"g": 6}})

    assert made == {"a": [{"b": [{"g": 6}, {"c": 5}]}, {"d": 3}], "e": {"f": 4}}
    assert body == before
    assert made["e"] is body["e"]
    assert made["a"][1] is body["a"][1]
