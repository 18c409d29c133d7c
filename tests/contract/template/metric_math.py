"""CloudWatch's alarms over made-up minutes: enough of metric math, of statistics and of composite rules to try ours.

Source: Amazon CloudWatch user guide, "Using math expressions with CloudWatch metrics" (`IF`, missing data), "CloudWatch
statistics definitions" (percentile rank: `PR(:n)` is the share of values of n at the most) and "Using Amazon CloudWatch
alarms" (an alarm is evaluated each minute over the window that ends then).
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

JsonObject = dict[str, Any]
Minute = Mapping[str, Sequence[float]]
"""By metric the values that were recorded in one minute."""

_OPERATIONS: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.GtE: operator.ge,
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
}
_RANK = re.compile(r"PR\(:(\d+)\)")


def statistic(stat: str, values: Sequence[float]) -> float | None:
    """One statistic of a window's values; None, as CloudWatch has no point, where there are none."""
    if not values:
        return None
    if rank := _RANK.fullmatch(stat):
        return 100 * sum(value <= int(rank[1]) for value in values) / len(values)
    return {"Sum": sum(values), "SampleCount": len(values)}[stat]


def evaluate(expression: str, known: Mapping[str, float | None]) -> float | None:
    """A math expression; None where what it names has no point, or where it divides by nothing."""
    if any(known.get(name) is None for name in set(re.findall(r"\b[a-z]\w*", expression))):
        return None
    try:
        return float(_value(ast.parse(expression, mode="eval").body, known))
    except ZeroDivisionError:
        return None


def _value(node: ast.AST, known: Mapping[str, float | None]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return known[name]
        case ast.BinOp(left=one, op=between, right=other):
            return _OPERATIONS[type(between)](_value(one, known), _value(other, known))
        case ast.Compare(left=one, ops=[between], comparators=[other]):
            return _OPERATIONS[type(between)](_value(one, known), _value(other, known))
        case ast.Call(func=ast.Name(id="IF"), args=[condition, so, otherwise]):
            return _value(so if _value(condition, known) else otherwise, known)
    raise AssertionError(ast.dump(node))


def value_of(alarm: JsonObject, minutes: Sequence[Minute], now: int) -> float | None:
    """What an alarm of math expressions compares with its threshold, at the end of minute `now`."""
    known: dict[str, float | None] = {}
    for query in alarm["Metrics"]:
        if "MetricStat" in query:
            asked = query["MetricStat"]
            window = minutes[max(0, now + 1 - asked["Period"] // 60) : now + 1]
            name = asked["Metric"]["MetricName"]
            known[query["Id"]] = statistic(
                asked["Stat"], [value for minute in window for value in minute[name]]
            )
        else:
            known[query["Id"]] = evaluate(query["Expression"], known)
    (returned,) = [query["Id"] for query in alarm["Metrics"] if query["ReturnData"]]
    return known[returned]


def is_in_alarm(alarm: JsonObject, minutes: Sequence[Minute], now: int) -> bool:
    """Whether it is over its threshold at the end of a minute; where there is no point, it is not."""
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert alarm["EvaluationPeriods"] == 1
    assert alarm["TreatMissingData"] == "notBreaching"
    found = value_of(alarm, minutes, now)
    return found is not None and found > alarm["Threshold"]


def rule_holds(rule: str, in_alarm: Callable[[str], bool]) -> bool:
    """Whether a composite alarm's rule holds, of ALARM, AND and OR."""
    python = re.sub(r'ALARM\("\$\{(\w+)\}"\)', lambda found: str(in_alarm(found[1])), rule)
    return bool(_logic(ast.parse(python.replace(" AND ", " and ").replace(" OR ", " or "), mode="eval").body))


def _logic(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=bool() as value):
            return value
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_logic(each) for each in values)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(_logic(each) for each in values)
    raise AssertionError(ast.dump(node))
