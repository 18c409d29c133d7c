"""Anthropic's tools that run at Anthropic: capped by `max_uses`, counted in `usage.server_tool_use`.

Sources: https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool (a search that fails is not
paid for), https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-fetch-tool.
"""

from collections.abc import Mapping
from typing import Any

from aggregator.errors import JsonObject
from aggregator.proxy.dialects.hosted import Hosted, HostedTool, demanded_of, taken, without
from aggregator.proxy.exchange import Progress
from aggregator.proxy.model import Ask, Way
from aggregator.runtime.shape import a_count

_PRICED = {"web_search_": "web_search", "web_fetch_": "web_fetch"}
_PREFIXES = (*_PRICED, "code_execution_", "mcp_toolset", "advisor_")
_CLIENTS_OWN = (
    "custom", "bash_", "text_editor_", "memory_", "computer_", "browser_toolset_", "tool_search_tool_",
)  # fmt: skip
_RESULTS = {"web_search_tool_result": "web_search_requests", "web_fetch_tool_result": "web_fetch_requests"}


def hosted_in(asked: Mapping[str, Any]) -> Hosted | None:
    """The hosted tools of a request; None if it has none.

    Raises:
        InvalidRequest: a cap is no number.
    """
    tools = asked.get("tools")
    found = [(n, tool) for n, tool in enumerate(tools) if _is_hosted(tool)] if isinstance(tools, list) else []
    if not found or not isinstance(tools, list):
        return None
    kinds = {tool["type"]: tool.get("name") for _, tool in found}
    return Hosted(
        tuple(_read(tool, f"tools.{n}") for n, tool in found),
        demanded_of(asked, kinds, others=len(found) < len(tools)),
    )


def translatable(asked: JsonObject, hosted: Hosted) -> JsonObject:
    """The request without its hosted tools, for a lane that has none.

    Raises:
        UnsupportedParameter: one of them is demanded.
    """
    if hosted.demanded:
        raise hosted.refusal()
    return without(asked, _is_hosted)


def capped(body: JsonObject, ask: Ask, way: Way) -> tuple[JsonObject, tuple[str, ...]]:
    """The body with the tools that go out on a way, each with its cap, and what is told of the others."""
    kinds, told = taken(ask, way.route, way.tool_calls)
    if told:
        body = without(body, lambda tool: _is_hosted(tool) and tool["type"] not in kinds)
    if kinds:
        body = {**body, "tools": [_with_cap(tool, way.tool_calls) for tool in body["tools"]]}
    return body, told


def count_result(block: Any, progress: Progress) -> None:
    """Count a result as it streams, until the provider's own count comes; an error is not paid for."""
    word = _RESULTS.get(str(block.get("type"))) if isinstance(block, dict) else None
    if word is None:
        return
    content = block.get("content")
    if isinstance(content, list) or (isinstance(content, dict) and not content.get("error_code")):
        progress.called[word] = progress.called.get(word, 0) + 1


def count_used(usage: Mapping[str, Any], progress: Progress) -> None:
    """The provider's own count."""
    used = usage.get("server_tool_use")
    for word, calls in used.items() if isinstance(used, dict) else ():
        if type(calls) is int and calls >= 0:
            progress.called[word] = calls


def is_known(tool: Any) -> bool:
    """Whether a tool runs at Anthropic, or at the client, or finds others of the request, which costs nothing."""
    return _is_hosted(tool) or str(tool["type"]).startswith(_CLIENTS_OWN)


def _is_hosted(tool: Any) -> bool:
    kind = tool.get("type") if isinstance(tool, dict) else None
    return isinstance(kind, str) and kind.startswith(_PREFIXES)


def _read(tool: JsonObject, place: str) -> HostedTool:
    kind = str(tool["type"])
    name = next((name for prefix, name in _PRICED.items() if kind.startswith(prefix)), "")
    most = tool.get("max_uses")
    cap = None if most is None else a_count(most, f"{place}.max_uses")
    return HostedTool(kind, name, f"{name}_requests", cap)


def _with_cap(tool: Any, calls: int) -> Any:
    return {**tool, "max_uses": min(_read(tool, "tools").cap, calls)} if _is_hosted(tool) else tool
