"""`python -m local.standin` as a process."""

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import local.standin
from local.standin import StandIn

ROOT = Path(local.standin.__file__).parents[2]


def start(port: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 -- our own command
        [sys.executable, "-m", "local.standin", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def process() -> Iterator["subprocess.Popen[str]"]:
    with start(0) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_serves_and_stops_when_told(
    process: "subprocess.Popen[str]", number: signal.Signals
) -> None:
    assert process.stdout is not None
    announced = process.stdout.readline()
    port = int(announced.rpartition(":")[2].partition("/")[0])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/v1/models")
    status = connection.getresponse().status
    process.send_signal(number)
    _, complaints = process.communicate(timeout=60)
    connection.close()

    assert announced == f"stand-in provider listens on http://127.0.0.1:{port}/v1\n"
    assert status == 200
    assert process.returncode == 0
    assert complaints == ""


def test_a_port_that_is_taken_ends_it_with_a_sentence(standin: StandIn) -> None:
    with start(standin.port) as process:
        _, complaints = process.communicate(timeout=60)

    assert process.returncode == 1
    assert complaints.startswith(f"stand-in provider cannot listen on 127.0.0.1:{standin.port}: ")
    assert "Traceback" not in complaints
