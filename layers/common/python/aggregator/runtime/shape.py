"""Reading a request of any surface: each value is checked where it stands, and refused by its place."""

from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.errors import InvalidRequest, JsonObject, UnsupportedParameter
from aggregator.runtime.passable_json import compact_as_it_is


def invalid(place: str, what: str) -> InvalidRequest:
    """Refusal of what has a wrong shape."""
    return InvalidRequest(f"{place}: {what}", param=place)


def unsupported(place: str, why: str) -> UnsupportedParameter:
    """Refusal of what is well-formed but cannot be honoured."""
    return UnsupportedParameter(f"{place}: {why}", param=place)


def an_object(value: Any, place: str) -> JsonObject:
    """`value`, if it is an object.

    Raises:
        InvalidRequest: it is not.
    """
    if not isinstance(value, dict):
        raise invalid(place, "must be an object")
    return value


def a_list(value: Any, place: str) -> list[Any]:
    """`value`, if it is an array; none is empty.

    Raises:
        InvalidRequest: it is something else.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid(place, "must be an array")
    return value


def a_text(value: Any, place: str) -> str:
    """`value`, if it is a string, be it empty.

    Raises:
        InvalidRequest: it is not.
    """
    if not isinstance(value, str):
        raise invalid(place, "must be a string")
    return value


def a_name(value: Any, place: str) -> str:
    """`value`, if it is a string that says something.

    Raises:
        InvalidRequest: it is not.
    """
    if not isinstance(value, str) or not value:
        raise invalid(place, "Field required" if value is None else "must be a string, not empty")
    return value


def a_count(value: Any, place: str) -> int:
    """`value`, if it is an integer from 1.

    Raises:
        InvalidRequest: it is not.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(place, "Field required" if value is None else "must be an integer")
    if value < 1:
        raise invalid(place, "must be at least 1")
    return value


def one_of(value: Any, taken: tuple[Any, ...], place: str) -> Any:
    """`value`, if it is one of those that are taken.

    Raises:
        InvalidRequest: it is no string.
        UnsupportedParameter: it is none of them; the API's own house may know it.
    """
    if not isinstance(value, str):
        raise invalid(place, f"must be one of {', '.join(taken)}")
    if value not in taken:
        raise unsupported(place, f"must be one of {', '.join(taken)}")
    return value


def objects_in(value: Any, place: str) -> Iterator[tuple[str, JsonObject]]:
    """The objects of an array, each with its place.

    Raises:
        InvalidRequest: it is no array, or one of its items no object.
    """
    for n, each in enumerate(a_list(value, place)):
        yield f"{place}.{n}", an_object(each, f"{place}.{n}")


def refuse_others(body: Mapping[str, Any], taken: frozenset[str]) -> None:
    """Pass a body whose fields are all taken; one that says nothing (null) may be any.

    Raises:
        UnsupportedParameter: names the first that is not.
    """
    for name, value in body.items():
        if name not in taken and value is not None:
            raise unsupported(name, "is not offered here")


def bytes_of(body: Mapping[str, Any]) -> int:
    """How long a translated request is, as JSON: no tokenizer makes more tokens of it."""
    return len(compact_as_it_is(body).encode(errors="surrogatepass"))


def a_flag(value: Any, place: str) -> bool:
    """`value`, if it is true or false; none is false.

    Raises:
        InvalidRequest: it is something else.
    """
    if value is not None and not isinstance(value, bool):
        raise invalid(place, "must be true or false")
    return bool(value)
