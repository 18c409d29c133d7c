"""A request that no chat completion can say, as it is: what money and routing need of it, read from its own dialect.

Such a request takes native lanes alone. What is read here bounds it from above: all of its bytes, every picture, and
the model's whole window where it points at anything else. Standard library only.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from aggregator.errors import JsonObject, Refusal, UnsupportedParameter
from aggregator.proxy.attachments import Attachments
from aggregator.proxy.model import Ask, service_tier_of
from aggregator.runtime.shape import a_count, a_flag, a_name, bytes_of

_ATTACHED = frozenset({
    "image", "input_image", "computer_screenshot", "document", "input_file", "container_upload", "input_audio",
})  # fmt: skip
_ELSEWHERE: JsonObject = {"type": "file", "file": {"file_id": "elsewhere"}}
"""A part whose content nobody here sees: it can be all that the model reads."""


def as_it_is(asked: JsonObject, refused: Refusal, *, surface: str, limit: str) -> Ask:
    """The request, with `refused` as the reason why it was not translated; `limit` is its field for output tokens.

    Raises:
        InvalidRequest: a field that money or routing depend on has a wrong type.
        UnsupportedParameter: it carries sound or film, which have no price here.
    """
    stream = a_flag(asked.get("stream"), "stream")
    most = None if asked.get(limit) is None else a_count(asked[limit], limit)
    try:
        attached = Attachments.of((block["type"], _as_chat(block)) for block in _attached(asked))
    except UnsupportedParameter:
        raise refused from None  # the same, by its place
    return Ask(
        body=asked,
        model=a_name(asked.get("model"), "model"),
        stream=stream,
        wants_usage=True,
        choices=1,
        max_output_tokens=most,
        text_bytes=max(bytes_of(asked) - attached.inline_bytes, 0),
        messages=1,
        images=attached.images,
        files=attached.files,
        surface=surface,
        asked=asked,
        untranslated=refused,
        service_tier=service_tier_of(asked),
        addresses=attached.addresses,
    )


def has_tools_beside(asked: Mapping[str, Any], types: Collection[str | None]) -> bool:
    """Whether a request has tools of other types than these."""
    tools = asked.get("tools")
    return isinstance(tools, list) and any(
        isinstance(tool, dict) and tool.get("type") not in types for tool in tools
    )


def _attached(value: Any) -> Iterator[JsonObject]:
    """Every block that carries something beside words, wherever it stands."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if isinstance(each.get("type"), str) and each["type"] in _ATTACHED:
                yield each
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


def _as_chat(block: JsonObject) -> JsonObject:
    """The block as a part of a chat completion, which is what a bound is worked out from."""
    said = block.get("source")
    source: JsonObject = said if isinstance(said, dict) else {}
    url = block.get("image_url") or source.get("url")
    if source.get("type") == "base64" and isinstance(source.get("data"), str):
        url = f"data:{source.get('media_type')};base64,{source['data']}"
    match block["type"]:
        case "image" | "input_image" | "computer_screenshot" if isinstance(url, str) and url:
            return {"type": "image_url", "image_url": {"url": url}}
        case "document" if source.get("type") in ("text", "content"):
            return {"type": "text", "text": ""}  # its words count with all others
        case "document" if isinstance(url, str) and url:
            return {"type": "file", "file": {"file_data": url}}
        case "input_file":
            said = block.get("file_url") or block.get("file_data")
            return {"type": "file", "file": {"file_data": said}} if isinstance(said, str) else _ELSEWHERE
    return _ELSEWHERE
