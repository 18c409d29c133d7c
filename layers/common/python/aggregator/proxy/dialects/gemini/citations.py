"""Sources of what Gemini answers: what grounds it, and what it quotes. They are said of bytes, and after all words.

Standard library only. Source: https://ai.google.dev/api/generate-content (`GroundingMetadata`, `CitationMetadata`).
What comes back to Gemini are parts, which have no place for a source.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from aggregator.errors import JsonObject
from aggregator.proxy.dialects.citations import WEB, Citation
from aggregator.proxy.dialects.events import objects_of, text_in

_DIALECT = "gemini"
_CHUNKS = ("web", "maps", "retrievedContext")


def citations_of(grounding: Any, quoted: Any, words: str, *, is_whole: bool) -> list[Citation]:
    """The sources of what a candidate said so far, in the order in which they are told.

    `is_whole`: it says no more, so that a source of words that are none of it is one of all.
    """
    found = [*_grounding(grounding, words), *_quoted(quoted, words)]
    everything = (0, len(words))
    return [replace(each, span=each.span or everything) for each in found if is_whole or each.span]


def _grounding(metadata: Any, words: str) -> Iterator[Citation]:
    """Each source beside the words that it supports; beside all of them where none are named."""
    sources = [_source(chunk) for chunk in objects_of(metadata, "groundingChunks")]
    supports = objects_of(metadata, "groundingSupports")
    for support in supports:
        span = _span(support.get("segment"), words)
        indices = support.get("groundingChunkIndices")
        for n in indices if isinstance(indices, list) else ():
            source = sources[n] if type(n) is int and 0 <= n < len(sources) else None
            if source is not None:
                yield replace(source, span=span)
    if not supports:
        yield from (source for source in sources if source)


def _source(chunk: JsonObject) -> Citation | None:
    held: JsonObject = next((chunk[name] for name in _CHUNKS if isinstance(chunk.get(name), dict)), {})
    address = text_in(held, "uri")
    if not address:
        return None
    return Citation(WEB, text_in(held, "title"), address, text_in(held, "text"), dialect=_DIALECT)


def _quoted(metadata: Any, words: str) -> Iterator[Citation]:
    listed = [*objects_of(metadata, "citationSources"), *objects_of(metadata, "citations")]
    for said in listed:
        if address := text_in(said, "uri"):
            yield Citation(WEB, text_in(said, "title"), address, span=_span(said, words), dialect=_DIALECT)


def _span(segment: Any, words: str) -> tuple[int, int] | None:
    """The characters of a segment, which counts bytes; None where they are not among the words."""
    told = text_in(segment, "text")
    start, end = _at(segment, "startIndex", 0), _at(segment, "endIndex", -1)
    said = words.encode(errors="surrogatepass")
    if 0 <= start < end <= len(said):
        before, here = (said[a:b].decode(errors="ignore") for a, b in ((0, start), (start, end)))
        if told in ("", here):
            return len(before), len(before) + len(here)
    found = words.find(told) if told else -1
    return (found, found + len(told)) if found >= 0 else None


def _at(segment: Any, name: str, otherwise: int) -> int:
    value = segment.get(name) if isinstance(segment, dict) else None
    return value if type(value) is int else otherwise
