"""One run of one agent on one model: what it did, and what that came to."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.accounts import Account, Api
from conformance.agents.agents import Agent, Place, Task, bare_environment
from conformance.agents.marks import tool_answers
from conformance.agents.recorder import Asked, Recorder

JsonObject = dict[str, Any]

PATIENCE_SECONDS = 400
_PROBES = ("/api/hello",)
"""What Claude Code asks of an address before it speaks to it, and does as well without."""

TURNS = (
    "[[steps: write {at}/a.txt = one; read {at}/a.txt & run ls; edit {at}/a.txt = one -> two; run cat {at}/a.txt]]",
    "[[steps: read {at}/a.txt; edit {at}/a.txt = two -> three; write {at}/b.txt = four]]",
    "[[steps: run cat {at}/a.txt {at}/b.txt; read {at}/b.txt; edit {at}/b.txt = four -> five]]",
)
_LEFT = ({"a.txt": "two\n"}, {"a.txt": "three\n", "b.txt": "four\n"}, {"a.txt": "three\n", "b.txt": "five\n"})
_CALLS = (5, 3, 3)


@dataclass
class Ran:
    """What is left of a run. `exit` is None if it had to be ended."""

    exit: int | None
    output: str
    seconds: float
    asked: list[Asked]
    files: dict[str, str]


@dataclass
class Cell:
    """A run as the table has it; `wrong` says what is not as it must be."""

    agent: str
    version: str
    model: str
    turns: int = 0
    requests: int = 0
    calls: int = 0
    files_right: int = 0
    files: int = 0
    refused: list[str] = field(default_factory=list)
    input_tokens: int = 0
    cached_tokens: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)


class Desk:
    """An agent at work for a user of its own, its requests recorded."""

    def __init__(
        self, agent: Agent, base_url: str, account: Account, model: str, folder: Path, *, credited: bool
    ) -> None:
        self.agent = agent
        self.credited = credited
        self.account = account
        self.model = model
        self._recorder = Recorder(base_url)
        self.place = Place(folder / "home", folder / "work")
        for each in (self.place.home, self.place.work):
            each.mkdir(parents=True)
        agent.prepare(self.place, self._recorder.url, model)

    def run(self, text: str, *, goes_on: bool = False, interrupt_after: float | None = None) -> Ran:
        """Give it a task and wait for its end, or interrupt it as Ctrl-C does, so long after its first request."""
        before = len(self._recorder.asked)
        task = Task(text, self._recorder.url, self.account.key, self.model, goes_on)
        call = self.agent.call(task)
        begun = time.monotonic()
        with tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen(  # noqa: S603 (the agents that are pinned here)
                call.argv,
                cwd=self.place.work,
                env=bare_environment(self.place, call),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            if interrupt_after is not None:
                self._until_answered(before, process)
                time.sleep(interrupt_after)
                _tell(process, signal.SIGINT)
            code = _end_of(process)
            output.seek(0)
            said = output.read()
        files = {
            each.name: each.read_text(encoding="utf-8", errors="replace")
            for each in self.place.work.glob("*.txt")
        }
        return Ran(code, said, time.monotonic() - begun, self._recorder.asked[before:], files)

    def close(self) -> None:
        """Stop recording."""
        self._recorder.close()

    def _until_answered(self, before: int, process: "subprocess.Popen[bytes]") -> None:
        """Wait for an answer to begin: before that there is nothing to interrupt."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            if any(each.status == 200 and each.method == "POST" for each in self._recorder.asked[before:]):
                return
            time.sleep(0.1)


@contextmanager
def desk(
    agent: Agent, api: Api, model: str, *, credit_usd: str | None = "20.00", key: str = ""
) -> Iterator[Desk]:
    """A desk for a new user; `key` in place of the user's own."""
    account = api.new_account(f"agent-{uuid.uuid4().hex[:6]}", credit_usd)
    folder = Path(tempfile.mkdtemp(prefix="agent-"))
    held_by = Account(account.user_id, key or account.key)
    made = Desk(agent, api.base_url, held_by, model, folder, credited=credit_usd is not None)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)


def run_cell(agent: Agent, api: Api, model: str, turns: int) -> Cell:
    """Let the agent do so many tasks in one session, on one model."""
    cell = Cell(agent.name, agent.version, model, turns=turns)
    with desk(agent, api, model) as at:
        for turn in range(turns):
            ran = at.run(TURNS[turn].format(at=at.place.work), goes_on=turn > 0)
            cell.seconds += ran.seconds
            cell.asked += ran.asked
            cell.files += len(_LEFT[turn])
            cell.files_right += sum(ran.files.get(name) == text for name, text in _LEFT[turn].items())
            if ran.exit != 0:
                cell.wrong.append(f"turn {turn + 1} ended with {ran.exit}: {ran.output[-600:]}")
        _count(cell, api, at.account)
    return cell


def _count(cell: Cell, api: Api, account: Account) -> None:
    cell.refused = refusals(cell.asked)
    good = [each for each in cell.asked if each.method == "POST" and each.status == 200]
    cell.requests = len(good)
    cell.calls = max((tool_answers(each.body) for each in good), default=0)
    ids = {each.request_id for each in good}
    entries, balance = api.settled(account.user_id, ids, len(ids))
    tokens = [entry["request"]["tokens"] for entry in entries]
    cell.input_tokens = sum(each["input"] for each in tokens)
    cell.cached_tokens = sum(each["cachedInput"] for each in tokens)
    expected = sum(_CALLS[: cell.turns])
    if cell.calls != expected:
        cell.wrong.append(f"{cell.calls} calls of {expected} were answered")
    if cell.files_right != cell.files:
        cell.wrong.append(f"{cell.files_right} files of {cell.files} are right")
    if cell.refused:
        cell.wrong.append(f"refused: {'; '.join(cell.refused)}")
    if len(entries) != len(ids) or float(balance["held"]):
        cell.wrong.append(
            f"{len(entries)} of {len(ids)} requests are in the ledger, {balance['held']} is held"
        )


def refusals(asked: list[Asked]) -> list[str]:
    """What was not answered with a 2xx, but for an agent's probe of its own service."""
    return [
        f"{each.method} {each.path} {each.status} {_message(each.said)}"
        for each in asked
        if each.path.split("?")[0] not in _PROBES and (each.status is None or each.status >= 400)
    ]


def _message(said: str) -> str:
    try:
        return str(json.loads(said)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return said[:200]


def _end_of(process: "subprocess.Popen[bytes]") -> int | None:
    try:
        return process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        _tell(process, signal.SIGKILL)
        process.wait()
        return None


def _tell(process: "subprocess.Popen[bytes]", number: int) -> None:
    """Send a signal to a process and its own, unless it has ended."""
    if process.poll() is None:
        os.killpg(process.pid, number)
