"""What chat's own clients cannot read of an answer, put right: calls of tools, and why it ended, in OpenAI's form.

Providers with OpenAI's protocol say arguments as an object or as null, give a call no id or another with each piece,
count every call as the first, say its name again, end with `stop` beside calls, or in words of their own. Nothing is
touched that clients read as it is. Imported when an answer first has a call, or an end in other words.
"""

from typing import Any

from aggregator.proxy.dialects.answering import new_call_id
from aggregator.proxy.dialects.chat.calls import Calls, Piece
from aggregator.proxy.dialects.chat.finish import finish_of
from aggregator.proxy.dialects.events import objects_of
from aggregator.proxy.model import JsonObject


def mend_message(choice: JsonObject) -> bool:
    """Put a whole choice right; whether there was anything to mend."""
    calls = objects_of(choice.get("message"), "tool_calls")
    mended = [_mend_whole(call) for call in calls]
    return _mend_finish(choice, called=bool(calls)) or any(mended)


class Mender:
    """Puts the chunks of one stream right, in their order."""

    def __init__(self) -> None:
        self._calls: dict[Any, Calls] = {}
        self._begun: dict[Any, set[int]] = {}

    def mend(self, choice: JsonObject) -> bool:
        """Put a choice of a chunk right; whether there was anything to mend."""
        index = choice.get("index", 0)
        pieces = objects_of(choice.get("delta"), "tool_calls")
        mended = [self._mend_piece(call, place, index) for place, call in enumerate(pieces)]
        return _mend_finish(choice, called=bool(self._begun.get(index))) or any(mended)

    def _mend_piece(self, said: JsonObject, place: int, choice: Any) -> bool:
        before = _copied(said)
        call = self._calls.setdefault(choice, Calls()).take(Piece.of(said, place))
        begun = self._begun.setdefault(choice, set())
        said["index"] = call.number
        function = said.get("function")
        if isinstance(function, dict):
            _mend_arguments(function, place)
        if call.number in begun:
            if said.get("id") not in (None, call.id):
                del said["id"]
            if isinstance(function, dict) and function.get("name"):
                del function["name"]
        else:
            begun.add(call.number)
            said["id"] = call.id
            said.setdefault("type", "function")
        return said != before


def _copied(call: JsonObject) -> JsonObject:
    """A call as it came: its function is what is changed in place."""
    function = call.get("function")
    return {**call, "function": dict(function)} if isinstance(function, dict) else dict(call)


def _mend_arguments(function: JsonObject, place: int) -> None:
    if "arguments" in function and not isinstance(function["arguments"], str):
        function["arguments"] = Piece.of({"function": function}, place).arguments


def _mend_whole(call: JsonObject) -> bool:
    function = call.get("function")
    before = _copied(call)
    if not isinstance(call.get("id"), str) or not call["id"]:
        call["id"] = new_call_id()
    call.setdefault("type", "function")
    if isinstance(function, dict) and not isinstance(function.get("arguments"), str):
        function["arguments"] = Piece.of(call, 0).arguments or "{}"
    return call != before


def _mend_finish(choice: JsonObject, *, called: bool) -> bool:
    said = choice.get("finish_reason")
    if said is None:
        return False
    finish: str | None = finish_of(choice) or None
    if finish == "window":
        finish = "length"
    if called and finish == "stop":
        finish = "tool_calls"
    if said == finish or (said == "function_call" and finish == "tool_calls"):
        return False
    choice["finish_reason"] = finish
    return True
