"""Tools that run at a provider: what is only declared is left out and told, what is demanded is refused by name.

They cost money of their own (a search, a container), and have no price here yet. Standard library only.
"""

from aggregator.errors import JsonObject, UnsupportedParameter


def without_hosted(body: JsonObject, prefixes: tuple[str, ...]) -> tuple[JsonObject, list[str]]:
    """The body without tools whose type begins with one of `prefixes`, and what was left out (`tools.web_search`).

    A body of other tools alone comes back as it is.

    Raises:
        UnsupportedParameter: such a tool must be used (`tool_choice`), or no other tool may be.
    """
    tools = body.get("tools")
    if not isinstance(tools, list):
        return body, []
    hosted = [tool for tool in tools if _kind(tool).startswith(prefixes)]
    if not hosted:
        return body, []
    kinds = [_kind(tool) for tool in hosted]
    names = {tool.get("name") for tool in hosted} | set(kinds)
    left = [tool for tool in tools if tool not in hosted]
    choice = body.get("tool_choice")
    wanted = choice if isinstance(choice, dict) else {"type": choice}
    forced = wanted.get("type") in ("any", "required") and not left
    if forced or wanted.get("name") in names - {None} or str(wanted.get("type", "")).startswith(prefixes):
        raise UnsupportedParameter(f"tools: '{kinds[0]}' is not offered here", param="tools")
    told = [f"tools.{kind}" for kind in kinds]
    body = {**body, "tools": left}
    if not left:
        del body["tools"]
        body.pop("tool_choice", None)
    return body, told


def _kind(tool: object) -> str:
    """The type of a tool; a shell in a container of the provider's is told from one of the client's own."""
    if not isinstance(tool, dict) or not isinstance(tool.get("type"), str):
        return ""
    where = tool.get("environment")
    elsewhere = isinstance(where, dict) and str(where.get("type", "")).startswith("container")
    return f"{tool['type']}.container" if elsewhere else str(tool["type"])
