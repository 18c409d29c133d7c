"""Where the words of an answer come from reaches clients of every dialect.

What they get is held against their SDKs' published types.
"""

import json
from typing import Any

import pytest
from anthropic.types import CitationsDelta, RawContentBlockDeltaEvent, TextBlock
from openai.types.chat.chat_completion_message import Annotation
from openai.types.responses import ResponseOutputText, ResponseOutputTextAnnotationAddedEvent
from pydantic import TypeAdapter

from aggregator.proxy.exchange import Progress
from tests.fakes.translated import translation
from tests.unit.proxy.dialects.citing_world import (
    CLAUDE_ON_BEDROCK,
    CLAUDES,
    FOUND,
    GROUNDS,
    PAGE,
    READ,
    READ_AT_AMAZON,
    SOURCES,
    answered,
    said_by_amazon,
    said_by_claude,
    said_by_google,
    spans,
)  # fmt: skip

JsonObject = dict[str, Any]


@pytest.mark.parametrize("source", SOURCES)
def test_a_page_is_an_annotation_of_a_chat_completion(source: str) -> None:
    message = answered(source, "chat")["choices"][0]["message"]

    (annotation,) = message["annotations"]
    assert message["content"] == "It: grün."
    assert {name: annotation[name] for name in ("type", "url_citation")} == {
        "type": "url_citation",
        "url_citation": spans(4, 9),
    }
    TypeAdapter(Annotation).validate_python(annotation, strict=True)


@pytest.mark.parametrize("source", SOURCES)
def test_a_page_is_an_annotation_of_a_response(source: str) -> None:
    (part,) = answered(source, "responses")["output"][0]["content"]

    (annotation,) = part["annotations"]
    ours = {name: value for name, value in annotation.items() if name != "citation"}
    assert (part["text"], ours) == ("It: grün.", spans(4, 9, type="url_citation"))
    TypeAdapter(ResponseOutputText).validate_python(part, strict=True)


@pytest.mark.parametrize("source", SOURCES)
def test_a_page_is_a_citation_of_a_message(source: str) -> None:
    blocks = answered(source, "messages")["content"]

    (citation,) = blocks[-1]["citations"]
    assert {name: citation[name] for name in ("type", "url", "title")} == {
        "type": "web_search_result_location", **PAGE,
    }  # fmt: skip
    for block in blocks:
        TypeAdapter(TextBlock).validate_python(block, strict=True)
    if source in ("messages", "converse"):  # they cite whole blocks, so the blocks stay apart
        assert [block["text"] for block in blocks] == ["It: ", "grün."]
        assert "citations" not in blocks[0]
    if source == "messages":
        assert citation == CLAUDES


def test_a_document_is_cited_by_its_place_in_the_request() -> None:
    cited = {"citationsContent": {"content": [{"text": "It is."}], "citations": [READ_AT_AMAZON]}}

    said = translation("converse", "messages").decode(
        said_by_amazon(cited), Progress(model=CLAUDE_ON_BEDROCK)
    )
    response = translation("messages", "responses").decode(
        said_by_claude({"type": "text", "text": "It is.", "citations": [READ, FOUND]}), Progress(model="m")
    )

    assert json.loads(said)["content"] == [{"type": "text", "text": "It is.", "citations": [READ]}]
    (part,) = json.loads(response)["output"][0]["content"]
    told = [{name: each[name] for name in each if name != "citation"} for each in part["annotations"]]
    assert told == [
        {"type": "file_citation", "file_id": "document-0", "filename": "Doc", "index": 6},
        {
            "type": "url_citation",
            "start_index": 0,
            "end_index": 6,
            "title": "S",
            "url": "https://a.example/s",
        },
    ]
    TypeAdapter(ResponseOutputText).validate_python(part, strict=True)


@pytest.mark.parametrize(("beside", "expected"), [
    ({"citationMetadata": {"citationSources": [{"startIndex": 4, "endIndex": 10, "uri": PAGE["url"]}]}}, [(4, 9, "")]),
    ({"citationMetadata": {"citations": [{"uri": PAGE["url"], "title": "P"}, {"license": "MIT"}]}}, [(0, 9, "P")]),
    ({"groundingMetadata": {"groundingChunks": [{"maps": {"uri": PAGE["url"], "title": "P"}}, {"web": {}}]}},
     [(0, 9, "P")]),
    ({"groundingMetadata": GROUNDS | {"groundingSupports": [
        {"segment": {"startIndex": 0, "endIndex": 2, "text": "grün."}, "groundingChunkIndices": [0]}]}}, [(4, 9, "P")]),
    ({"groundingMetadata": GROUNDS | {"groundingSupports": [
        {"segment": {"endIndex": 5, "text": "elsewhere"}, "groundingChunkIndices": [0, "x", True]}]}}, [(0, 9, "P")]),
    ({"groundingMetadata": GROUNDS | {"groundingSupports": [{"groundingChunkIndices": 7}]}}, None),
    ({"groundingMetadata": "odd", "citationMetadata": ["odd"]}, None),
])  # fmt: skip
def test_what_gemini_names_counts_bytes_and_may_be_odd(
    beside: JsonObject, expected: list[tuple[int, int, str]] | None
) -> None:
    said = translation("gemini").decode(said_by_google({"text": "It: grün."}, **beside), Progress(model="m"))

    message = json.loads(said)["choices"][0]["message"]
    found = [each["url_citation"] for each in message.get("annotations", ())]
    assert found == [spans(start, end, title=title) for start, end, title in expected or ()]
    assert message["content"] == "It: grün."


def test_a_streamed_citation_is_of_the_published_types() -> None:
    chunk = {
        "delta": {"annotations": [{"type": "url_citation", "url_citation": spans(0, 2)}]},
        "finish_reason": "stop",
    }
    stream = [
        b'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"It"}}]}\n\n',
        b"data: " + json.dumps({"choices": [{"index": 0, **chunk}]}).encode() + b"\n\n",
        b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}\n\n',
    ]

    def events(client: str) -> list[JsonObject]:
        said = b"".join(translation("chat", client, stream=True).stream(iter(stream), Progress(model="m")))
        return [json.loads(line[6:]) for line in said.decode().splitlines() if line.startswith("data: ")]

    (delta,) = [each for each in events("messages") if each.get("delta", {}).get("type") == "citations_delta"]
    (added,) = [
        each for each in events("responses") if each["type"] == "response.output_text.annotation.added"
    ]
    (told,) = [each for each in events("chat") if each["choices"][0]["delta"].get("annotations")]
    parsed = TypeAdapter(RawContentBlockDeltaEvent).validate_python(delta, strict=True)
    assert isinstance(parsed.delta, CitationsDelta)
    assert (
        TypeAdapter(ResponseOutputTextAnnotationAddedEvent)
        .validate_python(added, strict=True)
        .annotation_index
        == 0
    )
    assert added["annotation"] == spans(0, 2, type="url_citation")
    assert told["choices"][0]["delta"] == chunk["delta"]
