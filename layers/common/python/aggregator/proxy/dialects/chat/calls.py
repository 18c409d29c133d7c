"""Calls of tools in a chat completion's pieces: which call each piece belongs to, however its provider counts them.

OpenAI gives each call an index, and its id and name once. Others count every call as the first, make up an id for each
piece, say the name again with each, or give no id at all. Standard library only.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aggregator.proxy.dialects.answering import new_call_id
from aggregator.proxy.dialects.events import text_in


@dataclass(slots=True)
class Call:
    """One call, as far as it is known. `number` is its place among all, `index` what its provider calls it."""

    number: int
    index: Any
    id: str
    named: bool
    name: str = ""
    arguments: str = ""
    custom: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """What a piece of a call says, in whatever form."""

    index: Any
    id: str
    name: str
    arguments: str
    custom: bool

    @staticmethod
    def of(said: Mapping[str, Any], position: int) -> "Piece":
        """Read a piece: arguments as an object become its text, none at all nothing."""
        custom = said.get("custom")
        if isinstance(custom, dict):
            return Piece(
                said.get("index", position),
                text_in(said, "id"),
                text_in(custom, "name"),
                text_in(custom, "input"),
                custom=True,
            )
        function = said.get("function")
        arguments = function.get("arguments") if isinstance(function, dict) else None
        told = json.dumps(arguments) if isinstance(arguments, dict) else text_in(function, "arguments")
        return Piece(
            said.get("index", position), text_in(said, "id"), text_in(function, "name"), told, custom=False
        )


class Calls:
    """The calls of one choice, in the order in which they began."""

    def __init__(self) -> None:
        self._all: list[Call] = []

    def take(self, piece: Piece) -> Call:
        """The call that a piece belongs to, with what the piece adds to it."""
        call = self._known(piece) or self._new(piece)
        if piece.id and not call.named:
            call.id, call.named = piece.id, True
        call.name = call.name or piece.name
        call.arguments += piece.arguments
        call.custom = call.custom or piece.custom
        return call

    def _known(self, piece: Piece) -> Call | None:
        here = [call for call in reversed(self._all) if call.index == piece.index]
        same = [call for call in here if piece.id and call.named and call.id == piece.id]
        if same:
            return same[0]
        if not here:
            return None
        newest = here[0]
        if not piece.name or not newest.name:
            return newest
        if piece.name != newest.name:
            return None
        # The name again: the same call goes on, unless that is whole and this one brings arguments of its own.
        return None if piece.arguments and is_whole(newest.arguments) else newest

    def _new(self, piece: Piece) -> Call:
        call = Call(len(self._all), piece.index, piece.id or new_call_id(), named=bool(piece.id))
        self._all.append(call)
        return call


def is_whole(arguments: str) -> bool:
    """Whether these are all arguments of a call."""
    try:
        return isinstance(json.loads(arguments), dict)
    except (ValueError, RecursionError):
        return False
