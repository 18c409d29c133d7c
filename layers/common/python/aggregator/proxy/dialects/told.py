"""What a translated request says and its provider did not get, for `x-aggregator-ignored`. Standard library only.

Hints may be left out where a provider has no place for them, never in silence. Whether one went out is seen in the
request that did, so that it holds whichever code wrote it. A native lane tells what it leaves out by itself.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.errors import JsonObject
from aggregator.proxy.dialects.events import objects_of
from aggregator.proxy.exchange import UpstreamRequest
from aggregator.proxy.model import Ask

_USER = ("user", "safety_identifier")
_SAME = ("prompt_cache_key", "prompt_cache_retention", "prompt_cache_options")
# Notes of a client, and conversations' own housekeeping, that no other dialect has a word for.
_NOWHERE = ("client_metadata", "context_management", "diagnostics")
_NAMED = frozenset({*_USER, *_SAME, *_NOWHERE, "metadata", "verbosity", "text", "store", "reasoning"})
_OF_A_TOOL = ("async", "defer_loading", "eager_input_streaming", "output_schema")
_MARK = "cache_control"
_SOURCES = {"messages": "citations", "input": "annotations"}
_MARKS_SENT = (b'"cache_control":', b'"cachePoint":')


def hints_left_out(ask: Ask, sent: UpstreamRequest) -> tuple[str, ...]:
    """Names of hints that the client said and that are not in what was sent."""
    asked = ask.asked or ask.body
    gone = tuple(_of_tools(asked))
    marked, sources = _is_marked(asked), _sources_said(asked, ask_is_chat=not ask.asked)
    if not marked and not sources and not _NAMED & asked.keys():
        return gone
    out = json.loads(sent.body)
    told = [name for name, there in _whether_sent(asked, out, ask_is_chat=not ask.asked) if not there]
    if marked and not any(mark in sent.body for mark in _MARKS_SENT):
        told.append(_MARK)
    if sources and _sources_sent(out) < sources[1]:
        told.append(sources[0])
    return (*told, *gone)


def _whether_sent(
    asked: Mapping[str, Any], out: JsonObject, *, ask_is_chat: bool
) -> Iterator[tuple[str, bool]]:
    named = _an_object(out, "metadata")
    known_by = bool(out.get("user") or out.get("safety_identifier") or named.get("user_id"))
    yield from ((name, known_by) for name in _USER if asked.get(name))
    yield from ((name, name in out) for name in _SAME if asked.get(name))
    yield from ((name, name in out) for name in _NOWHERE if asked.get(name) not in (None, {}, {"edits": []}))
    if ask_is_chat and asked.get("store") is True:
        yield "store", out.get("store") is True
    if labels := _an_object(asked, "metadata"):
        yield "metadata", (known_by and labels.keys() == {"user_id"}) or labels.items() <= named.items()
    verbose = "verbosity" in out or "verbosity" in _an_object(out, "text")
    said = {"verbosity": asked.get("verbosity"), "text.verbosity": _an_object(asked, "text").get("verbosity")}
    yield from ((name, verbose) for name, value in said.items() if value)
    if _an_object(asked, "reasoning").get("context") not in (None, "auto"):
        yield "reasoning.context", "context" in _an_object(out, "reasoning")


def _of_tools(asked: Mapping[str, Any]) -> Iterator[str]:
    """What tools say of when they are loaded and how they are called, which is of one house alone."""
    tools = objects_of(asked, "tools")
    tools += [tool for item in objects_of(asked, "input") for tool in objects_of(item, "tools")]
    tools += [each for tool in tools for each in objects_of(tool, "tools")]
    yield from (f"tools.{name}" for name in _OF_A_TOOL if any(tool.get(name) for tool in tools))


def _is_marked(asked: Mapping[str, Any]) -> bool:
    """Whether the client marked what a prompt cache is to keep: a turn, a block of it, a tool, or all."""
    if asked.get(_MARK):
        return True
    for name in ("system", "tools", "messages"):
        for entry in objects_of(asked, name):
            if any(block.get(_MARK) for block in (entry, *objects_of(entry, "content"))):
                return True
    return False


def _sources_said(asked: Mapping[str, Any], *, ask_is_chat: bool) -> tuple[str, int] | None:
    """What the client calls the sources that it repeats of earlier answers, and how many; None if there are none."""
    for field, name in _SOURCES.items():
        named = "annotations" if ask_is_chat else name
        turns = objects_of(asked, field)
        said = [*turns, *(part for turn in turns for part in objects_of(turn, "content"))]
        if many := sum(len(each[named]) for each in said if isinstance(each.get(named), list)):
            return named, many
    return None


def _sources_sent(out: JsonObject) -> int:
    """How many sources went along, in whichever dialect."""
    turns = objects_of(out, "messages") or objects_of(out, "input")
    parts = [part for turn in turns for part in objects_of(turn, "content")]
    held = [*turns, *parts, *(_an_object(part, "citationsContent") for part in parts)]
    listed = (each.get(name) for each in held for name in ("citations", "annotations"))
    return sum(len(each) for each in listed if isinstance(each, list))


def _an_object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}
