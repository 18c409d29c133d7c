"""Files that a request of the Responses API names by their address: `image_url` and `file_url`.

They stand in messages and in what tools gave back, be it a picture of a screen. Standard library only. Source: OpenAI
API reference, "Create a model response" (`input`).
"""

from collections.abc import Iterator

from aggregator.errors import JsonObject
from aggregator.proxy.dialects.responses.from_client import taken
from aggregator.proxy.files.contents import FILE, IMAGE, Content
from aggregator.proxy.files.named import Named, Path, field_at, objects_in_place
from aggregator.proxy.files.web_address import names_an_address
from aggregator.proxy.model import Ask

_WITHIN = {"message": "content", "function_call_output": "output", "custom_tool_call_output": "output"}


def named_in(asked: JsonObject) -> Iterator[Named]:
    """Those of a request that was checked, in their order."""
    for n, item in enumerate(objects_in_place(asked.get("input"))):
        kind = item.get("type", "message")
        within = _WITHIN.get(kind) if isinstance(kind, str) else None
        if kind == "computer_call_output" and isinstance(item.get("output"), dict):
            yield from _named(item["output"], ("input", n, "output"))
        for k, part in enumerate(objects_in_place(item.get(within)) if within else ()):
            yield from _named(part, ("input", n, str(within), k))


def _named(part: JsonObject, path: Path) -> Iterator[Named]:
    if part.get("type") in ("input_image", "computer_screenshot"):
        said = part.get("image_url")
        url = said.get("url") if isinstance(said, dict) else said  # as chat completions have it
        if isinstance(url, str) and names_an_address(url):
            yield Named(path, IMAGE, url, field_at(path, "image_url"))
    elif part.get("type") == "input_file":
        for name in ("file_url", "file_data"):
            url = part.get(name)
            if isinstance(url, str) and (name == "file_url" or names_an_address(url)):
                yield Named(path, FILE, url, field_at(path, name))
                return


def filled(part: JsonObject, named: Named, content: Content) -> JsonObject:
    """The part with the file in it."""
    if named.kind == IMAGE:
        return {**part, "image_url": content.data_uri}
    rest = {name: value for name, value in part.items() if name != "file_url"}
    return {**rest, "file_data": content.data_uri, "filename": part.get("filename") or content.name}


def read_again(asked: JsonObject, ask: Ask) -> Ask:
    """The request with `asked` for what it said, bounded as if the client had sent that."""
    return taken(asked)._replace(user_id=ask.user_id, follows=ask.follows)
