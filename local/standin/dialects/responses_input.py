"""The input of a Responses request as messages of a chat, and its tools. Source: as beside."""

from collections.abc import Iterator
from typing import Any

from local.standin.ask import JsonObject
from local.standin.errors import BadRequest


def messages_in(body: JsonObject) -> Iterator[JsonObject]:
    """The conversation.

    Raises:
        BadRequest: an item refers to what was kept: the stand-in keeps nothing.
    """
    if body.get("instructions"):
        yield {"role": "system", "content": body["instructions"]}
    said = body.get("input")
    if isinstance(said, str):
        yield {"role": "user", "content": said}
        return
    for place, item in enumerate(said or ()):
        yield from _of_item(item, f"input[{place}]")


def _of_item(item: JsonObject, place: str) -> Iterator[JsonObject]:
    kind = item.get("type", "message")
    match kind:
        case "message":
            content = item.get("content")
            yield {
                "role": item.get("role"),
                "content": content if isinstance(content, str) else _parts(content),
            }
        case "function_call" | "custom_tool_call":
            form = "function" if kind == "function_call" else "custom"
            field = "arguments" if form == "function" else "input"
            inside = {"name": item.get("name"), field: item.get(field, "")}
            call = {"id": item.get("call_id"), "type": form, form: inside}
            yield {"role": "assistant", "content": None, "tool_calls": [call]}
        case "function_call_output" | "custom_tool_call_output":
            output = item.get("output")
            content = output if isinstance(output, str) else _parts(output)
            yield {"role": "tool", "tool_call_id": str(item.get("call_id")), "content": content}
        case "reasoning":
            if not item.get("encrypted_content"):
                raise BadRequest(
                    f"Item with id '{item.get('id')}' not found. Items are not persisted when `store` is set to false.",
                    param=place,
                    status=404,
                )
        case "item_reference":
            raise BadRequest(f"Item with id '{item.get('id')}' not found.", param=place, status=404)


def tools_in(body: JsonObject) -> JsonObject:
    """The fields `tools` and `tool_choice` of a chat; nothing where no tool is the client's own.

    Raises:
        BadRequest: a schema is none.
    """
    given = [*(body.get("tools") or ()), *_tools_on_the_way(body)]
    tools = [tool for each in given for tool in map(_tool, _flat(each)) if tool]
    if not tools:
        return {}
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and choice.get("type") in ("function", "custom"):
        choice = {"type": choice["type"], choice["type"]: {"name": choice.get("name")}}
    return {"tools": tools} | ({"tool_choice": choice} if choice is not None else {})


def _tools_on_the_way(body: JsonObject) -> list[JsonObject]:
    """Tools that an item of the input brings, which is how Codex gives all of its own to the newest models."""
    items = body["input"] if isinstance(body.get("input"), list) else []
    return [
        tool for item in items if item.get("type") == "additional_tools" for tool in item.get("tools") or ()
    ]


def _parts(content: Any) -> list[JsonObject]:
    parts = []
    for part in content or ():
        if part.get("type") == "input_image":
            parts.append({"type": "image_url", "image_url": {"url": part.get("image_url") or ""}})
        else:
            parts.append({"type": "text", "text": part.get("text") or part.get("refusal") or ""})
    return parts


def _flat(tool: JsonObject) -> list[JsonObject]:
    return tool.get("tools") or [] if tool.get("type") == "namespace" else [tool]


def _tool(tool: JsonObject) -> JsonObject | None:
    kind = tool.get("type")
    if kind not in ("function", "custom"):
        return None
    if kind == "custom":
        return {"type": kind, kind: {"name": tool.get("name")}}
    schema = tool.get("parameters") or {}
    if schema.get("type") == "object" and "properties" not in schema:
        raise BadRequest(
            f"Invalid schema for function '{tool.get('name')}': object schema missing properties.",
            param="tools",
        )
    return {"type": kind, kind: {"name": tool.get("name"), "parameters": schema or {"type": "object"}}}
