"""A text that matches a regular expression: best effort, for the `pattern` of a JSON schema."""

import importlib
import re
from typing import Any

# CPython's own parser of regular expressions; the public name `sre_parse` is deprecated.
_parser: Any = importlib.import_module("re._parser")
_LETTERS = "a0A_- .abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ123456789"
_CLASSES = {"CATEGORY_DIGIT": "0", "CATEGORY_WORD": "a", "CATEGORY_SPACE": " "}


def text_matching(pattern: str) -> str | None:
    """A short text that `pattern` finds a match in, or None where this simple generator finds none."""
    try:
        text = _of_sequence(_parser.parse(pattern), {})
        return text if re.search(pattern, text) else None
    except (re.error, KeyError, OverflowError, RecursionError):
        return None


def _of_sequence(nodes: Any, groups: dict[int, str]) -> str:
    return "".join(_of_node(str(op), argument, groups) for op, argument in nodes)


def _of_node(op: str, argument: Any, groups: dict[int, str]) -> str:
    match op:
        case "LITERAL":
            return chr(argument)
        case "NOT_LITERAL":
            return next(letter for letter in _LETTERS if letter != chr(argument))
        case "ANY":
            return "a"
        case "IN":
            return _of_set(argument)
        case "BRANCH":
            return _of_sequence(argument[1][0], groups)
        case "SUBPATTERN":
            group, _, _, inside = argument
            groups[group] = _of_sequence(inside, groups)
            return groups[group]
        case "GROUPREF":
            return groups[argument]
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inside = argument
            return "".join(_of_sequence(inside, groups) for _ in range(min(max(int(least), 1), int(most))))
        case _:  # anchors and look-arounds take no room; the final search tells if they hold
            return ""


def _of_set(items: Any) -> str:
    if str(items[0][0]) == "NEGATE":
        inside = re.compile(_set_source(items[1:]))
        return next(letter for letter in _LETTERS if not inside.match(letter))
    op, argument = items[0]
    if str(op) == "CATEGORY":
        return _CLASSES.get(str(argument), "-")
    return chr(argument[0] if str(op) == "RANGE" else argument)


def _set_source(items: Any) -> str:
    names = {"CATEGORY_DIGIT": r"\d", "CATEGORY_WORD": r"\w", "CATEGORY_SPACE": r"\s"}
    source = ""
    for op, argument in items:
        if str(op) == "RANGE":
            source += f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}"
        elif str(op) == "CATEGORY":
            source += names[str(argument)]
        else:
            source += re.escape(chr(argument))
    return f"[{source}]"
