"""An agent's task as the stand-in plays it: which tool it calls, with what, and when it ends."""

from typing import Any

import pytest

from local.standin.ask import ask_of
from local.standin.errors import BadRequest
from local.standin.tools import tool_calls_for

JsonObject = dict[str, Any]

TASK = "Please do this. [[steps: write /w/a.txt = one; read /w/a.txt & run ls; edit /w/a.txt = one -> two]] Thanks."


def function(name: str, *fields: str, kind: str = "string") -> JsonObject:
    properties = {field: {"type": kind} for field in fields}
    return {
        "type": "function",
        "function": {"name": name, "parameters": {"type": "object", "properties": properties}},
    }


CLAUDE_CODE = [
    function("Read", "file_path"),
    function("Write", "file_path", "content"),
    function("Edit", "file_path", "old_string", "new_string"),
    function("Bash", "command", "description"),
]
OPENCODE = [
    function("read", "filePath"),
    function("write", "filePath", "content"),
    function("edit", "filePath", "oldString", "newString"),
    function("bash", "command"),
]
CODEX = [function("exec_command", "cmd")]
CODEX_PATCHING = [
    function("shell", "command", kind="array"),
    {"type": "custom", "custom": {"name": "apply_patch"}},
]
CODEX_SCRIPTING = [{"type": "custom", "custom": {"name": "exec"}}]
OPENCODE_PATCHING = [
    function("apply_patch", "patchText"),
    function("read", "filePath"),
    function("bash", "command"),
]

WRITING = "*** Begin Patch\n*** Add File: /w/a.txt\n+one\n*** End Patch\n"
EDITING = "*** Begin Patch\n*** Update File: /w/a.txt\n@@\n-one\n+two\n*** End Patch\n"


def said(tools: list[JsonObject], made: int, task: str = TASK) -> list[tuple[str, str]]:
    """The calls after `made` of them are answered: names and arguments."""
    turns: list[JsonObject] = [{"role": "user", "content": task}]
    for number in range(made):
        call = {"id": f"c{number}", "type": "function", "function": {"name": "x", "arguments": "{}"}}
        turns.append({"role": "assistant", "content": None, "tool_calls": [call]})
        turns.append({"role": "tool", "tool_call_id": f"c{number}", "content": "ok"})
    ask = ask_of({"model": "m", "messages": turns, "tools": tools})
    return [(call.name, call.arguments) for call in tool_calls_for(ask)]


@pytest.mark.parametrize(
    ("tools", "first", "second", "third"),
    [
        (
            CLAUDE_CODE,
            ("Write", '{"file_path":"/w/a.txt","content":"one\\n"}'),
            [
                ("Read", '{"file_path":"/w/a.txt"}'),
                ("Bash", '{"command":"ls","description":"A step of the task"}'),
            ],
            ("Edit", '{"file_path":"/w/a.txt","old_string":"one","new_string":"two"}'),
        ),
        (
            OPENCODE,
            ("write", '{"filePath":"/w/a.txt","content":"one\\n"}'),
            [("read", '{"filePath":"/w/a.txt"}'), ("bash", '{"command":"ls"}')],
            ("edit", '{"filePath":"/w/a.txt","oldString":"one","newString":"two"}'),
        ),
        (
            CODEX,
            ("exec_command", '{"cmd":"apply_patch <<\'EOF\'\\n' + WRITING.replace("\n", "\\n") + 'EOF\\n"}'),
            [("exec_command", '{"cmd":"cat /w/a.txt"}'), ("exec_command", '{"cmd":"ls"}')],
            ("exec_command", '{"cmd":"apply_patch <<\'EOF\'\\n' + EDITING.replace("\n", "\\n") + 'EOF\\n"}'),
        ),
        (
            CODEX_PATCHING,
            ("apply_patch", WRITING),
            [
                ("shell", '{"command":["bash","-lc","cat /w/a.txt"]}'),
                ("shell", '{"command":["bash","-lc","ls"]}'),
            ],
            ("apply_patch", EDITING),
        ),
        (
            CODEX_SCRIPTING,
            ("exec", 'text(await tools.apply_patch("' + WRITING.replace("\n", "\\n") + '"));'),
            [
                ("exec", 'text(await tools.exec_command({"cmd": "cat /w/a.txt"}));'),
                ("exec", 'text(await tools.exec_command({"cmd": "ls"}));'),
            ],
            ("exec", 'text(await tools.apply_patch("' + EDITING.replace("\n", "\\n") + '"));'),
        ),
        (
            OPENCODE_PATCHING,
            ("apply_patch", '{"patchText":"' + WRITING.replace("\n", "\\n") + '"}'),
            [("read", '{"filePath":"/w/a.txt"}'), ("bash", '{"command":"ls"}')],
            ("apply_patch", '{"patchText":"' + EDITING.replace("\n", "\\n") + '"}'),
        ),
    ],
    ids=["claude-code", "opencode", "codex", "codex-patching", "codex-scripting", "opencode-patching"],
)
def test_each_step_is_taken_with_the_tool_that_the_agent_has_for_it(
    tools: list[JsonObject], first: tuple[str, str], second: list[tuple[str, str]], third: tuple[str, str]
) -> None:
    assert said(tools, 0) == [first]
    assert said(tools, 1) == second
    assert said(tools, 3) == [third]


def test_after_the_last_step_it_calls_nothing_more() -> None:
    assert said(CLAUDE_CODE, 4) == []


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("[[steps: dance]]", "The stand-in knows no step 'dance'."),
        ("[[steps: run ls]]", "No tool is there to run with: read."),
    ],
)
def test_a_step_that_cannot_be_taken_is_refused(task: str, message: str) -> None:
    with pytest.raises(BadRequest, match=message.replace("[", r"\[")):
        said([function("read", "filePath")], 0, task)
