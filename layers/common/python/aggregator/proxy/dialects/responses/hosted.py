"""OpenAI's tools that run at OpenAI: capped together by `max_tool_calls`, counted by the items of an answer.

Of a search only the search itself is paid for, not the pages that are opened after it; of a code interpreter each
container, whatever runs in it. What is kept at the provider (containers, files, vector stores) is kept in the
platform's account, which all users share: no id of it goes there.

Sources: OpenAI's guides "Web search" (output and citations), "Code interpreter" (containers), "File search"; API
reference, "Create a model response" (`max_tool_calls`); for tools of others who speak Responses, xAI's page of prices
and OpenRouter's "Server tools".
"""

from collections.abc import Mapping
from typing import Any

from aggregator.errors import JsonObject, UnsupportedParameter
from aggregator.proxy.dialects.hosted import Hosted, HostedTool, demanded_of, taken, without
from aggregator.proxy.exchange import Progress
from aggregator.proxy.model import Ask, Way
from aggregator.runtime.shape import a_count

_PREFIXES = (
    "web_search", "file_search", "code_interpreter", "image_generation", "mcp", "computer_use_preview",
    "programmatic_tool_calling", "shell.container",
    "x_search", "code_execution", "collections_search", "attachment_search", "live_search", "openrouter:",
)  # fmt: skip
_CLIENTS_OWN = frozenset({
    "function", "custom", "namespace", "apply_patch", "local_shell", "shell", "computer", "tool_search",
})  # fmt: skip
_SEARCH, _CODE = "web_search_call", "code_interpreter_call"
_KEPT = "what is kept at the provider is shared by all users here, so it is not offered"
_CONTAINERS = {None: "", "1g": "", "4g": "_4g", "16g": "_16g", "64g": "_64g"}


def hosted_in(asked: Mapping[str, Any]) -> Hosted | None:
    """The hosted tools of a request; None if it has none.

    Raises:
        InvalidRequest: the cap is no number.
    """
    tools = asked.get("tools")
    found = [tool for tool in tools if _is_hosted(tool)] if isinstance(tools, list) else []
    if not found or not isinstance(tools, list):
        return None
    most = asked.get("max_tool_calls")
    return Hosted(
        tuple(map(_read, found)),
        demanded_of(
            _as_declared(asked, found),
            {kind_of(tool): None for tool in found},
            others=len(found) < len(tools),
        ),
        together=True,
        most_calls=None if most is None else a_count(most, "max_tool_calls"),
    )


def translatable(asked: JsonObject, hosted: Hosted) -> JsonObject:
    """The request without its hosted tools, for a lane that has none.

    Raises:
        UnsupportedParameter: one of them is demanded, or names what is kept at the provider.
    """
    refuse_kept(asked)
    if hosted.demanded:
        raise hosted.refusal()
    return without(asked, _is_hosted)


def refuse_kept(asked: Mapping[str, Any]) -> None:
    """Pass a request whose hosted tools name nothing that is kept at the provider.

    Raises:
        UnsupportedParameter: one names a vector store, a container or a file there.
    """
    tools = asked.get("tools")
    for n, tool in enumerate(tools if isinstance(tools, list) else ()):
        if not _is_hosted(tool):
            continue
        container = tool.get("container")
        files = container.get("file_ids") if isinstance(container, dict) else None
        for field, ids in (
            ("vector_store_ids", tool.get("vector_store_ids")),
            ("container", container if isinstance(container, str) else None),
            ("container.file_ids", files),
        ):
            if ids:
                raise UnsupportedParameter(f"tools.{n}.{field}: {_KEPT}", param=f"tools.{n}.{field}")


def refuse_in_items(asked: Mapping[str, Any]) -> None:
    """Pass a request whose `additional_tools` run at the client, as Codex's do.

    A hosted one in there would be neither capped nor charged, and could name what is kept at the provider.

    Raises:
        UnsupportedParameter: one runs elsewhere, or nobody here knows where.
    """
    items = asked.get("input")
    for n, item in enumerate(items if isinstance(items, list) else ()):
        if not isinstance(item, dict) or item.get("type") != "additional_tools":
            continue
        tools = item.get("tools")
        for k, tool in enumerate(tools if isinstance(tools, list) else ()):
            within = tool.get("tools") if isinstance(tool, dict) else None
            for each in (tool, *(within if isinstance(within, list) else ())):
                if (
                    not isinstance(each, dict)
                    or str(each.get("type")) not in _CLIENTS_OWN
                    or _is_hosted(each)
                ):
                    place = f"input.{n}.tools.{k}.type"
                    raise UnsupportedParameter(
                        f"{place}: tools that run at the provider are taken in 'tools' alone", param=place
                    )


def capped(body: JsonObject, ask: Ask, way: Way) -> tuple[JsonObject, tuple[str, ...]]:
    """The body with the tools that go out on a way, under one cap, and what is told of the others."""
    kinds, told = taken(ask, way.route, way.tool_calls)
    if told:
        body = without(body, lambda tool: _is_hosted(tool) and kind_of(tool) not in kinds)
    return ({**body, "max_tool_calls": way.tool_calls} if kinds else body), told


def without_containers(items: list[Any]) -> list[Any]:
    """Earlier runs of a code interpreter in words: their container would be opened again, and may be another user's."""
    return [
        _in_words(item) if isinstance(item, dict) and item.get("type") == _CODE else item for item in items
    ]


class Count:
    """Counts what was paid for among the items of one answer."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._containers: set[Any] = set()

    def add(self, item: Any) -> None:
        """One item that is whole."""
        called = self._progress.called
        kind = item.get("type") if isinstance(item, dict) else None
        if kind == _SEARCH and _is_search(item.get("action")):
            called[_SEARCH] = called.get(_SEARCH, 0) + 1
        elif kind == _CODE:
            self._containers.add(item.get("container_id"))
            called[_CODE] = len(self._containers)


def kind_of(tool: Mapping[str, Any]) -> str:
    """The type of a tool; a shell in a container of the provider's is told from one of the client's own."""
    where = tool.get("environment")
    elsewhere = isinstance(where, dict) and str(where.get("type", "")).startswith("container")
    return f"{tool['type']}.container" if elsewhere else str(tool["type"])


def is_known(tool: Any) -> bool:
    """Whether a tool runs at a provider, or at the client, or finds others of the request, which costs nothing."""
    return _is_hosted(tool) or tool["type"] in _CLIENTS_OWN


def _is_hosted(tool: Any) -> bool:
    return (
        isinstance(tool, dict) and isinstance(tool.get("type"), str) and kind_of(tool).startswith(_PREFIXES)
    )


def _read(tool: JsonObject) -> HostedTool:
    kind = kind_of(tool)
    if kind.startswith("web_search_preview"):
        return HostedTool(kind, "web_search_preview", _SEARCH)
    if kind.startswith("web_search"):
        return HostedTool(kind, "web_search", _SEARCH)
    if kind == "code_interpreter":
        container = tool.get("container")
        memory = container.get("memory_limit") if isinstance(container, dict) else None
        size = _CONTAINERS.get(memory) if memory is None or isinstance(memory, str) else None
        return HostedTool(kind, "" if size is None else f"code_interpreter{size}", _CODE, once=True)
    return HostedTool(kind, "")


def _as_declared(asked: Mapping[str, Any], found: list[JsonObject]) -> Mapping[str, Any]:
    """A choice that says `web_search_preview` of a tool that was declared as `web_search`, or the other way round."""
    choice = asked.get("tool_choice")
    kind = choice.get("type") if isinstance(choice, dict) else None
    kinds = [kind_of(tool) for tool in found]
    if not isinstance(kind, str) or not kind.startswith(_PREFIXES) or kind in kinds:
        return asked
    family = next(prefix for prefix in _PREFIXES if kind.startswith(prefix))
    meant = next((each for each in kinds if each.startswith(family)), kinds[0])
    return {**asked, "tool_choice": {"type": meant}}


def _is_search(action: Any) -> bool:
    """Whether a call searched; one that tells no action did, an empty one was not made any more."""
    return action is None or (isinstance(action, dict) and action.get("type") == "search")


def _in_words(item: JsonObject) -> JsonObject:
    outputs = item.get("outputs")
    logs = [
        each["logs"] for each in outputs or () if isinstance(each, dict) and isinstance(each.get("logs"), str)
    ]
    ran = f"I ran this code:\n\n```python\n{item.get('code') or ''}\n```"
    said = "\n".join([ran, *(f"\nIt said:\n\n```\n{each}\n```" for each in logs)])
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": said}]}
