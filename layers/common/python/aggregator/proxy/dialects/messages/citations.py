"""Citations as the Messages API has them: of all words of a text block.

Source: https://platform.claude.com/docs/en/build-with-claude/citations and the types of its SDKs. What was found by
another provider's search stands packed in `encrypted_index`, whose content is for that provider alone.
"""

from typing import Any

from aggregator.errors import JsonObject
from aggregator.proxy.dialects.answering import number
from aggregator.proxy.dialects.citations import (
    CHARACTERS,
    DOCUMENT,
    FOUND,
    PAGES,
    PIECES,
    WEB,
    Citation,
    sealed,
    unsealed,
)
from aggregator.proxy.dialects.events import text_in
from aggregator.proxy.dialects.reasoning import is_packed

_MESSAGES = "messages"
_DOCUMENTS = {
    "char_location": (CHARACTERS, "char_index"),
    "page_location": (PAGES, "page_number"),
    "content_block_location": (PIECES, "block_index"),
}
_BY_UNIT = {unit: (kind, counted) for kind, (unit, counted) in _DOCUMENTS.items()}


def citation_in(said: Any) -> Citation | None:
    """The citation that this is; None for one of a kind that is not known here."""
    kind, title, words = text_in(said, "type"), text_in(said, "title"), text_in(said, "cited_text")
    if kind == "web_search_result_location":
        index = text_in(said, "encrypted_index")
        if is_packed(index):
            return unsealed(index)
        return Citation(WEB, title, text_in(said, "url"), words, dialect=_MESSAGES, said=said)
    if kind == "search_result_location":
        return Citation(
            FOUND, title, text_in(said, "source"), words, number(said, "search_result_index"), PIECES,
            number(said, "start_block_index"), number(said, "end_block_index"), dialect=_MESSAGES, said=said,
        )  # fmt: skip
    if kind not in _DOCUMENTS:
        return None
    unit, counted = _DOCUMENTS[kind]
    return Citation(
        DOCUMENT, text_in(said, "document_title"), "", words, number(said, "document_index"), unit,
        number(said, f"start_{counted}"), number(said, f"end_{counted}"), dialect=_MESSAGES, said=said,
    )  # fmt: skip


def for_provider(citation: Citation) -> JsonObject | None:
    """The citation as Claude takes it back; None for a page that another provider found."""
    if citation.dialect == _MESSAGES:
        return citation.said
    match citation.kind:
        case "document":
            kind, counted = _BY_UNIT.get(citation.unit, _BY_UNIT[CHARACTERS])
            return {
                "type": kind,
                "cited_text": citation.words,
                "document_index": citation.place,
                "document_title": citation.title or None,
                f"start_{counted}": citation.begins,
                f"end_{counted}": citation.ends,
            }
        case "search_result":
            return {
                "type": "search_result_location",
                "cited_text": citation.words,
                "search_result_index": citation.place,
                "source": citation.source,
                "title": citation.title or None,
                "start_block_index": citation.begins,
                "end_block_index": citation.ends,
            }
        case _:
            return None


def for_client(citation: Citation) -> JsonObject:
    """The citation as a client of Messages gets it."""
    return for_provider(citation) or {
        "type": "web_search_result_location",
        "cited_text": citation.words,
        "url": citation.source,
        "title": citation.title or None,
        "encrypted_index": sealed(citation),
    }
