"""Files that a chat completion request names by their address. Standard library only.

`image_url` may be one, and `file_data` of a file, as OpenRouter has it. Source of the fields: OpenAI API reference,
"Create chat completion".
"""

from collections.abc import Iterator
from typing import Any

from aggregator.errors import JsonObject
from aggregator.proxy.dialects.chat_form import checked
from aggregator.proxy.files.contents import FILE, IMAGE, Content
from aggregator.proxy.files.named import Named, Path, field_at
from aggregator.proxy.files.web_address import names_an_address
from aggregator.proxy.model import Ask
from aggregator.runtime.shape import bytes_of


def named_in(body: JsonObject) -> Iterator[Named]:
    """Those of a request that was checked, in their order."""
    for n, message in enumerate(body["messages"]):
        content = message.get("content")
        for k, part in enumerate(content if isinstance(content, list) else ()):
            yield from _named(part, ("messages", n, "content", k))


def _named(part: JsonObject, path: Path) -> Iterator[Named]:
    said: Any = part.get("image_url")
    if part.get("type") == "image_url":
        url = said.get("url") if isinstance(said, dict) else said
        if isinstance(url, str) and names_an_address(url):
            yield Named(path, IMAGE, url, field_at(path, "image_url", "url"))
    elif part.get("type") == "file" and isinstance(part.get("file"), dict):
        url = part["file"].get("file_data")
        if isinstance(url, str) and names_an_address(url):
            yield Named(path, FILE, url, field_at(path, "file", "file_data"))


def filled(part: JsonObject, named: Named, content: Content) -> JsonObject:
    """The part with the file in it."""
    if named.kind == IMAGE:
        said = part["image_url"]
        held = {**said, "url": content.data_uri} if isinstance(said, dict) else content.data_uri
        return {**part, "image_url": held}
    file = {**part["file"], "file_data": content.data_uri}
    return {**part, "file": {**file, "filename": file.get("filename") or content.name}}


def read_again(body: JsonObject, ask: Ask) -> Ask:
    """The request with `body` for what it said, bounded as if the client had sent that."""
    return checked(body, bytes_of(body))._replace(user_id=ask.user_id)
