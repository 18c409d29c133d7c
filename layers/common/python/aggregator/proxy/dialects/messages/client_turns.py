"""Turns of the Messages API as a conversation: every block in its place.

Source: https://platform.claude.com/docs/en/api/messages/create. What another provider sealed comes back packed into a
signature or the data of a hidden thought: it is that provider's own again here.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from aggregator.errors import JsonObject
from aggregator.proxy.dialects.conversation import (
    Block,
    Call,
    Came,
    Citable,
    File,
    Image,
    Result,
    Text,
    Thinking,
    Turn,
    Turns,
)
from aggregator.proxy.dialects.reasoning import (
    hidden_thought_of_claude,
    thought_of_claude,
    unpacked,
)
from aggregator.runtime.shape import (
    a_name,
    a_text,
    an_object,
    invalid,
    objects_in,
    one_of,
    unsupported,
)

_MESSAGES = "messages"


def turns_in(body: JsonObject) -> Turns:
    """System prompt and turns.

    Raises:
        InvalidRequest: a turn has a wrong shape.
        UnsupportedParameter: it holds what is not offered here.
    """
    turns: list[Turn] = []
    if body.get("system") is not None and (system := tuple(_texts(body["system"], "system"))):
        turns.append(Turn("system", system))
    if not body.get("messages"):
        raise invalid("messages", "Field required")
    for place, turn in objects_in(body["messages"], "messages"):
        role = one_of(turn.get("role"), ("user", "assistant", "system"), f"{place}.role")
        content, at = turn.get("content"), f"{place}.content"
        if role == "system":
            turns.append(Turn("system", tuple(_texts(content, at))))
        elif role == "assistant":
            turns.append(Turn("assistant", tuple(_assistant(content, at))))
        else:
            turns.append(Turn("user", tuple(_user(content, at))))
    if (mark := mark_of(body, "")) is not None:  # of the whole request: as far as it goes
        turns[-1] = Turn(turns[-1].role, turns[-1].blocks, mark=mark)
    return tuple(turns)


def mark_of(block: JsonObject, place: str) -> JsonObject | None:
    """The mark that caches the prompt up to here, if it is set.

    Raises:
        InvalidRequest: it has a wrong shape.
    """
    mark = block.get("cache_control")
    return None if mark is None else an_object(mark, f"{place}.cache_control".lstrip("."))


def _bare(words: str, place: str) -> Text:
    return Text(words, came=Came(_MESSAGES, place=place))


def _blocks(content: Any, place: str) -> list[tuple[str, JsonObject]]:
    if not isinstance(content, list):
        raise invalid(place, "Field required" if content is None else "must be a string or an array")
    return list(objects_in(content, place))


def _texts(content: Any, place: str) -> Iterator[Block]:
    if isinstance(content, str):
        if content or place != "system":
            yield _bare(content, place)
        return
    for at, block in _blocks(content, place):
        yield _text(block, at)


def _user(content: Any, place: str) -> Iterator[Block]:
    if isinstance(content, str):
        yield _bare(content, place)
        return
    for at, block in _blocks(content, place):
        if block.get("type") == "tool_result":
            yield _result(block, at)
        else:
            yield from _contents(block, at)


def _assistant(content: Any, place: str) -> Iterator[Block]:
    if isinstance(content, str):
        yield _bare(content, place)
        return
    for at, block in _blocks(content, place):
        match block.get("type"):
            case "text":
                yield _text(block, at)
            case "tool_use":
                yield _call(block, at)
            case "thinking":
                thought = a_text(block.get("thinking"), f"{at}.thinking")
                signature = a_text(block.get("signature") or "", f"{at}.signature")
                yield from _thoughts(thought, _seals(thought, signature), Came(_MESSAGES, block, at))
            case "redacted_thinking":
                data = a_name(block.get("data"), f"{at}.data")
                yield from _thoughts(
                    "", unpacked(data) or [hidden_thought_of_claude(data)], Came(_MESSAGES, block, at)
                )
            case kind:
                raise unsupported(f"{at}.type", f"an assistant's block of type '{kind}' is not offered here")


def _seals(thought: str, signature: str) -> list[JsonObject]:
    """What a provider wants back of a thought; one without a signature is sealed by nobody."""
    if not signature:
        return []
    elsewhere = unpacked(signature)
    return [{**seal, "text": thought} for seal in elsewhere] or [thought_of_claude(thought, signature)]


def _thoughts(thought: str, seals: list[JsonObject], came: Came) -> Iterator[Thinking]:
    yield Thinking(thought, seals[0] if seals else None, came=came)
    for seal in seals[1:]:
        yield Thinking("", seal, came=came)


def _call(block: JsonObject, place: str) -> Call:
    arguments = an_object(block.get("input"), f"{place}.input")
    return Call(
        a_name(block.get("id"), f"{place}.id"),
        a_name(block.get("name"), f"{place}.name"),
        json.dumps(arguments, separators=(",", ":"), ensure_ascii=False),
        mark=mark_of(block, place),
        came=Came(_MESSAGES, block, place, "input"),
    )


def _result(block: JsonObject, place: str) -> Result:
    content, at = block.get("content"), f"{place}.content"
    said: list[Text | Image | File | Citable]
    if content is None or isinstance(content, str):
        said = [_bare(content or "", at)]
    else:
        said = [part for where, each in _blocks(content, at) for part in _shown(each, where)]
    return Result(
        a_name(block.get("tool_use_id"), f"{place}.tool_use_id"),
        tuple(said),
        block.get("is_error") is True,
        mark=mark_of(block, place),
        came=Came(_MESSAGES, block, place, "tool_use_id"),
    )


def _shown(block: JsonObject, place: str) -> Iterator[Text | Image | File | Citable]:
    """What a result holds. A tool that a search found is there all along, for whoever has none of these."""
    if block.get("type") == "tool_reference":
        name = a_name(block.get("tool_name"), f"{place}.tool_name")
        yield Text(f"The tool '{name}' is there to be called.", came=Came(_MESSAGES, block, place))
    else:
        yield from _contents(block, place)


def _contents(block: JsonObject, place: str) -> Iterator[Text | Image | File | Citable]:
    match block.get("type"):
        case "text":
            yield _text(block, place)
        case "image":
            yield _image(block, place)
        case "document":
            citations = block.get("citations")
            yield from _document(block, place) if not citations else _citable(block, place)
        case "search_result":
            yield from _citable(block, place)
        case kind:
            raise unsupported(f"{place}.type", f"blocks of type '{kind}' are not offered here")


def _text(block: JsonObject, place: str) -> Text:
    if block.get("type") != "text":
        raise unsupported(f"{place}.type", "only text is taken here")
    words = a_text(block.get("text"), f"{place}.text")
    text = Text(words, mark=mark_of(block, place), came=Came(_MESSAGES, block, place))
    if not block.get("citations"):
        return text
    from aggregator.proxy.dialects.messages.citations import citation_in  # noqa: PLC0415 (few texts have any)

    found = (citation_in(said) for _, said in objects_in(block["citations"], f"{place}.citations"))
    return replace(text, citations=tuple(each for each in found if each is not None))


def _citable(block: JsonObject, place: str) -> Iterator[Text | Image | File | Citable]:
    from aggregator.proxy.dialects.messages import citable  # noqa: PLC0415 (few requests have any)

    if block["type"] == "search_result":
        yield citable.search_result(block, place, mark_of(block, place))
    elif citable.asks(block, place):
        yield citable.document(block, place, mark_of(block, place), _document)
    else:
        yield from _document(block, place)


def _image(block: JsonObject, place: str) -> Image:
    at = f"{place}.source"
    source = an_object(block.get("source"), at)
    match source.get("type"):
        case "base64":
            url = _data_uri(source, at)
        case "url":
            url = a_name(source.get("url"), f"{at}.url")
        case _:
            raise unsupported(f"{at}.type", "images are taken as base64 or url")
    return Image(url, mark=mark_of(block, place), came=Came(_MESSAGES, block, place, "source"))


def _document(block: JsonObject, place: str) -> Iterator[Text | Image | File | Citable]:
    """A document, after what is said about it; one of words is words."""
    title, context = (
        a_text(block[name], f"{place}.{name}") if block.get(name) else "" for name in ("title", "context")
    )
    about = [words for words in (title, context) if words]
    at, mark, came = f"{place}.source", mark_of(block, place), Came(_MESSAGES, block, place, "source")
    source = an_object(block.get("source"), at)
    match source.get("type"):
        case "text":
            words = a_text(source.get("data"), f"{at}.data")
            yield Text("\n\n".join([*about, words]), mark=mark, came=came)
        case "content":
            yield from (Text(words, came=came) for words in about)
            content = source.get("content")
            if isinstance(content, str):
                yield Text(content, mark=mark, came=came)
                return
            parts = [
                part for where, each in _blocks(content, f"{at}.content") for part in _contents(each, where)
            ]
            yield from parts[:-1]
            yield from (replace(part, mark=part.mark or mark) for part in parts[-1:])
        case "base64":
            if context:
                yield Text(context, came=came)
            yield File(_data_uri(source, at), title or "document.pdf", mark=mark, came=came)
        case "url":
            if context:
                yield Text(context, came=came)
            url = a_name(source.get("url"), f"{at}.url")
            yield File(url, title or None, mark=mark, came=replace(came, within="source.url"))
        case _:
            raise unsupported(f"{at}.type", "documents are taken as base64, url, text or content")


def _data_uri(source: JsonObject, place: str) -> str:
    media_type = a_name(source.get("media_type"), f"{place}.media_type")
    return f"data:{media_type};base64,{a_name(source.get('data'), f'{place}.data')}"
