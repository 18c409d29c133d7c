"""Pictures and PDFs by their address, over HTTP: who fetches none gets the file, and who fetches gets the address."""

import uuid
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.caller import Reply, UserCaller
from tests.e2e.conftest import NewUser
from tests.e2e.stack import Stack
from tests.integration.proxy.web_server import PDF, PNG, Web, served

JsonObject = dict[str, Any]

PNG_BASE64, PDF_BASE64 = b64encode(PNG).decode(), b64encode(PDF).decode()


@pytest.fixture(scope="module")
def user(new_user: NewUser) -> UserCaller:
    return new_user(credit="50.00")


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with served() as running:
        yield running


def chat(user: UserCaller, model: str, mark: str, *parts: JsonObject, **fields: Any) -> Reply:
    said = {"role": "user", "content": [{"type": "text", "text": mark}, *parts]}
    return user.call("POST", "/v1/chat/completions", {"model": model, "messages": [said], **fields})


def message(user: UserCaller, model: str, mark: str, *blocks: JsonObject) -> Reply:
    said = {"role": "user", "content": [{"type": "text", "text": mark}, *blocks]}
    return user.call("POST", "/v1/messages", {"model": model, "max_tokens": 100, "messages": [said]})


def response(user: UserCaller, model: str, mark: str, *parts: JsonObject) -> Reply:
    said = {"role": "user", "content": [{"type": "input_text", "text": mark}, *parts]}
    return user.call("POST", "/v1/responses", {"model": model, "store": False, "input": [said]})


def shown(url: str) -> JsonObject:
    return {"type": "image_url", "image_url": {"url": url}}


def test_an_image_reaches_converse_in_its_bytes_plain_and_streamed(
    stack: Stack, user: UserCaller, web: Web
) -> None:
    for stream in (False, True):
        mark = uuid.uuid4().hex

        answer = chat(user, "nova-pro", mark, shown(f"{web.url}/image.png"), stream=stream)

        assert answer.status == 200, answer.body
        content = stack.asked(mark)[-1]["body"]["messages"][0]["content"]
        assert content[1] == {"image": {"format": "png", "source": {"bytes": PNG_BASE64}}}


def test_a_pdf_reaches_claude_at_bedrock_on_its_native_lane(stack: Stack, user: UserCaller, web: Web) -> None:
    mark = uuid.uuid4().hex
    source = {"type": "url", "url": f"{web.url}/document.pdf"}

    answer = message(user, "bedrock-converse/claude-sonnet-4-5", mark, {"type": "document", "source": source})

    assert answer.status == 200, answer.body
    got = stack.asked(mark)[-1]
    assert got["path"] == "/bedrock-converse/anthropic/v1/messages"
    assert got["body"]["messages"][0]["content"][1] == {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": PDF_BASE64},
    }


def test_a_file_and_an_image_reach_gpt_at_bedrock_on_its_native_lane(
    stack: Stack, user: UserCaller, web: Web
) -> None:
    mark = uuid.uuid4().hex

    answer = response(
        user,
        "bedrock/gpt-5.6-luna",
        mark,
        {"type": "input_file", "file_url": f"{web.url}/document.pdf"},
        {"type": "input_image", "image_url": f"{web.url}/image.png"},
    )

    assert answer.status == 200, answer.body
    got = stack.asked(mark)[-1]
    assert got["path"] == "/bedrock/openai/v1/responses"
    assert got["body"]["input"][0]["content"][1:] == [
        {
            "type": "input_file",
            "file_data": f"data:application/pdf;base64,{PDF_BASE64}",
            "filename": "document.pdf",
        },
        {"type": "input_image", "image_url": f"data:image/png;base64,{PNG_BASE64}"},
    ]


def test_gemini_gets_the_address_that_it_fetches_and_the_file_of_any_other(
    stack: Stack, user: UserCaller, web: Web
) -> None:
    mark = uuid.uuid4().hex
    theirs = "https://files.example/a.png"

    answer = chat(user, "gemini-3.8-flash", mark, shown(theirs), shown(f"{web.url}/image.png"))

    assert answer.status == 200, answer.body
    assert stack.asked(mark)[-1]["body"]["contents"][0]["parts"][1:] == [
        {"fileData": {"mimeType": "image/png", "fileUri": theirs}},
        {"inlineData": {"mimeType": "image/png", "data": PNG_BASE64}},
    ]


def test_openai_gets_the_address(stack: Stack, user: UserCaller, web: Web) -> None:
    mark = uuid.uuid4().hex
    before = len(web.asked)

    answer = response(
        user,
        "openai/gpt-5.6-luna",
        mark,
        {"type": "input_file", "file_url": f"{web.url}/document.pdf"},
        {"type": "input_image", "image_url": f"{web.url}/image.png"},
    )

    assert answer.status == 200, answer.body
    assert stack.asked(mark)[-1]["body"]["input"][0]["content"][1:] == [
        {"type": "input_file", "file_url": f"{web.url}/document.pdf"},
        {"type": "input_image", "image_url": f"{web.url}/image.png"},
    ]
    assert len(web.asked) == before


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("/nothing-there", "could not be fetched: its server answered with status 404"),
        ("/lying.png", "is no image, by its first bytes"),
        ("/huge", "could not be fetched: it is larger than 4,718,592 bytes"),
        ("/packed", "could not be fetched: its server sends it packed"),
    ],
)
def test_a_file_that_cannot_be_had_is_a_400_that_names_its_field_and_costs_nothing(
    user: UserCaller, web: Web, page: str, words: str
) -> None:
    before = user.balance_at_rest()

    answer = chat(user, "nova-pro", "x", shown(f"{web.url}{page}?sig=s3cr3t"))

    assert answer.status == 400
    assert answer.json["error"]["param"] == "messages.0.content.1.image_url.url"
    assert words in answer.json["error"]["message"]
    assert "s3cr3t" not in answer.body.decode()
    assert user.balance() == before


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://169.254.169.254/latest/meta-data/iam", "could not be fetched: its server cannot be reached"),
        ("http://10.0.0.1/a.png", "could not be fetched: its server cannot be reached"),
        ("http://nobody.invalid/a.png", "could not be fetched: its server cannot be reached"),
        ("http://0x7f000001/a.png", "must name a host"),
        ("s3://a-bucket/a.png", "must be an http or https address"),
        ("https://user:word@example.com/a.png", "without a user's name or password"),
    ],
)
def test_nobody_is_called_through_the_platform_whom_only_it_can_reach(
    user: UserCaller, url: str, words: str
) -> None:
    answer = chat(user, "nova-pro", "x", shown(url))

    assert answer.status == 400
    assert words in answer.json["error"]["message"]
    assert "169.254" not in answer.body.decode()
