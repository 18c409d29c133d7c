"""Files that a request of the Messages API names by their address: `source: {type: url}` of images and documents.

They stand in turns, in the results of tools and in documents of blocks. Standard library only. Source:
https://platform.claude.com/docs/en/api/messages/create
"""

from collections.abc import Iterator
from typing import Any

from aggregator.errors import JsonObject, UnsupportedParameter
from aggregator.proxy.dialects.messages.from_client import taken
from aggregator.proxy.files.contents import FILE, IMAGE, Content
from aggregator.proxy.files.named import Named, Path, field_at, objects_in_place
from aggregator.proxy.model import Ask

_KINDS = {"image": IMAGE, "document": FILE}
_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


def named_in(asked: JsonObject) -> Iterator[Named]:
    """Those of a request that was checked, in their order."""
    for n, turn in enumerate(objects_in_place(asked.get("messages"))):
        yield from _within(turn.get("content"), ("messages", n, "content"))


def _within(content: Any, path: Path) -> Iterator[Named]:
    for k, block in enumerate(objects_in_place(content)):
        at, kind = (*path, k), block.get("type")
        if kind == "tool_result":
            yield from _within(block.get("content"), (*at, "content"))
            continue
        source = block.get("source")
        if not isinstance(kind, str) or kind not in _KINDS or not isinstance(source, dict):
            continue
        if source.get("type") == "content":
            yield from _within(source.get("content"), (*at, "source", "content"))
        elif source.get("type") == "url" and isinstance(source.get("url"), str):
            yield Named(at, _KINDS[kind], source["url"], field_at(at, "source", "url"))


def filled(part: JsonObject, named: Named, content: Content) -> JsonObject:
    """The block with the file in it.

    Raises:
        UnsupportedParameter: the API has no place for such a file.
    """
    kind = content.media_type
    if kind.startswith("text/"):
        return {**part, "source": {"type": "text", "media_type": "text/plain", "data": content.body.decode()}}
    if kind not in _IMAGES and kind != "application/pdf":
        taken_here = "JPEG, PNG, GIF and WebP" if named.kind == IMAGE else "PDF and text"
        raise UnsupportedParameter(f"{named.field}: is {kind}; {taken_here} are taken", param=named.field)
    return {**part, "source": {"type": "base64", "media_type": kind, "data": content.base64}}


def read_again(asked: JsonObject, ask: Ask) -> Ask:
    """The request with `asked` for what it said, bounded as if the client had sent that."""
    return taken(asked)._replace(headers=ask.headers, user_id=ask.user_id)
