"""What is in an agent's request, whatever its dialect, and what became of it on its way to a provider."""

from collections.abc import Iterator
from typing import Any

JsonObject = dict[str, Any]

_ANSWERS = {"tool_result", "function_call_output", "custom_tool_call_output"}


def tool_answers(body: Any) -> int:
    """How many results of tools a request holds."""
    if isinstance(body, list):
        return sum(map(tool_answers, body))
    if not isinstance(body, dict):
        return 0
    if body.get("type") in _ANSWERS or body.get("role") == "tool":
        return 1
    return sum(tool_answers(each) for name, each in body.items() if name != "tools")


def cache_marks(body: Any, path: str = "") -> dict[str, Any]:
    """Where a request has cache marks, and each."""
    if isinstance(body, list):
        inside = (cache_marks(each, f"{path}[{place}]") for place, each in enumerate(body))
        return {at: mark for marks in inside for at, mark in marks.items()}
    if not isinstance(body, dict):
        return {}
    found = {f"{path}.cache_control": body["cache_control"]} if "cache_control" in body else {}
    for name, each in body.items():
        if name != "cache_control":
            found |= cache_marks(each, f"{path}.{name}".lstrip("."))
    return found


def changes(sent: Any, arrived: Any, path: str = "") -> Iterator[str]:
    """Where what arrived is not what was sent: `+name` was added, `-name` left out, `name` is another."""
    if isinstance(sent, dict) and isinstance(arrived, dict):
        for name in sorted(sent.keys() | arrived.keys()):
            at = f"{path}.{name}".lstrip(".")
            if name not in arrived:
                yield f"-{at}"
            elif name not in sent:
                yield f"+{at}"
            else:
                yield from changes(sent[name], arrived[name], at)
    elif isinstance(sent, list) and isinstance(arrived, list) and len(sent) == len(arrived):
        for place, (one, other) in enumerate(zip(sent, arrived, strict=True)):
            yield from changes(one, other, f"{path}[{place}]")
    elif sent != arrived or type(sent) is not type(arrived):
        yield path
