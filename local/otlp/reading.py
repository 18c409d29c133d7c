"""OTLP's JSON, read into the official protobuf messages; what a sender may not write is refused by its place.

Each refusal has its source. A receiver in the field may be kinder (it ignores names that it does not know, and takes
64-bit integers as numbers): what it would drop or guess at is a fault of the sender's, and is one here.
"""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import DecodeError, Message

JsonObject = dict[str, Any]

ENCODING = "https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding"
PROTO3 = "https://protobuf.dev/programming-guides/json/"

_IDS = frozenset({"trace_id", "span_id", "parent_span_id"})
_HEX = re.compile(r"[0-9a-fA-F]*")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)")
_LONG = frozenset(
    {
        FieldDescriptor.TYPE_INT64,
        FieldDescriptor.TYPE_UINT64,
        FieldDescriptor.TYPE_FIXED64,
        FieldDescriptor.TYPE_SFIXED64,
        FieldDescriptor.TYPE_SINT64,
    }
)
_SHORT = frozenset({FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_FIXED32})
_REAL = frozenset({FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT})


class Refused(Exception):
    """What is wrong, where, and who says so."""

    def __init__(self, where: str, what: str, source: str) -> None:
        super().__init__(f"{where}: {what} ({source})")


def from_json(body: bytes, message: Message) -> None:
    """Read a JSON body into `message`.

    Raises:
        Refused: a sender may not write it so.
    """
    try:
        said = json.loads(body, object_pairs_hook=_unique)
    except ValueError as broken:
        raise Refused("body", f"is no JSON: {broken}", PROTO3) from None
    _into(said, message)


def from_protobuf(body: bytes, message: Message) -> None:
    """Read a binary body into `message`.

    Raises:
        Refused: it is none.
    """
    try:
        message.ParseFromString(body)
    except DecodeError as broken:
        raise Refused("body", f"is no {message.DESCRIPTOR.name}: {broken}", PROTO3) from None


def _into(said: Any, message: Message) -> None:
    if not isinstance(said, dict):
        raise Refused("body", "is no object", PROTO3)
    try:
        ParseDict(_checked(said, message.DESCRIPTOR, ""), message, ignore_unknown_fields=False)
    except ParseError as broken:
        raise Refused("body", str(broken), PROTO3) from None


def _unique(pairs: list[tuple[str, Any]]) -> JsonObject:
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError("a name comes twice in one object")
    return dict(pairs)


def _checked(said: JsonObject, of: Any, where: str) -> JsonObject:
    fields = {field.json_name: field for field in of.fields}
    read: JsonObject = {}
    for name, value in said.items():
        place = f"{where}.{name}".lstrip(".")
        field = fields.get(name)
        if field is None:
            raise Refused(place, f"{of.name} has no such field", ENCODING)
        if field.is_repeated:
            if not isinstance(value, list):
                raise Refused(place, "is no array", PROTO3)
            read[name] = [_value(each, field, f"{place}[{n}]") for n, each in enumerate(value)]
        else:
            read[name] = _value(value, field, place)
    return read


def _value(value: Any, field: Any, where: str) -> Any:
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        if not isinstance(value, dict):
            raise Refused(where, "is no object", PROTO3)
        return _checked(value, field.message_type, where)
    if field.name in _IDS:
        if not isinstance(value, str) or not _HEX.fullmatch(value) or len(value) % 2:
            raise Refused(where, "an id is written in hex", ENCODING)
        return base64.b64encode(bytes.fromhex(value)).decode()
    for kinds, fits, what, source in _RULES:
        if field.type in kinds and not fits(value):
            raise Refused(where, what, source)
    if field.type == FieldDescriptor.TYPE_ENUM and value not in {
        each.number for each in field.enum_type.values
    }:
        raise Refused(where, f"is no {field.enum_type.name}", ENCODING)
    return value


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_real(value: Any) -> bool:
    return _is_whole(value) or isinstance(value, float) or value in ("NaN", "Infinity", "-Infinity")


_RULES: tuple[tuple[frozenset[int], Callable[[Any], bool], str, str], ...] = (
    (
        _LONG,
        lambda value: isinstance(value, str) and bool(_DECIMAL.fullmatch(value)),
        "a 64-bit integer is written as a decimal string",
        ENCODING,
    ),
    (_SHORT, _is_whole, "is no integer", PROTO3),
    (_REAL, _is_real, "is no number", PROTO3),
    (
        frozenset({FieldDescriptor.TYPE_ENUM}),
        _is_whole,
        "an enum is written as its number, never as its name",
        ENCODING,
    ),
    (frozenset({FieldDescriptor.TYPE_BOOL}), lambda value: isinstance(value, bool), "is no boolean", PROTO3),
    (frozenset({FieldDescriptor.TYPE_STRING}), lambda value: isinstance(value, str), "is no string", PROTO3),
)
