"""A conversation read from the messages of a chat completion request. Standard library only.

The form has no order of thoughts, words and calls within a turn: they are read in the order in which models say them,
but for thoughts that say themselves what they came after, as those of our own answers do. Source of the fields: OpenAI
API reference, "Create chat completion".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from aggregator.errors import InvalidRequest
from aggregator.proxy.dialects.citations import within
from aggregator.proxy.dialects.conversation import (
    Block,
    Call,
    Came,
    File,
    Image,
    Refusal,
    Result,
    Role,
    Text,
    Thinking,
    Turn,
    Turns,
)
from aggregator.proxy.dialects.reading import a_string, refuse_message_fields
from aggregator.proxy.dialects.reasoning import hidden_thought_of_claude, thought_of_claude
from aggregator.proxy.model import Ask, JsonObject
from aggregator.runtime.shape import an_object, unsupported

_CHAT = "chat"


def turns_of(ask: Ask, who: str) -> Turns:
    """The conversation of a request for `who`, as it was read, or from its chat form.

    Raises:
        InvalidRequest: a message has a wrong shape.
        UnsupportedParameter: it holds what only OpenAI's own protocol has.
    """
    return ask.turns or read(ask.body["messages"], who)


def read(messages: Sequence[JsonObject], who: str) -> Turns:
    """The conversation that these messages are; raises as `turns_of` does."""
    return tuple(_turn(message, f"messages.{n}", who) for n, message in enumerate(messages))


def _turn(message: JsonObject, place: str, who: str) -> Turn:
    refuse_message_fields(message, place, who)
    role, mark = message["role"], _mark(message, place)
    if role == "tool":
        call_id = message.get("tool_call_id")
        if not isinstance(call_id, str) or not call_id:
            raise InvalidRequest(f"{place}.tool_call_id: Field required", param=f"{place}.tool_call_id")
        name = message.get("name")
        result = Result(
            call_id,
            tuple(_contents(message, place)),
            message.get("is_error") is True,
            name if isinstance(name, str) and name else None,
            mark=mark,
            came=Came(_CHAT, message, place, "tool_call_id"),
        )
        return Turn("user", (result,))
    if role == "assistant":
        return Turn("assistant", tuple(_assistant(message, place)), mark=mark)
    if role == "user":
        return Turn("user", tuple(_contents(message, place)), mark=mark)
    speaker: Role = "developer" if role == "developer" else "system"
    return Turn(speaker, tuple(_texts(message, place)), mark=mark)


def _mark(holder: Mapping[str, Any], place: str) -> JsonObject | None:
    mark = holder.get("cache_control")
    return None if mark is None else an_object(mark, f"{place}.cache_control")


def _parts(message: JsonObject, place: str) -> Iterator[tuple[str, JsonObject]]:
    content = message.get("content")
    for k, part in enumerate(content if isinstance(content, list) else ()):
        yield f"{place}.content.{k}", an_object(part, f"{place}.content.{k}")


def _bare(message: JsonObject, place: str) -> Iterator[Text]:
    content = message.get("content")
    if isinstance(content, str):
        yield Text(content, came=Came(_CHAT, place=place, within="content"))


def _texts(message: JsonObject, place: str) -> Iterator[Block]:
    yield from _bare(message, place)
    for at, part in _parts(message, place):
        yield _text(part, at, "only text is taken here")


def _contents(message: JsonObject, place: str) -> Iterator[Text | Image | File]:
    yield from _bare(message, place)
    for at, part in _parts(message, place):
        match part.get("type", "text"):
            case "image_url":
                yield _image(part, at)
            case "file":
                yield _file(part, at)
            case _:
                yield _text(part, at, "only text, images and files are taken here")


def _assistant(message: JsonObject, place: str) -> Iterator[Block]:
    blocks = _with_thoughts(message, place)
    yield from _with_sources(blocks, message) if message.get("annotations") else blocks


def _with_sources(blocks: Iterator[Block], message: JsonObject) -> Iterator[Block]:
    """The blocks, each text with the sources of what begins in it; annotations count through all of them."""
    from aggregator.proxy.dialects.annotations import in_chat  # noqa: PLC0415 (few messages have any)

    waiting = sorted(in_chat(message), key=lambda each: (each.span or (0, 0))[0])[::-1]
    told = 0
    for block in blocks:
        if not isinstance(block, Text):
            yield block
            continue
        here = []
        while waiting and (waiting[-1].span or (0, 0))[0] < told + len(block.text):
            here.append(within(waiting.pop(), told, len(block.text)))
        yield replace(block, citations=tuple(each for each in here if each is not None))
        told += len(block.text)


def _with_thoughts(message: JsonObject, place: str) -> Iterator[Block]:
    thoughts = list(_thoughts(message, place))
    if any("after" in (thought.seal or {}) for thought in thoughts):
        yield from _in_order(thoughts, list(_said(message, place, thoughts)))
    else:
        yield from thoughts
        yield from _said(message, place, thoughts)


def _in_order(thoughts: list[Thinking], said: list[Block]) -> Iterator[Block]:
    """Each thought after as many characters and calls as it says."""
    words = _Words([block for block in said if not isinstance(block, Call)])
    calls = [block for block in said if isinstance(block, Call)]
    begun = 0
    for thought in thoughts:
        after = (thought.seal or {}).get("after")
        yield from words.until(_count(after, "characters"))
        yield from calls[begun : _count(after, "calls")]
        begun = max(begun, _count(after, "calls"))
        yield thought
    yield from words.until(None)
    yield from calls[begun:]


class _Words:
    """The words of a message, told piece by piece: `told` characters so far, `cut` of them of the block at `place`."""

    def __init__(self, blocks: list[Block]) -> None:
        self._blocks = blocks
        self._place = self._cut = self._told = 0

    def until(self, most: int | None) -> Iterator[Block]:
        """What is said up to that many characters of all; None for all that is left."""
        while self._place < len(self._blocks) and (most is None or self._told < most):
            block = self._blocks[self._place]
            if not isinstance(block, Text | Refusal):
                self._place += 1
                yield block
                continue
            rest = len(block.text) - self._cut
            left = rest if most is None or isinstance(block, Refusal) else min(rest, most - self._told)
            begun, ended = self._cut, self._cut + left
            self._told += left
            if left == rest:
                self._place, self._cut = self._place + 1, 0
                yield replace(block, text=block.text[begun:]) if begun else block
            else:
                self._cut = ended
                yield replace(block, text=block.text[begun:ended], mark=None)


def _count(after: Any, name: str) -> int:
    count = after.get(name) if isinstance(after, dict) else None
    return count if isinstance(count, int) and count > 0 else 0


def _said(message: JsonObject, place: str, thoughts: list[Thinking]) -> Iterator[Block]:
    yield from _bare(message, place)
    for at, part in _parts(message, place):
        if part.get("type") == "refusal":
            yield Refusal(_words(part, "refusal", at), came=Came(_CHAT, part, at))
        elif part.get("type") not in ("thinking", "redacted_thinking"):
            yield _text(part, at, "only text is taken here")
        elif not any(thought.seal for thought in thoughts):
            yield _thought(part, at)
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal and not message.get("content"):
        yield Refusal(refusal, came=Came(_CHAT, place=f"{place}.refusal"))
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list):
        raise InvalidRequest(f"{place}.tool_calls: must be an array", param=f"{place}.tool_calls")
    for k, call in enumerate(calls):
        at = f"{place}.tool_calls.{k}"
        yield _call(an_object(call, at), at)


def _thoughts(message: JsonObject, place: str) -> Iterator[Thinking]:
    said = message.get("reasoning_details")
    details = [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []
    words = message.get("reasoning_content")
    if isinstance(words, str) and words and not any(detail.get("text") for detail in details):
        yield Thinking(words, came=Came(_CHAT, place=f"{place}.reasoning_content"))
    for n, detail in enumerate(details):
        told = detail.get("text")
        came = Came(_CHAT, detail, f"{place}.reasoning_details.{n}")
        yield Thinking(told if isinstance(told, str) else "", detail, came=came)


def _thought(part: JsonObject, place: str) -> Thinking:
    """A thought among an answer's words, as Claude's and Mistral's clients have it."""
    came = Came(_CHAT, part, place)
    if part["type"] == "redacted_thinking":
        return Thinking("", hidden_thought_of_claude(a_string(part.get("data"), f"{place}.data")), came=came)
    said = part.get("thinking")
    if isinstance(said, list):
        said = "".join(str(each.get("text") or "") for each in said if isinstance(each, dict))
    if not isinstance(said, str):
        raise InvalidRequest(f"{place}.thinking: must be a string", param=f"{place}.thinking")
    signature = part.get("signature")
    sealed = thought_of_claude(said, signature) if isinstance(signature, str) and signature else None
    return Thinking(said, sealed, came=came)


def _text(part: JsonObject, place: str, only: str) -> Text:
    if part.get("type", "text") != "text":
        raise unsupported(f"{place}.type", only)
    return Text(_words(part, "text", place), mark=_mark(part, place), came=Came(_CHAT, part, place))


def _words(part: JsonObject, name: str, place: str) -> str:
    words = part.get(name)
    if not isinstance(words, str):
        raise InvalidRequest(f"{place}.{name}: must be a string", param=f"{place}.{name}")
    return words


def _image(part: JsonObject, place: str) -> Image:
    image, at = part.get("image_url"), f"{place}.image_url"
    held = image if isinstance(image, Mapping) else {"url": image}
    detail = held.get("detail")
    return Image(
        a_string(held.get("url"), f"{at}.url"),
        detail if isinstance(detail, str) else None,
        mark=_mark(part, place),
        came=Came(_CHAT, part, place, "image_url.url"),
    )


def _file(part: JsonObject, place: str) -> File:
    file, at = an_object(part.get("file"), f"{place}.file"), f"{place}.file"
    if file.get("file_id") is not None:
        raise unsupported(f"{at}.file_id", "send the file itself, as file_data")
    name = file.get("filename")
    return File(
        a_string(file.get("file_data"), f"{at}.file_data"),
        name if isinstance(name, str) and name else None,
        mark=_mark(part, place),
        came=Came(_CHAT, part, place, "file.file_data"),
    )


def _call(call: JsonObject, place: str) -> Call:
    kind = call.get("type", "function")
    if kind not in ("function", "custom"):
        raise unsupported(f"{place}.type", "only calls of functions and custom tools are taken")
    within = "arguments" if kind == "function" else "input"
    said = an_object(call.get(kind), f"{place}.{kind}")
    arguments = said.get(within)
    if arguments is not None and not isinstance(arguments, str):
        at = f"{place}.{kind}.{within}"
        raise InvalidRequest(f"{at}: must be a JSON object, written as a string", param=at)
    return Call(
        a_string(call.get("id"), f"{place}.id"),
        a_string(said.get("name"), f"{place}.{kind}.name"),
        arguments or "",
        kind == "custom",
        mark=_mark(call, place),
        came=Came(_CHAT, call, place, f"{kind}.{within}"),
    )
