"""Python values to DynamoDB's JSON and back. Numbers are integers: the platform stores no fraction anywhere.

Source of the format: Amazon DynamoDB API reference, AttributeValue.
"""

from collections.abc import Mapping
from typing import Any

JsonObject = dict[str, Any]


def attribute(value: Any) -> JsonObject:
    """One value as an AttributeValue: str, int, bool, None, bytes, set of str, list or dict.

    Raises:
        TypeError: anything else, floats above all, which have no place in a ledger.
    """
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if value is None:
        return {"NULL": True}
    if isinstance(value, Mapping):
        return {"M": item(value)}
    if isinstance(value, list | tuple):
        return {"L": [attribute(each) for each in value]}
    if isinstance(value, set | frozenset):
        return {"SS": sorted(value)}
    if isinstance(value, bytes):
        return {"B": value}
    raise TypeError(f"{type(value).__name__} is not stored")


def item(values: Mapping[str, Any]) -> JsonObject:
    """A mapping as a DynamoDB item; its keys are attribute names."""
    return {name: attribute(value) for name, value in values.items()}


def value(stored: Mapping[str, Any]) -> Any:
    """Read what `attribute` wrote."""
    kind, content = next(iter(stored.items()))
    match kind:
        case "S" | "BOOL" | "B":
            return content
        case "N":
            return int(content)
        case "NULL":
            return None
        case "M":
            return values(content)
        case "L":
            return [value(each) for each in content]
        case "SS":
            return set(content)
        case _:
            raise TypeError(f"attribute type {kind} is not stored")


def values(stored: Mapping[str, Any]) -> JsonObject:
    """Read what `item` wrote."""
    return {name: value(each) for name, each in stored.items()}
