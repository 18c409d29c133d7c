"""The agents: how each is configured as docs/coding-agents.md says, and how it is given a task."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.environments import Client

JsonObject = dict[str, Any]

FOLDER = Path(__file__).parent


class Agents(Client):
    """The environment that holds all of them."""

    @property
    def folder(self) -> Path:
        """Where the pins are."""
        return FOLDER


ENVIRONMENT = Agents("agents")


@dataclass(frozen=True)
class Place:
    """Where an agent runs: `home` is its user's, `work` the project that it works on; both its own."""

    home: Path
    work: Path


@dataclass(frozen=True)
class Task:
    """What an agent is to do: where, with whose key, on which model, and whether in the session that it had before."""

    text: str
    url: str
    key: str
    model: str
    goes_on: bool


@dataclass(frozen=True)
class Call:
    """A command, and the environment that it needs beside a bare one."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Agent:
    """An agent. `prepare` writes its configuration; `call` gives it a task, in a session that is new or goes on."""

    name: str
    package: str
    house: str
    prepare: Callable[[Place, str, str], None]
    call: Callable[[Task], Call]

    @property
    def version(self) -> str:
        """The version that is installed."""
        said = ENVIRONMENT.home / "node_modules" / self.package / "package.json"
        return str(json.loads(said.read_text(encoding="utf-8"))["version"])


def _binary(name: str) -> str:
    return str(ENVIRONMENT.home / "node_modules" / ".bin" / name)


def _no_file(_place: Place, _url: str, _model: str) -> None:
    """Claude Code is told everything by its environment."""


def _claude_code(task: Task) -> Call:
    return Call(
        (
            _binary("claude"),
            "--print",
            "--output-format=json",
            "--permission-mode=acceptEdits",
            "--allowedTools=Bash",
            *(["--continue"] if task.goes_on else []),
            "--",
            task.text,
        ),
        {"ANTHROPIC_BASE_URL": task.url, "ANTHROPIC_AUTH_TOKEN": task.key, "ANTHROPIC_MODEL": task.model},
    )


_CODEX_FILE = """model = "MODEL"
model_provider = "aggregator"

[model_providers.aggregator]
name = "aggregator"
base_url = "URL/v1"
env_key = "AGGREGATOR_KEY"
wire_api = "responses"
"""


def _codex_file(place: Place, url: str, model: str) -> None:
    folder = place.home / ".codex"
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(
        _CODEX_FILE.replace("URL", url).replace("MODEL", model), encoding="utf-8"
    )


def _codex(task: Task) -> Call:
    command = ["exec", "--json", "--skip-git-repo-check", "--sandbox=workspace-write"]
    return Call(
        (_binary("codex"), *command, *(["resume", "--last"] if task.goes_on else []), "--", task.text),
        {"AGGREGATOR_KEY": task.key},
    )


def _opencode_file(place: Place, url: str, model: str) -> None:
    said = {
        "$schema": "https://opencode.ai/config.json",
        "provider": {
            "aggregator": {
                "npm": "@ai-sdk/openai-compatible",
                "name": "aggregator",
                "options": {"baseURL": f"{url}/v1", "apiKey": "{env:AGGREGATOR_KEY}"},
                "models": {model: {"name": model}},
            }
        },
    }
    (place.work / "opencode.json").write_text(json.dumps(said), encoding="utf-8")


def _opencode(task: Task) -> Call:
    command = [
        "run",
        "--format=json",
        f"--model=aggregator/{task.model}",
        *(["--continue"] if task.goes_on else []),
    ]
    return Call((_binary("opencode"), *command, "--", task.text), {"AGGREGATOR_KEY": task.key})


AGENTS = (
    Agent("Claude Code", "@anthropic-ai/claude-code", "anthropic", _no_file, _claude_code),
    Agent("Codex", "@openai/codex", "openai", _codex_file, _codex),
    Agent("opencode", "opencode-ai", "openai", _opencode_file, _opencode),
)


def bare_environment(place: Place, call: Call) -> dict[str, str]:
    """What the agent's process gets: a user's bare environment, and nothing of ours."""
    node = Path(shutil.which("node") or "/usr/bin/node").parent
    return {
        "PATH": f"{node}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(place.home),
        "TERM": "dumb",
        "LANG": "C.UTF-8",
        **call.environment,
    }
