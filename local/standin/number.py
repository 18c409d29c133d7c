"""A number between the bounds of a JSON schema."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

_DEFAULT = Fraction(7)
_DEFAULT_FRACTION = Fraction(3, 2)


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Lower and upper bounds, each with whether the bound itself is out."""

    low: Fraction | None
    low_is_out: bool
    high: Fraction | None
    high_is_out: bool


def number_within(schema: dict[str, Any], turn: int, *, whole: bool) -> int | float:
    """A number that the bounds and `multipleOf` of `schema` accept; `turn` 1, 2, ... give others for a set."""
    bounds = _bounds_of(schema)
    step = _exact(schema.get("multipleOf"))
    if whole and (step is None or step.denominator != 1):
        step = Fraction(1) if step is None else Fraction(step.numerator)
    value = _inside(bounds, turn) if step is None else _multiple(bounds, step, turn)
    return value.numerator if value.denominator == 1 else float(value)


def _exact(value: Any) -> Fraction | None:
    return None if value is None or isinstance(value, bool) else Fraction(str(value))


def _bounds_of(schema: dict[str, Any]) -> _Bounds:
    low, above = _exact(schema.get("minimum")), _exact(schema.get("exclusiveMinimum"))
    high, below = _exact(schema.get("maximum")), _exact(schema.get("exclusiveMaximum"))
    low_is_out = schema.get("exclusiveMinimum") is True  # draft 4 says it beside `minimum`
    high_is_out = schema.get("exclusiveMaximum") is True
    if above is not None and (low is None or above >= low):
        low, low_is_out = above, True
    if below is not None and (high is None or below <= high):
        high, high_is_out = below, True
    return _Bounds(low, low_is_out, high, high_is_out)


def _multiple(bounds: _Bounds, step: Fraction, turn: int) -> Fraction:
    first = last = None
    if bounds.low is not None:
        first = math.floor(bounds.low / step) + 1 if bounds.low_is_out else math.ceil(bounds.low / step)
    if bounds.high is not None:
        last = math.ceil(bounds.high / step) - 1 if bounds.high_is_out else math.floor(bounds.high / step)
    place = math.ceil(_DEFAULT / step)
    if first is not None and (place < first or last is not None):
        place = first
    elif last is not None and place > last:
        return step * (last - turn)
    return step * (place + turn)


def _inside(bounds: _Bounds, turn: int) -> Fraction:
    if bounds.low is not None and bounds.high is not None:
        width = bounds.high - bounds.low
        return bounds.low + width / (turn + 2)
    if bounds.low is not None:
        return max(bounds.low + 1, _DEFAULT_FRACTION) + turn
    if bounds.high is not None:
        return min(bounds.high - 1, _DEFAULT_FRACTION) - turn
    return _DEFAULT_FRACTION + turn
