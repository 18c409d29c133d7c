"""Requests made of the SDKs' own types: each variant of each field, alone beside what a request must have."""

from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin

from typing_extensions import get_type_hints, is_typeddict

JsonObject = dict[str, Any]

_DEEPEST = 4


def requests_of(params: type, least: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """`least` with each variant of each field of an SDK's type, and the field's name."""
    for name, kind in get_type_hints(params, include_extras=True).items():
        seen: list[Any] = []
        for value in _variants(kind, _DEEPEST):
            if value not in seen:
                seen.append(value)
                yield name, least | {name: value}


def _variants(kind: Any, depth: int) -> Iterator[Any]:
    """Values of a type: every member of a union, every field of an object, once with the least around it."""
    kind = _bare(kind)
    origin = get_origin(kind)
    if kind is type(None) or depth == 0:
        return
    if origin is Union or type(kind).__name__ == "UnionType":
        for member in get_args(kind):
            yield from _variants(member, depth)
    elif origin is Literal:
        yield from get_args(kind)
    elif is_typeddict(kind):
        least = _least(kind)
        yield least
        for name, field in get_type_hints(kind, include_extras=True).items():
            yield from (least | {name: value} for value in _variants(field, depth - 1))
    elif origin in (list, tuple) or getattr(origin, "__name__", "") in ("Iterable", "Sequence"):
        yield from ([value] for value in _variants(get_args(kind)[0], depth))
    else:
        yield _simple(kind)


def _least(kind: Any) -> JsonObject:
    """An object with what it must have; the SDKs say that by `Required`."""
    hints: dict[str, Any] = get_type_hints(kind, include_extras=True)
    return {name: next(_variants(hints[name], 2), None) for name in hints if _is_required(hints[name])}


def _is_required(kind: Any) -> bool:
    return getattr(get_origin(kind), "_name", "") == "Required"


def _bare(kind: Any) -> Any:
    """The type without `Required`, `Annotated` and other words about it."""
    while getattr(get_origin(kind), "_name", None) in ("Required", "NotRequired") or hasattr(
        kind, "__metadata__"
    ):
        kind = get_args(kind)[0]
    return getattr(kind, "__value__", kind)


def _simple(kind: Any) -> Any:
    if kind is bool:
        return True
    if kind is int:
        return 1
    if kind is float:
        return 0.5
    if kind is str:
        return "words"
    return {}
