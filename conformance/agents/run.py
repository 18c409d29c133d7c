"""Run coding agents against the embedded stack: `python -m conformance.agents.run [AGENT]`.

Installs the pinned agents from npm into an environment of their own (a gigabyte), gives each a task with files to write
and edit on a model of each house, and then what goes wrong: a wrong key, no money, a provider that is dead, breaks off
or falls silent, Ctrl-C. Prints tables. Ends with 1 if anything is not as it must be.
"""

import argparse
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import urllib3

from conformance.accounts import Api
from conformance.agents.agents import AGENTS, ENVIRONMENT, Agent
from conformance.agents.cells import Cell, run_cell
from conformance.agents.marks import cache_marks, changes
from conformance.agents.trimmed import trimmed
from conformance.agents.trouble import Trouble, troubles
from conformance.agents.unlucky import put
from conformance.environments import InstallError, install
from conformance.run import stack_at
from tests.e2e.stack import Stack

MODELS = ("gpt-6.1-sol", "claude-sonnet-5-5", "gemini-3.8-flash", "nova-2-lite")
"""One of OpenAI, of Anthropic, of Google, and of Bedrock, each on its own dialect."""

_HOUSES = {"openai": MODELS[0], "anthropic": MODELS[1]}
_HEADS = (
    "agent",
    "version",
    "model",
    "turns",
    "requests",
    "calls",
    "files right",
    "refused",
    "cached",
    "seconds",
)
_TROUBLED = ("agent", "what goes wrong", "requests", "seconds", "USD", "shown to the user")


def main() -> int:
    """Install, run, say."""
    parser = argparse.ArgumentParser(prog="python -m conformance.agents.run", description=__doc__)
    parser.add_argument("agent", nargs="?", default="", help="only agents whose names begin so")
    parser.add_argument("--at", type=Path, help="folder of a stack that runs already, as .local")
    parser.add_argument(
        "--model", default="", help="only models whose names begin so, and nothing that goes wrong"
    )
    parser.add_argument("--troubles", action="store_true", help="only what goes wrong")
    parser.add_argument("--record", type=Path, help="folder for the requests that they made, cut short")
    given = parser.parse_args()
    # What a script starts with & ignores SIGINT, and so would the agents that are to be interrupted.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    chosen = [each for each in AGENTS if each.name.lower().startswith(given.agent.lower())]
    models = [each for each in MODELS if each.startswith(given.model)]
    try:
        install([ENVIRONMENT])
    except InstallError as failed:
        print(failed, file=sys.stderr)
        return 1
    with stack_at(given.at) as stack:
        api = Api(stack.base_url, stack.admin_key)
        put(api, _HOUSES)
        cells = (
            []
            if given.troubles
            else [_cell(agent, api, model, stack) for agent in chosen for model in models]
        )
        gone_wrong = [] if given.model else list(_troubles(chosen, api))
        api.close()
    if given.record:
        _keep(given.record, cells)
    right = sum(not each.wrong for each in cells) + sum(not each.wrong for each in gone_wrong)
    print(f"\n{_table(cells)}\n\n{_table_of_troubles(gone_wrong)}")
    print(f"\n{right} of {len(cells) + len(gone_wrong)} right")
    return 0 if right == len(cells) + len(gone_wrong) else 1


def _cell(agent: Agent, api: Api, model: str, stack: Stack) -> Cell:
    """A cell; in its own house's dialect it is a session of three turns, and its requests arrive as they were sent."""
    native = model == _HOUSES[agent.house]
    _stand_in(stack, "DELETE")
    cell = run_cell(agent, api, model, 3 if native else 1)
    if native:
        _say_what_arrived(cell, _stand_in(stack, "GET")["requests"])
    print(
        f"  {'ok   ' if not cell.wrong else 'WRONG'} {cell.seconds:5.1f} s  {agent.name} on {model}",
        flush=True,
    )
    for each in cell.wrong:
        print(f"        {each}", flush=True)
    return cell


def _say_what_arrived(cell: Cell, arrived: list[dict[str, Any]]) -> None:
    sent = [each for each in cell.asked if each.method == "POST" and each.status == 200]
    named = {
        change
        for one, other in zip(sent, arrived, strict=False)
        for change in changes(one.body, other["body"])
    }
    marks = [
        (cache_marks(one.body), cache_marks(other["body"])) for one, other in zip(sent, arrived, strict=False)
    ]
    where_put = sum(one == other for one, other in marks)
    print(
        f"        {len(sent)} requests sent, {len(arrived)} arrived; changed: {', '.join(sorted(named)) or 'nothing'}"
    )
    if any(one for one, _ in marks):
        total = sum(len(one) for one, _ in marks)
        print(f"        {total} cache marks: where they were put in {where_put} of {len(marks)} requests")
        if where_put != len(marks):
            cell.wrong.append("cache marks have moved")


def _troubles(agents: list[Agent], api: Api) -> Iterator[Trouble]:
    for each in troubles(agents, api, _HOUSES):
        print(
            f"  {'ok   ' if not each.wrong else 'WRONG'} {each.seconds:5.1f} s  {each.agent}, {each.name}",
            flush=True,
        )
        for wrong in each.wrong:
            print(f"        {wrong}", flush=True)
        yield each


def _stand_in(stack: Stack, method: str) -> Any:
    return json.loads(urllib3.request(method, f"{stack.stand_in_url}/__standin/requests").data)


def _keep(folder: Path, cells: list[Cell]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for cell in cells:
        kept = [
            {"path": each.path, "headers": _told_of_itself(each.headers), "body": trimmed(each.body)}
            for each in cell.asked
            if each.status == 200
        ]
        name = f"{cell.agent.lower().replace(' ', '-')}-{cell.model}.json"
        (folder / name).write_text(json.dumps(kept, indent=1, ensure_ascii=False), encoding="utf-8")


def _told_of_itself(headers: dict[str, str]) -> dict[str, str]:
    """What a request says of its dialect; no key."""
    return {name.lower(): value for name, value in headers.items() if name.lower().startswith("anthropic-")}


def _table(cells: list[Cell]) -> str:
    rows = [
        (
            each.agent,
            each.version,
            each.model,
            str(each.turns),
            str(each.requests),
            str(each.calls),
            f"{each.files_right} of {each.files}",
            str(len(each.refused)),
            f"{each.cached_tokens / each.input_tokens:.1%}" if each.input_tokens else "",
            f"{each.seconds:.1f}",
        )
        for each in cells
    ]
    return _rows(_HEADS, rows)


def _table_of_troubles(gone_wrong: list[Trouble]) -> str:
    rows = [
        (
            each.agent,
            each.name,
            str(each.requests),
            f"{each.seconds:.0f}",
            f"{each.charged_usd:f}",
            each.shown,
        )
        for each in gone_wrong
    ]
    return _rows(_TROUBLED, rows) if rows else ""


def _rows(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
