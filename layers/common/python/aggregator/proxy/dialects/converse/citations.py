"""Citations as Converse has them: of all words of a `citationsContent`.

Standard library only. Source: Amazon Bedrock API Reference, "CitationsContentBlock" and "CitationLocation".
"""

from typing import Any

from aggregator.errors import JsonObject
from aggregator.proxy.dialects.answering import number
from aggregator.proxy.dialects.citations import CHARACTERS, DOCUMENT, FOUND, PAGES, PIECES, WEB, Citation
from aggregator.proxy.dialects.events import objects_of, text_in

_CONVERSE = "converse"
_UNITS = {"documentChar": CHARACTERS, "documentPage": PAGES, "documentChunk": PIECES}
_BY_UNIT = {unit: name for name, unit in _UNITS.items()}


def citation_in(said: Any) -> Citation | None:
    """The citation that this is; None for one that does not tell where."""
    location = said.get("location") if isinstance(said, dict) else None
    if not isinstance(location, dict):
        return None
    title = text_in(said, "title")
    words = "".join(text_in(each, "text") for each in objects_of(said, "sourceContent"))
    for name, at in location.items():
        if name == "web":
            return Citation(WEB, title, text_in(at, "url"), words, dialect=_CONVERSE, said=said)
        if name == "searchResultLocation":
            source = text_in(said, "source")
            where = (number(at, "searchResultIndex"), PIECES, number(at, "start"), number(at, "end"))
            return Citation(FOUND, title, source, words, *where, dialect=_CONVERSE, said=said)
        if name in _UNITS:
            where = (number(at, "documentIndex"), _UNITS[name], number(at, "start"), number(at, "end"))
            return Citation(DOCUMENT, title, "", words, *where, dialect=_CONVERSE, said=said)
    return None


def for_provider(citation: Citation) -> JsonObject | None:
    """The citation as Converse takes it back; None for a page that another provider found."""
    if citation.dialect == _CONVERSE:
        return citation.said
    if citation.kind == WEB:
        return None
    said: JsonObject = {"title": citation.title} if citation.title else {}
    if citation.words:
        said["sourceContent"] = [{"text": citation.words}]
    where = {"start": citation.begins, "end": citation.ends}
    if citation.kind == FOUND:
        at = {"searchResultIndex": citation.place, **where}
        return {**said, "source": citation.source, "location": {"searchResultLocation": at}}
    name = _BY_UNIT.get(citation.unit, "documentChar")
    return {**said, "location": {name: {"documentIndex": citation.place, **where}}}
