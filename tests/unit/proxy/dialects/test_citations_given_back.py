"""What an earlier answer cited goes back to whoever can take it, and what can be cited goes to whoever cites.

What goes upstream is held against the providers' published types, as all is.
"""

import json
from typing import Any

import pytest

from aggregator.errors import InvalidRequest, UnsupportedParameter
from aggregator.proxy.dialects.chat.from_client import read as read_chat
from aggregator.proxy.dialects.citations import Citation, pieces, sealed, unsealed
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.messages.foreign import without_what_is_foreign
from aggregator.proxy.dialects.reasoning import packed
from aggregator.proxy.dialects.responses.citations import without_ours
from aggregator.proxy.exchange import Progress
from aggregator.proxy.model import Ask
from tests.fakes.chat_world import chat_event
from tests.fakes.translated import translation
from tests.unit.proxy.dialects.citing_world import (
    AMAZONS,
    CLAUDES,
    FOUND,
    HI,
    PAGE,
    READ,
    READ_AT_AMAZON,
    SOURCES,
    answered,
    given_back,
    said_by_claude,
    sent,
    spans,
)  # fmt: skip

JsonObject = dict[str, Any]


@pytest.mark.parametrize("client", ["chat", "messages", "responses"])
def test_claude_gets_its_citations_back_as_they_were(client: str) -> None:
    body, told = sent(given_back("messages", client), "messages")

    assert body["messages"][1]["content"] == [
        {"type": "text", "text": "It: "},
        {"type": "text", "text": "grün.", "citations": [CLAUDES]},
    ]
    assert told == ()


@pytest.mark.parametrize("client", ["chat", "messages", "responses"])
def test_a_model_on_bedrock_gets_its_citations_back_as_they_were(client: str) -> None:
    body, told = sent(given_back("converse", client), "converse")

    assert body["messages"][1]["content"] == [
        {"text": "It: "},
        {"citationsContent": {"content": [{"text": "grün."}], "citations": [AMAZONS]}},
    ]
    assert told == ()


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("client", ["chat", "messages"])
def test_openai_is_given_pages_back_whoever_found_them(source: str, client: str) -> None:
    body, told = sent(given_back(source, client), "responses")

    parts = body["input"][1]["content"]
    assert "".join(part["text"] for part in parts) == "It: grün."
    (annotation,) = parts[-1]["annotations"]
    start = 4 if len(parts) == 1 else 0  # what came in blocks stays in blocks
    assert annotation == spans(start, start + 5, type="url_citation")
    assert told == ()


@pytest.mark.parametrize(("source", "target"), [
    ("gemini", "gemini"), ("chat", "chat"), ("responses", "messages"), ("gemini", "converse"), ("chat", "messages"),
    ("messages", "converse"), ("converse", "messages"), ("messages", "gemini"), ("responses", "chat"),
])  # fmt: skip
@pytest.mark.parametrize(
    ("client", "name"), [("messages", "citations"), ("responses", "annotations"), ("chat", "annotations")]
)
def test_where_a_provider_has_no_place_for_a_page_the_words_stay_and_the_client_is_told(
    source: str, target: str, client: str, name: str
) -> None:
    passes = (client, target) == ("chat", "chat")  # as it came, and it came from there

    body, told = sent(given_back(source, client), target)

    assert told == (() if passes else (name,))
    assert "It: " in json.dumps(body, ensure_ascii=False)
    assert "grün." in json.dumps(body, ensure_ascii=False)
    assert (PAGE["url"] in json.dumps(body)) == passes


DOCUMENT: JsonObject = {
    "type": "document",
    "source": {"type": "text", "media_type": "text/plain", "data": "The grass is green."},
    "title": "Doc.txt",
    "context": "a note",
    "citations": {"enabled": True},
}
PIECES: JsonObject = DOCUMENT | {"source": {"type": "content", "content": [
    {"type": "text", "text": "one"}, {"type": "text", "text": "two"},
]}}  # fmt: skip
PDF: JsonObject = DOCUMENT | {
    "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}, "context": None,
}  # fmt: skip
RESULT: JsonObject = {
    "type": "search_result", "source": "https://a.example/s", "title": "S",
    "content": [{"type": "text", "text": "p1"}], "citations": {"enabled": True},
}  # fmt: skip


def asks(*blocks: JsonObject, answer: JsonObject | None = None) -> Ask:
    said = [] if answer is None else [{"role": "assistant", "content": [answer]}, HI]
    turns = [{"role": "user", "content": [*blocks, {"type": "text", "text": "?"}]}, *said]
    return MESSAGES.read(chat_event({"model": "mini", "max_tokens": 50, "messages": turns}))


@pytest.mark.parametrize(
    ("data", "what"), [("%%%", "is not valid base64"), ("JVBERi0", "is not valid base64")]
)
def test_a_pdf_that_is_none_is_refused_whether_it_is_to_be_cited_or_not(data: str, what: str) -> None:
    broken = PDF | {"source": PDF["source"] | {"data": data}}

    refusals = []
    for document in (broken, broken | {"citations": {"enabled": False}}):
        with pytest.raises(InvalidRequest) as refused:
            sent(asks(document), "converse")
        refusals.append((refused.value.param, refused.value.message))

    assert refusals == [("messages.0.content.0.source", f"messages.0.content.0.source: {what}")] * 2


def test_what_can_be_cited_reaches_claude_wherever_it_runs() -> None:
    citing = asks(
        DOCUMENT, PIECES, PDF, RESULT, answer={"type": "text", "text": "so", "citations": [READ, FOUND]}
    )

    claude, _ = sent(citing, "messages")
    amazon, told = sent(citing, "converse")

    assert claude["messages"][0]["content"][:4] == [DOCUMENT, PIECES, PDF, RESULT]
    asked = {"citations": {"enabled": True}}
    assert amazon["messages"][0]["content"] == [
        {"document": {"format": "txt", "source": {"text": "The grass is green."}, "name": "Doc",
                      "context": "a note", **asked}},
        {"document": {"format": "txt", "source": {"content": [{"text": "one"}, {"text": "two"}]}, "name": "Doc (2)",
                      "context": "a note", **asked}},
        {"document": {"format": "pdf", "source": {"bytes": "JVBERi0="}, "name": "Doc (3)", **asked}},
        {"searchResult": {"source": "https://a.example/s", "title": "S", "content": [{"text": "p1"}], **asked}},
        {"text": "?"},
    ]  # fmt: skip
    found = {"searchResultLocation": {"searchResultIndex": 0, "start": 0, "end": 1}}
    (cited,) = amazon["messages"][1]["content"]
    assert cited == {"citationsContent": {"content": [{"text": "so"}], "citations": [READ_AT_AMAZON, {
        "title": "S", "sourceContent": [{"text": "it is"}], "source": "https://a.example/s", "location": found,
    }]}}  # fmt: skip
    assert told == ()


@pytest.mark.parametrize("target", ["gemini", "responses", "chat", "nova"])
@pytest.mark.parametrize("block", [DOCUMENT, PIECES, PDF, RESULT])
def test_a_model_that_cites_nothing_is_not_asked_to(target: str, block: JsonObject) -> None:
    within = {"type": "tool_result", "tool_use_id": "t1", "content": [block]}
    nova = {"protocol": "bedrock", "model": "amazon.nova-pro-v1:0"}

    for said, place in ((block, "messages.0.content.0"), (within, "messages.0.content.0.content.0")):
        with pytest.raises(UnsupportedParameter) as refused:
            sent(
                asks(said),
                *(("converse",) if target == "nova" else (target,)),
                **(nova if target == "nova" else {}),
            )
        assert refused.value.param == f"{place}.citations"


@pytest.mark.parametrize("target", ["gemini", "chat", "converse"])
def test_what_a_search_found_is_words_where_nobody_is_asked_to_cite_it(target: str) -> None:
    plain = {name: value for name, value in RESULT.items() if name != "citations"}
    off = DOCUMENT | {"citations": {"enabled": False}}

    body, told = sent(asks(plain, off), target)

    said = json.dumps(body)
    assert all(words in said for words in ("https://a.example/s", "p1", "a note", "The grass is green."))
    assert "citations" not in said
    assert told == ()


@pytest.mark.parametrize(("block", "place"), [
    (RESULT | {"content": []}, "content"),
    (RESULT | {"title": 7}, "title"),
    (RESULT | {"source": ""}, "source"),
    (RESULT | {"citations": "yes"}, "citations"),
    (DOCUMENT | {"citations": 1}, "citations"),
    ({"type": "text", "text": "x", "citations": 7}, "citations"),
])  # fmt: skip
def test_what_can_be_cited_is_refused_by_name_where_its_shape_is_wrong(block: JsonObject, place: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        asks(block)

    assert refused.value.param == f"messages.0.content.0.{place}"


def test_what_another_provider_found_stays_behind_on_a_native_lane() -> None:
    foreign = answered("gemini", "messages")["content"]
    own = {"type": "text", "text": "x", "citations": [CLAUDES]}
    turns = [HI, {"role": "assistant", "content": [*foreign, own]}]

    assert without_what_is_foreign(turns, is_claude=True)[1]["content"] == [
        {"type": "text", "text": "It: grün."},
        own,
    ]
    assert without_what_is_foreign([HI, {"role": "assistant", "content": [own]}], is_claude=True)[1] == {
        "role": "assistant", "content": [own],
    }  # fmt: skip


def test_openai_itself_is_given_annotations_of_its_own_form_alone() -> None:
    said = said_by_claude({"type": "text", "text": "It is.", "citations": [READ, CLAUDES]})
    items = json.loads(translation("messages", "responses").decode(said, Progress(model="m")))["output"]

    (item,) = without_ours(items)

    assert item["content"][0]["annotations"] == [spans(0, 6, type="url_citation")]
    assert without_ours([HI, item]) == [HI, item]


@pytest.mark.parametrize(("spans", "expected"), [
    ([(0, 2), (2, 4)], [("ab", [0]), ("cd", [1]), ("efghij", [])]),
    ([(4, 6), (1, 2)], [("a", []), ("b", [1]), ("cd", []), ("ef", [0]), ("ghij", [])]),
    ([(0, 4), (2, 9)], [("abcdefghi", [0, 1]), ("j", [])]),
    ([(3, 5), (3, 5)], [("abc", []), ("de", [0, 1]), ("fghij", [])]),
    ([(5, 5), (8, 99), (7, 3)], [("abcdefgh", []), ("ij", [1])]),
    ([None, (2, 3)], [("abcdefghij", [0, 1])]),
    ([], [("abcdefghij", [])]),
])  # fmt: skip
def test_words_are_cut_where_their_sources_change(
    spans: list[Any], expected: list[tuple[str, list[int]]]
) -> None:
    citations = tuple(Citation("web", source=str(n), span=span) for n, span in enumerate(spans))

    found = [
        (words, [int(each.source) for each in cited]) for words, cited in pieces("abcdefghij", citations)
    ]

    assert found == expected


def test_a_crowd_of_sources_costs_no_more_than_it_says() -> None:
    kept = Citation("web", "P", PAGE["url"], dialect="messages", said=CLAUDES)
    nested = [
        {"type": "url_citation", "url_citation": {"start_index": n, "end_index": 9999 - n, **PAGE},
         "citation": sealed(kept)}
        for n in range(4000)
    ]  # fmt: skip
    said = {"role": "assistant", "content": "x" * 10_000, "annotations": nested}

    body, told = sent(read_chat(chat_event({"model": "mini", "messages": [HI, said, HI]})), "messages")

    blocks = body["messages"][1]["content"]
    assert [(len(each["text"]), len(each.get("citations", ()))) for each in blocks] == [(9999, 500), (1, 0)]
    assert told == ("annotations",)


def test_a_seal_that_was_changed_on_its_way_is_none() -> None:
    citation = Citation("web", "P", "https://a.example", span=(1, 3), dialect="converse", said=AMAZONS)

    assert unsealed(sealed(citation)) == citation
    for changed in (
        "", 7, packed([]), packed({"kind": "other"}), packed({"kind": "web", "place": -1}),
        packed({"kind": "web", "title": 7}), packed({"kind": "web", "said": []}), packed([{"kind": "web"}] * 2),
    ):  # fmt: skip
        assert unsealed(changed) is None
    assert unsealed(packed({"kind": "web", "span": [1, "x"]})) == Citation("web")
