"""Where words of an answer were taken from: what every dialect's citations are read into and written from.

A citation is of a page on the web, or of a document or search result that the request itself brought. It goes back
unchanged to where it came from; where a client's dialect has no field for what its provider wants back, all of it is
packed into a field that clients return as they got it. Standard library only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

from aggregator.errors import JsonObject
from aggregator.proxy.dialects.reasoning import packed, unpacked

WEB, DOCUMENT, FOUND = "web", "document", "search_result"
CHARACTERS, PAGES, PIECES = "characters", "pages", "pieces"

MOST = 500
"""Citations beside one text that come from a client with spans: far more than any answer has."""

_KINDS = (WEB, DOCUMENT, FOUND)
_TEXTS, _NUMBERS = ("kind", "title", "source", "words", "unit", "dialect"), ("place", "begins", "ends")


@dataclass(frozen=True, slots=True)
class Citation:
    """One source of words.

    | field            | is                                                                                    |
    |------------------|---------------------------------------------------------------------------------------|
    | `source`         | the address of a page, or what the request calls a search result                      |
    | `words`          | what is said there                                                                    |
    | `place`          | number of the document, or of the search result, in the request                       |
    | `begins`, `ends` | where in it, counted in `unit`s                                                       |
    | `span`           | which characters of the words beside it were taken from there; None for all of them   |
    | `dialect`,`said` | whose it is, and the JSON in which they want it back                                  |
    """

    kind: str
    title: str = ""
    source: str = ""
    words: str = ""
    place: int = 0
    unit: str = ""
    begins: int = 0
    ends: int = 0
    span: tuple[int, int] | None = None
    dialect: str = field(default="", compare=False)
    said: JsonObject = field(default_factory=dict, compare=False)

    @property
    def has_address(self) -> bool:
        """Whether its source is a page that a reader can open."""
        return self.kind != DOCUMENT and self.source.lower().startswith(("https://", "http://"))


def within(citation: Citation, begins: int, length: int) -> Citation | None:
    """The citation beside a part of all words, which begins there and is so long; None if it is not of that part."""
    if citation.span is None:
        return citation
    start, end = (max(0, min(at - begins, length)) for at in citation.span)
    return replace(citation, span=(start, end)) if start < end else None


def pieces(words: str, citations: Sequence[Citation]) -> Iterator[tuple[str, tuple[Citation, ...]]]:
    """The words cut where sources change, each piece with its own, for who cites whole blocks.

    Each citation is in one piece: those of words that overlap are all of theirs together.
    """
    length, told = len(words), 0
    found = []
    for each in citations:
        start, end = each.span or (0, length)
        found.append((start, min(end, length), each))
    for start, end, cited in _apart(sorted(found, key=itemgetter(0))):
        if told < start:
            yield words[told:start], ()
        yield words[start:end], cited
        told = end
    if told < length or not words:
        yield words[told:], ()


def _apart(found: list[tuple[int, int, Citation]]) -> Iterator[tuple[int, int, tuple[Citation, ...]]]:
    """Spans in their order, those that overlap as one."""
    waiting: list[Citation] = []
    begun = ended = 0
    for start, end, each in found:
        if start >= end:
            continue
        if waiting and start >= ended:
            yield begun, ended, tuple(waiting)
            waiting = []
        begun, ended = (begun, max(ended, end)) if waiting else (start, end)
        waiting.append(replace(each, span=None))
    if waiting:
        yield begun, ended, tuple(waiting)


def sealed(citation: Citation) -> str:
    """A citation as one text, for a field whose content means nothing to a client."""
    said: JsonObject = {name: value for name in (*_TEXTS, *_NUMBERS) if (value := getattr(citation, name))}
    if citation.span is not None:
        said["span"] = list(citation.span)
    return packed(said | ({"said": citation.said} if citation.said else {}))


def unsealed(text: Any) -> Citation | None:
    """What `sealed` wrote; None for any other text, or one that was changed on its way."""
    found = unpacked(text) if isinstance(text, str) else []
    said = found[0] if len(found) == 1 else {}
    texts = {name: said.get(name, "") for name in _TEXTS}
    numbers = {name: said.get(name, 0) for name in _NUMBERS}
    span, came = said.get("span"), said.get("said", {})
    if (
        texts["kind"] not in _KINDS
        or not all(isinstance(value, str) for value in texts.values())
        or not all(type(value) is int and value >= 0 for value in numbers.values())
        or not isinstance(came, dict)
    ):
        return None
    return Citation(**texts, **numbers, span=_span(span), said=came)


def _span(said: Any) -> tuple[int, int] | None:
    if not isinstance(said, list) or len(said) != 2 or not all(type(at) is int and at >= 0 for at in said):
        return None
    return said[0], said[1]
