"""What an answer of Converse may cite, and what an earlier one cited. Standard library only.

Source: Amazon Bedrock API Reference, "DocumentBlock", "SearchResultBlock" and "CitationsContentBlock".
"""

from collections.abc import Iterator

from aggregator.proxy.dialects.conversation import Citable, File, Text, by_source
from aggregator.proxy.dialects.converse.citations import for_provider
from aggregator.proxy.dialects.reading import checked, data_of
from aggregator.proxy.model import JsonObject
from aggregator.runtime.shape import unsupported


def cited(text: Text) -> Iterator[JsonObject]:
    """Words with their sources, those that Converse takes: they are of whole blocks."""
    for piece, citations in by_source(text, for_provider):
        said = {"content": [{"text": piece.text}], "citations": citations}
        yield {"citationsContent": said} if citations else {"text": piece.text}


def citable(block: Citable, name: str) -> JsonObject:
    """A document under this name, or a search result, which the model cites if it is asked to.

    Raises:
        UnsupportedParameter: it holds what Converse does not take there.
    """
    asked: JsonObject = {"citations": {"enabled": True}} if block.cites else {}
    if block.kind == "search_result":
        found = {"source": block.source, "title": block.title, "content": _texts(block), **asked}
        return {"searchResult": found}
    about = {"context": block.context} if block.context else {}
    return {"document": {**_held(block), "name": name, **about, **asked}}


def _held(block: Citable) -> JsonObject:
    first = block.content[0]
    if isinstance(first, File):
        data = data_of(first)
        if data.media_type != "application/pdf":
            raise unsupported(first.came.content, "only PDF and text are cited")
        return {"format": "pdf", "source": {"bytes": checked(data, first.came.content)}}
    if block.in_pieces:
        return {"format": "txt", "source": {"content": _texts(block)}}
    return {"format": "txt", "source": {"text": "".join(each["text"] for each in _texts(block))}}


def _texts(block: Citable) -> list[JsonObject]:
    found = []
    for each in block.content:
        if not isinstance(each, Text):
            raise unsupported(each.came.place, "only text is cited in pieces")
        found.append({"text": each.text})
    return found
