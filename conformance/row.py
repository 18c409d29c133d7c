"""One row of the matrix: a client's script, run as a user of its own, and what it said."""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.accounts import CREDIT_USD, Api
from conformance.bills import bill_of
from conformance.checks import CHECKS
from conformance.environments import CLIENTS, Client
from conformance.observer import Observer
from conformance.relay import Exchange, Relay

JsonObject = dict[str, Any]

MODELS = {
    "MODEL": "gpt-4o-mini",
    "CLAUDE_MODEL": "claude-haiku-4-5",
    "ONE_ROUTE": "anthropic/claude-haiku-4-5",
    "EMBEDDING_MODEL": "text-embedding-3-small",
}
_SECONDS = 240
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
_QUIET = {
    "NO_PROXY": "127.0.0.1,localhost",
    "DO_NOT_TRACK": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "HF_HUB_OFFLINE": "1",
}


@dataclass(frozen=True)
class Cell:
    """What a check came to: `ok` is None where the client does not do it; `detail` says more."""

    ok: bool | None
    detail: str


@dataclass
class Row:
    """A client and its cells, by check. `seconds` is how long its script took."""

    name: str
    title: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    cells: dict[str, Cell] = field(default_factory=dict)
    seconds: float = 0.0
    log: str = ""

    @classmethod
    def read(cls, name: str, lines: str, ended: str, checks: Iterable[str] = CHECKS) -> "Row":
        """Read what a script printed. Of `checks`, one that it does not mention has failed, for the reason `ended`."""
        row = cls(name, title=name)
        for line in lines.splitlines():
            said = json.loads(line)
            if "client" in said:
                row.title, row.versions = said["client"], said["versions"]
            else:
                row.cells[said["check"]] = Cell(said["ok"], said["detail"])
        unknown = set(row.cells) - set(CHECKS)
        if unknown:
            raise ValueError(f"{name} has checks that the matrix does not know: {sorted(unknown)}")
        row.cells = {check: row.cells.get(check, Cell(ok=False, detail=ended)) for check in checks}
        return row


def run_row(
    client: Client,
    script: str,
    api: Api,
    prices: dict[str, JsonObject],
    only: Iterable[str] = (),
    *,
    settings: Mapping[str, str] | None = None,
) -> Row:
    """Run a script to its end, all its checks or `only` some; `settings` take the place of the usual ones."""
    start = time.monotonic()
    name = f"{client.name}/{script.rpartition('.')[0]}"
    rich = api.new_account(f"conformance-{client.name}", CREDIT_USD)
    poor = api.new_account(f"conformance-poor-{client.name}", None)
    relay = Relay(int(api.base_url.rpartition(":")[2]))

    def bill(exchanges: list[Exchange], charged: int | None) -> JsonObject:
        return bill_of(api, prices, rich.user_id, exchanges, charged)

    observer = Observer(relay, bill)
    try:
        with tempfile.TemporaryDirectory(prefix="conformance-") as home:
            said, ended, log = _run(
                client.command(script),
                Path(home),
                {
                    **MODELS,
                    **{name: said.format(observer=observer.url) for name, said in (settings or {}).items()},
                    "BASE_URL": f"http://127.0.0.1:{relay.port}",
                    "OBSERVER_URL": observer.url,
                    "API_KEY": rich.key,
                    "POOR_KEY": poor.key,
                    "WRONG_KEY": f"{rich.key[:-6]}WRONGX",
                    "ONLY": " ".join(only),
                },
            )
    finally:
        observer.close()
        relay.close()
    row = Row.read(name, said, ended, tuple(only) or CHECKS)
    row.log = log
    row.seconds = time.monotonic() - start
    return row


def _run(command: list[str], home: Path, settings: Mapping[str, str]) -> tuple[str, str, str]:
    """Standard output, why there may be too little of it, and what else was printed."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    environment = kept | _QUIET | {"HOME": str(home), "PYTHONPATH": str(CLIENTS)} | dict(settings)
    try:
        done = subprocess.run(  # noqa: S603 (our own scripts)
            command, cwd=home, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as late:
        return _text(late.stdout), f"not done after {_SECONDS} s", _text(late.stderr)
    last = done.stderr.strip().rpartition("\n")[2]
    return done.stdout, f"the script said nothing; it ended with {done.returncode}: {last}", done.stderr


def _text(said: bytes | str | None) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said or ""
