"""Input items of the Responses API as a conversation.

Source: OpenAI API reference, "Create a model response" (`input`). An assistant's thoughts, words and calls that follow
each other become one turn, in their order, until it speaks again. Items that live at OpenAI, or belong to its own
tools, are refused by name.
"""

from dataclasses import replace
from typing import Any

from aggregator.errors import JsonObject
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
from aggregator.proxy.dialects.reasoning import unpacked
from aggregator.runtime.shape import (
    a_list,
    a_name,
    a_text,
    invalid,
    objects_in,
    one_of,
    unsupported,
)

_RESPONSES = "responses"
_ROLES = ("user", "assistant", "system", "developer")


def turns_in(body: JsonObject) -> Turns:
    """Instructions and input as turns.

    Raises:
        InvalidRequest: an item has a wrong shape.
        UnsupportedParameter: an item, or a part of one, is not offered here.
    """
    reader = _Reader()
    instructions = body.get("instructions")
    if instructions is not None and a_text(instructions, "instructions"):
        reader.say("system", [_bare(instructions, "instructions")])
    said = body.get("input")
    if isinstance(said, str):
        reader.say("user", [_bare(a_name(said, "input"), "input")])
        return tuple(reader.turns)
    if not isinstance(said, list) or not said:
        raise invalid(
            "input", "Field required" if said is None else "must be a string or an array, not empty"
        )
    for place, item in objects_in(said, "input"):
        reader.add(item, place)
    reader.close()
    if not reader.turns:
        raise invalid("input", "holds no message")
    return tuple(reader.turns)


def _bare(words: str, place: str) -> Text:
    return Text(words, came=Came(_RESPONSES, place=place))


class _Reader:
    """Turns so far. `_open` is what the assistant says, which following items still add to."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self._open: list[Block] = []

    def add(self, item: JsonObject, place: str) -> None:
        kind = item.get("type")
        if kind is None:
            kind = "message" if "role" in item else "item_reference"
        match kind:
            case "message":
                self._message(item, place)
            case "function_call":
                self._call(item, place, "arguments")
            case "custom_tool_call":
                self._call(item, place, "input")
            case "function_call_output" | "custom_tool_call_output":
                self._output(item, place)
            case "reasoning":
                self._reasoning(item, place)
            case "additional_tools":
                pass  # they stand among the request's tools: see declared.py
            case "item_reference":
                raise unsupported(f"{place}.type", "nothing is stored here, so an item cannot be referred to")
            case _:
                raise unsupported(f"{place}.type", f"items of type '{kind}' are not offered here")

    def say(self, role: Role, blocks: list[Text | Image | File]) -> None:
        self.close()
        self.turns.append(Turn(role, tuple(blocks)))

    def close(self) -> None:
        """End the assistant's turn. One that only thought says nothing, and is left out."""
        if self._has_said:
            self.turns.append(Turn("assistant", tuple(self._open)))
        self._open = []

    @property
    def _has_said(self) -> bool:
        return any(not isinstance(block, Thinking) for block in self._open)

    def _message(self, item: JsonObject, place: str) -> None:
        role = one_of(item.get("role"), _ROLES, f"{place}.role")
        content, at = item.get("content"), f"{place}.content"
        if role == "assistant":
            words = _words(content, at)
            if self._has_said:
                self.close()
            self._open += words
            return
        speaker: Role = "user" if role == "user" else "system"
        self.say(speaker, [_bare(content, at)] if isinstance(content, str) else _parts(content, at))

    def _call(self, item: JsonObject, place: str, within: str) -> None:
        self._open.append(
            Call(
                a_name(item.get("call_id"), f"{place}.call_id"),
                a_name(item.get("name"), f"{place}.name"),
                a_text(item.get(within), f"{place}.{within}"),
                custom=within == "input",
                came=Came(_RESPONSES, item, place, within),
            )
        )

    def _output(self, item: JsonObject, place: str) -> None:
        self.close()
        content = _result(item.get("output"), f"{place}.output")
        call_id = a_name(item.get("call_id"), f"{place}.call_id")
        result = Result(call_id, tuple(content), came=Came(_RESPONSES, item, place, "call_id"))
        self.turns.append(Turn("user", (result,)))

    def _reasoning(self, item: JsonObject, place: str) -> None:
        """Goes with what the assistant said or called next."""
        sealed = item.get("encrypted_content")
        seals = unpacked(a_text(sealed, f"{place}.encrypted_content")) if sealed is not None else []
        thought = "".join(
            a_text(part.get("text"), f"{at}.text")
            for name in ("summary", "content")
            for at, part in objects_in(item.get(name), f"{place}.{name}")
        )
        if self._has_said and (thought or not seals):
            self.close()  # what was only sealed belongs to what was said before it
        came = Came(_RESPONSES, item, place)
        if thought or seals:
            self._open.append(Thinking(thought, seals[0] if seals else None, came=came))
        self._open += [Thinking("", seal, came=came) for seal in seals[1:]]


def _result(output: Any, place: str) -> list[Text | Image | File]:
    """What a tool gave back; one that gives nothing is no error."""
    if isinstance(output, str):
        return [_bare(output, place)]
    if output is None:
        raise invalid(place, "Field required")
    return _parts(output, place) if a_list(output, place) else [_bare("", place)]


def _words(content: Any, place: str) -> list[Block]:
    """What an assistant said earlier: text, and refusals, which are what was said."""
    if isinstance(content, str):
        return [_bare(content, place)] if content else []
    words: list[Block] = []
    for at, part in objects_in(content, place):
        came = Came(_RESPONSES, part, at)
        match part.get("type"):
            case "output_text" | "input_text" | "text":
                text = Text(a_text(part.get("text"), f"{at}.text"), came=came)
                words.append(_cited(text, part, at) if part.get("annotations") else text)
            case "refusal":
                words.append(Refusal(a_text(part.get("refusal"), f"{at}.refusal"), came=came))
            case kind:
                raise unsupported(f"{at}.type", f"an assistant's part of type '{kind}' is not offered here")
    return words


def _cited(text: Text, part: JsonObject, place: str) -> Text:
    from aggregator.proxy.dialects.responses.citations import citations_in  # noqa: PLC0415 (few texts have any)

    return replace(text, citations=citations_in(a_list(part["annotations"], f"{place}.annotations")))


def _parts(content: Any, place: str) -> list[Text | Image | File]:
    if not a_list(content, place):
        raise invalid(place, "must be a string or an array, not empty")
    return [_part(part, at) for at, part in objects_in(content, place)]


def _part(part: JsonObject, place: str) -> Text | Image | File:
    match part.get("type"):
        case "input_text" | "output_text" | "text":
            return Text(a_text(part.get("text"), f"{place}.text"), came=Came(_RESPONSES, part, place))
        case "input_image":
            return _image(part, place)
        case "input_file":
            return _file(part, place)
        case kind:
            raise unsupported(f"{place}.type", f"parts of type '{kind}' are not offered here")


def _image(part: JsonObject, place: str) -> Image:
    if part.get("file_id") is not None:
        raise unsupported(f"{place}.file_id", "nothing is stored here: send the image as image_url")
    url = part.get("image_url")
    if isinstance(url, dict):  # as chat completions have it
        url = url.get("url")
    detail = part.get("detail")
    return Image(
        a_name(url, f"{place}.image_url"),
        None if detail is None else a_text(detail, f"{place}.detail"),
        came=Came(_RESPONSES, part, place, "image_url"),
    )


def _file(part: JsonObject, place: str) -> File:
    if part.get("file_id") is not None:
        raise unsupported(f"{place}.file_id", "send the file itself, as file_data, or name it by file_url")
    named = part.get("filename")
    within = "file_data" if part.get("file_url") is None else "file_url"
    return File(
        a_name(part.get(within), f"{place}.{within}"),
        None if named is None else a_text(named, f"{place}.filename"),
        came=Came(_RESPONSES, part, place, within),
    )
