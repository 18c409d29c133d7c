"""The peers, each as its own documentation starts it, with one route to the mock provider and no database."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from bench import environments
from bench.events import MODEL
from bench.http_client import RawClient
from bench.process import Program
from bench.world import listens
from local.ports import free_port

_LITELLM_CONFIG = """\
model_list:
  - model_name: gpt-4o-mini
    litellm_params: {{model: openai/gpt-4o-mini, api_base: "{url}/openai/v1", api_key: k}}
general_settings: {{master_key: sk-bench}}
litellm_settings: {{telemetry: false, num_retries: 0}}
"""


_TENSORZERO_CONFIG = """\
[gateway]
observability.enabled = false
disable_pseudonymous_usage_analytics = true

[models.gpt-4o-mini]
routing = ["mock"]

[models.gpt-4o-mini.providers.mock]
type = "openai"
api_base = "{url}/openai/v1"
model_name = "gpt-4o-mini"
api_key_location = "none"
"""


class Peer(NamedTuple):
    """A running peer, the name that it has for the model, and the seconds until it answered."""

    name: str
    program: Program
    client: RawClient
    start_seconds: float
    model: str = MODEL


def start_all(mock_url: str, folder: Path, cleanup: ExitStack, missing: dict[str, str]) -> list[Peer]:
    """Start the peers that are installed; what could not be started is added to `missing`, with the reason."""
    started = []
    for name, start in (("portkey", _portkey), ("litellm", _litellm), ("tensorzero", _tensorzero)):
        if name in missing:
            continue
        try:
            peer = start(mock_url, folder, cleanup)
        except (RuntimeError, OSError) as failed:
            missing[name] = str(failed)[-500:]
        else:
            started.append(peer)
    return started


class _Command(NamedTuple):
    name: str
    words: list[str]
    environment: dict[str, str]
    headers: dict[str, str]


def _portkey(mock_url: str, folder: Path, cleanup: ExitStack) -> Peer:
    port = free_port()
    server = environments.PORTKEY / "node_modules/@portkey-ai/gateway/build/start-server.js"
    command = _Command(
        "portkey",
        ["node", str(server), "--headless", f"--port={port}"],
        {"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": "127.0.0.1"},
        {
            "Authorization": "Bearer k",
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": f"{mock_url}/openai/v1",
        },
    )
    return _start(command, port, folder, cleanup)


def _litellm(mock_url: str, folder: Path, cleanup: ExitStack) -> Peer:
    port = free_port()
    config = folder / "litellm.yaml"
    config.write_text(_LITELLM_CONFIG.format(url=mock_url), encoding="utf-8")
    program = str(environments.LITELLM / "bin" / "litellm")
    options = ["--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    environment = {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "LITELLM_MODE": "PRODUCTION",
    }
    command = _Command("litellm", [program, *options], environment, {"Authorization": "Bearer sk-bench"})
    return _start(command, port, folder, cleanup)


def _tensorzero(mock_url: str, folder: Path, cleanup: ExitStack) -> Peer:
    config, address = folder / "tensorzero.toml", folder / "tensorzero.address"
    config.write_text(_TENSORZERO_CONFIG.format(url=mock_url), encoding="utf-8")
    started = time.monotonic()
    python = str(environments.TENSORZERO / "bin" / "python")
    words = [python, "-P", str(Path(__file__).with_name("tensorzero_gateway.py")), str(config), str(address)]
    program = cleanup.enter_context(Program(words, folder / "tensorzero.log", {}))
    program.wait_until(address.exists)
    url = urlsplit(address.read_text(encoding="utf-8"))
    headers = {"Authorization": "Bearer k"}
    client = cleanup.enter_context(RawClient(url.port or 80, f"{url.path}/chat/completions", headers))
    seconds = time.monotonic() - started
    return Peer("tensorzero", program, client, seconds, f"tensorzero::model_name::{MODEL}")


def _start(command: _Command, port: int, folder: Path, cleanup: ExitStack) -> Peer:
    started = time.monotonic()
    program = Program(command.words, folder / f"{command.name}.log", command.environment)
    cleanup.enter_context(program)
    program.wait_until(lambda: listens(port))
    client = cleanup.enter_context(RawClient(port, "/v1/chat/completions", command.headers))
    return Peer(command.name, program, client, time.monotonic() - started)
