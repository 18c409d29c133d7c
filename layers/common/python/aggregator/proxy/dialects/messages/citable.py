"""What a request of the Messages API brings for an answer to cite: documents that ask for it, and search results.

Source: https://platform.claude.com/docs/en/build-with-claude/citations and ".../search-results".
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from aggregator.errors import JsonObject
from aggregator.proxy.dialects.conversation import Block, Came, Citable, File, Image, Text
from aggregator.runtime.shape import a_name, a_text, an_object, invalid, objects_in

_MESSAGES = "messages"


def asks(block: JsonObject, place: str) -> bool:
    """Whether a document or search result is to be cited.

    Raises:
        InvalidRequest: what it says of that has a wrong shape.
    """
    if block.get("citations") is None:
        return False
    return an_object(block["citations"], f"{place}.citations").get("enabled") is True


def search_result(block: JsonObject, place: str, mark: JsonObject | None) -> Citable:
    """What a search of the client's found.

    Raises:
        InvalidRequest: it has a wrong shape.
    """
    pieces = []
    for at, piece in objects_in(block.get("content"), f"{place}.content"):
        pieces.append(Text(a_text(piece.get("text"), f"{at}.text"), came=Came(_MESSAGES, piece, at)))
    if not pieces:
        raise invalid(f"{place}.content", "Field required")
    title, source = (a_name(block.get(name), f"{place}.{name}") for name in ("title", "source"))
    came = Came(_MESSAGES, block, place, "content")
    return Citable(
        "search_result",
        tuple(pieces),
        title,
        source,
        in_pieces=True,
        cites=asks(block, place),
        mark=mark,
        came=came,
    )


def document(
    block: JsonObject, place: str, mark: JsonObject | None, held: Callable[[JsonObject, str], Iterable[Any]]
) -> Citable:
    """A document that is to be cited; `held` reads one without that.

    Raises:
        InvalidRequest, UnsupportedParameter: as `held` does.
    """
    title, context = (
        a_text(block[name], f"{place}.{name}") if block.get(name) else "" for name in ("title", "context")
    )
    bare = {name: value for name, value in block.items() if name not in ("title", "context", "cache_control")}
    content = tuple(_of_its_own(held(bare, place)))
    in_pieces = isinstance(block.get("source"), dict) and block["source"].get("type") == "content"
    came = Came(_MESSAGES, block, place, "source")
    return Citable("document", content, title, "", context, in_pieces=in_pieces, mark=mark, came=came)


def _of_its_own(blocks: Iterable[Block]) -> Iterator[Text | Image | File]:
    for block in blocks:
        if isinstance(block, Text | Image | File):
            yield block
