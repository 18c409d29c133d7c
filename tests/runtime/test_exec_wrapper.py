"""The script that Lambda starts in place of its own runtime (AWS_LAMBDA_EXEC_WRAPPER)."""

import shutil
import subprocess
from pathlib import Path

import pytest

WRAPPER = Path(__file__).parent.parent.parent / "layers/common/bin/stream-runtime"
INTERPRETER = '#!/bin/sh\necho "$PYTHONPATH"\nfor a in "$@"; do echo "$a"; done\n'


@pytest.fixture
def interpreter(tmp_path: Path) -> str:
    """An interpreter that prints how it was started."""
    script = tmp_path / "python 3.13"
    script.write_text(INTERPRETER)
    script.chmod(0o755)
    return str(script)


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """The layer as it lies in the cloud: bin/ and python/ under one root."""
    (tmp_path / "opt/bin").mkdir(parents=True)
    shutil.copy(WRAPPER, tmp_path / "opt/bin")
    return tmp_path / "opt"


def started(layer: Path, arguments: list[str], **environment: str) -> list[str]:
    command = [str(layer / "bin/stream-runtime"), *arguments]
    environment |= {"_HANDLER": "app.handler", "LAMBDA_TASK_ROOT": "/var/task"}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout.splitlines()


def test_our_bootstrap_takes_the_place_of_lambdas(layer: Path, interpreter: str) -> None:
    _, *arguments = started(layer, [interpreter, "/var/runtime/bootstrap.py"])

    assert arguments == ["-m", "aggregator.runtime.bootstrap", "app.handler"]


def test_the_interpreters_options_are_kept(layer: Path, interpreter: str) -> None:
    _, *arguments = started(layer, [interpreter, "-X", "a b", "-O", "/var/runtime/bootstrap.py"])

    assert arguments == ["-X", "a b", "-O", "-m", "aggregator.runtime.bootstrap", "app.handler"]


def test_the_function_comes_first_then_the_layers_then_the_managed_runtime(
    layer: Path, interpreter: str
) -> None:
    path, *_ = started(layer, [interpreter, "bootstrap"], PYTHONPATH="/var/runtime")

    assert path == f"/var/task:{layer}/python:/var/runtime"


def test_without_a_path_before_it_the_path_has_no_empty_entry(layer: Path, interpreter: str) -> None:
    path, *_ = started(layer, [interpreter, "bootstrap"])

    assert path == f"/var/task:{layer}/python"
