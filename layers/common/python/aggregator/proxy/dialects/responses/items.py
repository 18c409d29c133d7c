"""Input items of the Responses API as messages of a chat completion.

Source: OpenAI API reference, "Create a model response" (`input`). An assistant's words, calls and reasoning that follow
each other become one message. Items that live at OpenAI, or belong to its own tools, are refused by name.
"""

from typing import Any

from aggregator.errors import JsonObject
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

_ROLES = ("user", "assistant", "system", "developer")


def messages_of(body: JsonObject) -> list[JsonObject]:
    """Instructions and input as messages.

    Raises:
        InvalidRequest: an item has a wrong shape.
        UnsupportedParameter: an item, or a part of one, is not offered here.
    """
    conversation = _Conversation()
    instructions = body.get("instructions")
    if instructions is not None and a_text(instructions, "instructions"):
        conversation.messages.append({"role": "system", "content": instructions})
    said = body.get("input")
    if isinstance(said, str):
        conversation.messages.append({"role": "user", "content": a_name(said, "input")})
        return conversation.messages
    if not isinstance(said, list) or not said:
        raise invalid(
            "input", "Field required" if said is None else "must be a string or an array, not empty"
        )
    for place, item in objects_in(said, "input"):
        conversation.add(item, place)
    conversation.close()
    if not conversation.messages:
        raise invalid("input", "holds no message")
    return conversation.messages


class _Conversation:
    """Messages so far. `_turn` is the assistant's message that following items still add to."""

    def __init__(self) -> None:
        self.messages: list[JsonObject] = []
        self._turn: JsonObject | None = None

    def add(self, item: JsonObject, place: str) -> None:
        kind = item.get("type")
        if kind is None:
            kind = "message" if "role" in item else "item_reference"
        match kind:
            case "message":
                self._message(item, place)
            case "function_call":
                self._call(item, place)
            case "function_call_output":
                self._output(item, place)
            case "reasoning":
                self._reasoning(item, place)
            case "item_reference":
                raise unsupported(f"{place}.type", "nothing is stored here, so an item cannot be referred to")
            case _:
                raise unsupported(f"{place}.type", f"items of type '{kind}' are not offered here")

    def close(self) -> None:
        """End the assistant's turn. One that only thought says nothing, and is left out."""
        turn, self._turn = self._turn, None
        if turn is not None and (turn["content"] or turn.get("tool_calls")):
            self.messages.append(turn)

    def _open(self) -> JsonObject:
        if self._turn is None:
            self._turn = {"role": "assistant", "content": None}
        return self._turn

    def _message(self, item: JsonObject, place: str) -> None:
        role = one_of(item.get("role"), _ROLES, f"{place}.role")
        content = item.get("content")
        if role == "assistant":
            words = _words(content, f"{place}.content")
            if self._turn is not None and (self._turn["content"] or self._turn.get("tool_calls")):
                self.close()
            self._open()["content"] = words or None
            return
        self.close()
        parts = content if isinstance(content, str) else _parts(content, f"{place}.content")
        self.messages.append({"role": "system" if role == "developer" else role, "content": parts})

    def _call(self, item: JsonObject, place: str) -> None:
        call = {
            "id": a_name(item.get("call_id"), f"{place}.call_id"),
            "type": "function",
            "function": {
                "name": a_name(item.get("name"), f"{place}.name"),
                "arguments": a_text(item.get("arguments"), f"{place}.arguments"),
            },
        }
        self._open().setdefault("tool_calls", []).append(call)

    def _output(self, item: JsonObject, place: str) -> None:
        self.close()
        output = item.get("output")
        content = _result(output, f"{place}.output")
        call_id = a_name(item.get("call_id"), f"{place}.call_id")
        self.messages.append({"role": "tool", "tool_call_id": call_id, "content": content})

    def _reasoning(self, item: JsonObject, place: str) -> None:
        """Goes with what the assistant said or called next."""
        sealed = item.get("encrypted_content")
        details = unpacked(a_text(sealed, f"{place}.encrypted_content")) if sealed is not None else []
        thoughts = [
            a_text(part.get("text"), f"{at}.text")
            for name in ("summary", "content")
            for at, part in objects_in(item.get(name), f"{place}.{name}")
        ]
        said = self._turn is not None and bool(self._turn["content"] or self._turn.get("tool_calls"))
        if said and (any(thoughts) or not details):
            self.close()  # what was only sealed belongs to what was said before it
        turn = self._open()
        if details:
            turn.setdefault("reasoning_details", []).extend(details)
        if any(thoughts):
            turn["reasoning_content"] = turn.get("reasoning_content", "") + "".join(thoughts)


def _result(output: Any, place: str) -> str | list[JsonObject]:
    """What a tool gave back; one that gives nothing is no error."""
    if isinstance(output, str):
        return output
    if output is None:
        raise invalid(place, "Field required")
    return _parts(output, place) if a_list(output, place) else ""


def _words(content: Any, place: str) -> str:
    """What an assistant said earlier: text, and refusals, which are what was said."""
    if isinstance(content, str):
        return content
    words = []
    for at, part in objects_in(content, place):
        match part.get("type"):
            case "output_text" | "input_text" | "text":
                words.append(a_text(part.get("text"), f"{at}.text"))
            case "refusal":
                words.append(a_text(part.get("refusal"), f"{at}.refusal"))
            case kind:
                raise unsupported(f"{at}.type", f"an assistant's part of type '{kind}' is not offered here")
    return "".join(words)


def _parts(content: Any, place: str) -> list[JsonObject]:
    if not a_list(content, place):
        raise invalid(place, "must be a string or an array, not empty")
    return [_part(part, at) for at, part in objects_in(content, place)]


def _part(part: JsonObject, place: str) -> JsonObject:
    match part.get("type"):
        case "input_text" | "output_text" | "text":
            return {"type": "text", "text": a_text(part.get("text"), f"{place}.text")}
        case "input_image":
            return _image(part, place)
        case "input_file":
            return _file(part, place)
        case kind:
            raise unsupported(f"{place}.type", f"parts of type '{kind}' are not offered here")


def _image(part: JsonObject, place: str) -> JsonObject:
    if part.get("file_id") is not None:
        raise unsupported(f"{place}.file_id", "nothing is stored here: send the image as image_url")
    url = part.get("image_url")
    if isinstance(url, dict):  # as chat completions have it
        url = url.get("url")
    image: JsonObject = {"url": a_name(url, f"{place}.image_url")}
    if part.get("detail") is not None:
        image["detail"] = a_text(part["detail"], f"{place}.detail")
    return {"type": "image_url", "image_url": image}


def _file(part: JsonObject, place: str) -> JsonObject:
    for name in ("file_id", "file_url"):
        if part.get(name) is not None:
            raise unsupported(f"{place}.{name}", "send the file itself, as file_data")
    file: JsonObject = {"file_data": a_name(part.get("file_data"), f"{place}.file_data")}
    if part.get("filename") is not None:
        file["filename"] = a_text(part["filename"], f"{place}.filename")
    return {"type": "file", "file": file}
