"""One function under AWS's Lambda Runtime Interface Emulator: the true runtime client, without a container."""

import http.client
import json
import os
import platform
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from local.paths import ROOT, TEMPLATE, VENV
from local.ports import free_port
from local.process import Process
from local.template import JsonObject, load

_ARCHITECTURES = {"aarch64": "arm64", "arm64": "arm64"}
_START_SECONDS = 10


class NotFoundError(Exception):
    """Something that was asked for is not there; the message says what, and where it was looked for."""


@dataclass(frozen=True)
class Declared:
    """A function as template.yaml declares it; `streams` if the exec wrapper starts our runtime for it."""

    name: str
    logical_id: str
    folder: Path
    handler: str
    timeout_seconds: int
    streams: bool


def declared(name: str, template: Path = TEMPLATE) -> Declared:
    """Find the function `<domain>/<verb_noun>` in the template.

    Raises:
        NotFoundError: the template declares no such function.
    """
    said = load(template)
    defaults: JsonObject = said.get("Globals", {}).get("Function", {})
    names = []
    for logical_id, resource in said["Resources"].items():
        properties = resource.get("Properties", {})
        folder = str(properties.get("CodeUri", "")).removeprefix("./").removeprefix("functions/").rstrip("/")
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        names.append(folder)
        if folder == name:
            return Declared(
                name=name,
                logical_id=logical_id,
                folder=ROOT / "functions" / name,
                handler=properties.get("Handler", defaults.get("Handler")),
                timeout_seconds=int(properties.get("Timeout", defaults.get("Timeout", 3))),
                streams="AWS_LAMBDA_EXEC_WRAPPER" in properties.get("Environment", {}).get("Variables", {}),
            )
    raise NotFoundError(f"template.yaml has no function {name!r}; it has {', '.join(sorted(names))}")


def interface_emulator() -> Path:
    """Find AWS's emulator in the environment of aws-sam-cli: AGGREGATOR_SAM_VENV, or `.venv/sam`.

    Raises:
        NotFoundError: it is not installed there.
    """
    environment = Path(os.environ.get("AGGREGATOR_SAM_VENV") or VENV / "sam")
    name = f"aws-lambda-rie-{_ARCHITECTURES.get(platform.machine(), 'x86_64')}"
    for found in environment.glob(f"lib/python*/site-packages/samcli/local/rapid/{name}"):
        return found
    raise NotFoundError(f"{name} is not in {environment}: install requirements/sam.txt there")


class EmulatedFunction:
    """A running function; invoke it one event at a time, for two at once crash the emulator.

    `environment` is the function's own. Answers are plain: the emulator cannot pass a stream on.
    """

    def __init__(self, function: Declared, environment: Mapping[str, str], log: Path) -> None:
        self._timeout_seconds = function.timeout_seconds
        self._port, runtime_port = free_port(), free_port()
        runtime = "aggregator.runtime.bootstrap" if function.streams else "awslambdaric"
        command = [
            str(interface_emulator()),
            *("--log-level", "error"),
            *("--runtime-interface-emulator-address", f"127.0.0.1:{self._port}"),
            *("--runtime-api-address", f"127.0.0.1:{runtime_port}"),
            *(sys.executable, "-m", runtime, function.handler),
        ]
        self._process = Process(
            function.name,
            command,
            log,
            {
                **environment,
                "AGGREGATOR_RESPONSE_MODE": "buffered",
                "AWS_LAMBDA_FUNCTION_NAME": function.logical_id,
                "AWS_LAMBDA_FUNCTION_TIMEOUT": str(function.timeout_seconds),
                "LAMBDA_TASK_ROOT": str(function.folder),
                "PYTHONPATH": f"{function.folder}:{ROOT / 'layers/common/python'}",
            },
        )
        try:
            self._wait_until_it_listens()
        except BaseException:
            self.close()
            raise

    def invoke(self, event: Any) -> Any:
        """Send one event; return the answer's JSON, which is `{"errorType", "errorMessage", ...}` if it failed."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._timeout_seconds + 30)
        try:
            connection.request(
                "POST", "/2015-03-31/functions/function/invocations", json.dumps(event).encode()
            )
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        try:
            return json.loads(body)
        except ValueError:
            said = body.decode("utf-8", "replace") or f"the emulator answered {answer.status}"
            return {"errorType": "Runtime.ExitError", "errorMessage": said}

    def close(self) -> None:
        """End the function and its emulator."""
        self._process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait_until_it_listens(self) -> None:
        end = time.monotonic() + _START_SECONDS
        while True:
            self._process.require_running()
            try:
                socket.create_connection(("127.0.0.1", self._port)).close()
            except ConnectionRefusedError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return


def failed(answer: Any) -> bool:
    """Whether an answer is Lambda's report of a failed function."""
    return isinstance(answer, dict) and {"errorType", "errorMessage"} <= answer.keys()
