"""Citations as OpenAI's dialects have them: a `url_citation` of some characters of the words beside it.

What Claude wants back of a citation of its own stands beside it in `citation`, which is ours: clients return an answer
as they got it. Sources: OpenAI API reference, "The response object" (`output_text.annotations`), "The chat completion
object" (`message.annotations`). Standard library only.
"""

from dataclasses import replace
from typing import Any

from aggregator.errors import JsonObject
from aggregator.proxy.dialects.citations import MOST, WEB, Citation, sealed, unsealed

OURS = "citation"
"""The field beside an annotation that has what another provider wants back of it."""

_WANTED_BACK = ("messages", "converse")


def url_citation_in(said: Any, beside: Any) -> Citation | None:
    """The citation in these fields; `beside` is what stands in ours. None if it names no page."""
    if not isinstance(said, dict) or not isinstance(said.get("url"), str):
        return None
    start, end = said.get("start_index"), said.get("end_index")
    span = (start, end) if isinstance(start, int) and isinstance(end, int) and 0 <= start < end else None
    if (kept := unsealed(beside)) is not None:
        return replace(kept, span=span)
    title = said.get("title")
    return Citation(WEB, title if isinstance(title, str) else "", said["url"], span=span)


def url_citation_of(citation: Citation, length: int) -> JsonObject | None:
    """The fields of a `url_citation` beside words that are so long; None if it names no page."""
    if not citation.has_address:
        return None
    start, end = citation.span or (0, length)
    return {"start_index": start, "end_index": end, "title": citation.title, "url": citation.source}


def beside(citation: Citation) -> JsonObject:
    """Our field, where a provider wants more back than an annotation says."""
    return {OURS: sealed(citation)} if citation.dialect in _WANTED_BACK else {}


def in_chat(said: Any) -> list[Citation]:
    """The citations of a message of a chat completion, or of a piece of one."""
    annotations = said.get("annotations") if isinstance(said, dict) else None
    found = [
        url_citation_in(each.get("url_citation"), each.get(OURS))
        for each in (annotations[:MOST] if isinstance(annotations, list) else ())
        if isinstance(each, dict)
    ]
    return [each for each in found if each is not None]


def of_chat(citation: Citation, length: int) -> JsonObject | None:
    """An annotation of a chat completion; None for a source that is no page, for which that form has no word."""
    said = url_citation_of(citation, length)
    return None if said is None else {"type": "url_citation", "url_citation": said, **beside(citation)}
