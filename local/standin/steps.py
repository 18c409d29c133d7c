"""An agent's task, played: steps in the user's words, carried out with whatever tools the agent offers.

    [[steps: write /tmp/a.txt = one; read /tmp/a.txt & run ls; edit /tmp/a.txt = one -> two; run cat /tmp/a.txt]]

One step a turn, those joined by `&` in one turn together; after the last the stand-in answers in text. Steps may stand
anywhere in the last user message, for agents put words of their own before and behind the user's.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from local.standin.ask import Ask, JsonObject
from local.standin.errors import BadRequest

_STEPS = re.compile(r"\[\[steps:(.*?)\]\]", re.DOTALL)
_STEP = re.compile(
    r"(?P<verb>write|read|edit)\s+(?P<path>\S+)(?:\s+=\s+(?P<text>.+))?|run\s+(?P<run>.+)", re.DOTALL
)
_BECOMES = " -> "
_SHELLS = ("Bash", "bash", "exec_command", "shell")
_PATHS = ("file_path", "filePath", "path")
_COMMANDS = ("command", "cmd")


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done to `path`, or run; an edit turns `text` into `new`."""

    verb: str
    path: str
    text: str
    new: str = ""


Made = tuple[JsonObject, JsonObject | str]
"""A tool, and what it is called with: the fields of a function, or the text of a custom tool."""


def has_steps(ask: Ask) -> bool:
    """Whether the last user message holds steps, and there are tools to take them with."""
    return bool(ask.body.get("tools")) and _STEPS.search(ask.raw_user_text) is not None


def next_calls(ask: Ask) -> list[Made]:
    """The calls of the turn that is due, by how many were made since the user spoke; none after the last.

    Raises:
        BadRequest: a step cannot be read, or no tool is there for it.
    """
    made = 0
    for message in reversed(ask.messages):
        if message["role"] == "user":
            break
        made += len(message.get("tool_calls") or ())
    for turn in _turns(ask.raw_user_text):
        if made <= 0:
            return [_call(step, ask.body["tools"]) for step in turn]
        made -= len(turn)
    return []


def _turns(text: str) -> list[list[Step]]:
    found = _STEPS.search(text)
    turns = found[1].split(";") if found else []
    return [[_step(each.strip()) for each in turn.split("&")] for turn in turns if turn.strip()]


def _step(said: str) -> Step:
    read = _STEP.fullmatch(said)
    if read is None:
        raise BadRequest(f"The stand-in knows no step '{said}'.")
    if read["run"]:
        return Step("run", "", read["run"])
    old, _, new = (read["text"] or "").partition(_BECOMES)
    return Step(read["verb"], read["path"], old, new)


def _call(step: Step, tools: list[JsonObject]) -> Made:
    named = {tool[tool["type"]]["name"]: tool for tool in tools}
    for take in (_own_tool, _patch_tool, _script, _shell):
        if (made := take(step, named)) is not None:
            return made
    raise BadRequest(f"No tool is there to {step.verb} with: {', '.join(named)}.", param="tools")


def _own_tool(step: Step, named: dict[str, JsonObject]) -> Made | None:
    """A tool whose name is the step's, as Claude Code and opencode have them."""
    tool = named.get(step.verb.capitalize()) or named.get(step.verb)
    if tool is None or tool["type"] != "function":
        return None
    given = {_field(tool, _PATHS): step.path}
    if step.verb == "write":
        given["content"] = f"{step.text}\n"
    elif step.verb == "edit":
        given[_field(tool, ("old_string", "oldString"))] = step.text
        given[_field(tool, ("new_string", "newString"))] = step.new
    return tool, given


def _patch_tool(step: Step, named: dict[str, JsonObject]) -> Made | None:
    """`apply_patch`, as a custom tool or as a function with one field."""
    tool = named.get("apply_patch")
    if tool is None or step.verb not in _PATCHES:
        return None
    patch = _PATCHES[step.verb](step)
    if tool["type"] == "custom":
        return tool, patch
    return tool, {_field(tool, ("input", "patchText", "patch")): patch}


def _script(step: Step, named: dict[str, JsonObject]) -> Made | None:
    """`exec` of Codex, a custom tool for a script that calls the others."""
    tool = named.get("exec")
    if tool is None or tool["type"] != "custom":
        return None
    if step.verb in _PATCHES:
        return tool, f"text(await tools.apply_patch({json.dumps(_PATCHES[step.verb](step))}));"
    command = step.text if step.verb == "run" else f"cat {step.path}"
    return tool, f"text(await tools.exec_command({json.dumps({'cmd': command})}));"


def _shell(step: Step, named: dict[str, JsonObject]) -> Made | None:
    tool = next((named[name] for name in _SHELLS if name in named), None)
    if tool is None or tool["type"] != "function":
        return None
    command = step.text if step.verb == "run" else f"cat {step.path}"
    if step.verb in _PATCHES:
        command = f"apply_patch <<'EOF'\n{_PATCHES[step.verb](step)}EOF\n"
    field = _field(tool, _COMMANDS)
    properties = _properties(tool)
    said: JsonObject = {field: command}
    if (properties.get(field) or {}).get("type") == "array":
        said = {field: ["bash", "-lc", command]}
    return tool, said | ({"description": "A step of the task"} if "description" in properties else {})


def _field(tool: JsonObject, names: tuple[str, ...]) -> str:
    """The name that the tool has for a field."""
    properties = _properties(tool)
    return next((name for name in names if name in properties), names[0])


def _properties(tool: JsonObject) -> JsonObject:
    return (tool["function"].get("parameters") or {}).get("properties") or {}


def _added(step: Step) -> str:
    return f"*** Begin Patch\n*** Add File: {step.path}\n+{step.text}\n*** End Patch\n"


def _updated(step: Step) -> str:
    return f"*** Begin Patch\n*** Update File: {step.path}\n@@\n-{step.text}\n+{step.new}\n*** End Patch\n"


_PATCHES: dict[str, Callable[[Step], str]] = {"write": _added, "edit": _updated}


def spoken(given: JsonObject | str) -> str:
    """What a tool is called with, as it is said: a custom tool's text, or a function's JSON."""
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False, separators=(",", ":"))
