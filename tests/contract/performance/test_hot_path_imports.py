"""What the hot functions import: each module is paid for at every start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

# Most modules of all kinds, with what Python and the runtime client bring. Raise it only with the figures of a bench.
HOT = [("proxy/create_chat_completion", True, 195), ("auth/authorizer", False, 145)]

FORBIDDEN = {
    "asyncio",
    "aws_lambda_powertools",
    "boto3",
    "botocore",
    "dataclasses",
    "email",
    "http.client",
    "httpx",
    "importlib.metadata",
    "inspect",
    "ipaddress",
    "openai",
    "pathlib",
    "pydantic",
    "random",
    "ssl",
    "unittest",
    "urllib.parse",
    "urllib.request",
    "urllib3",
    "uuid",
}


def modules_of(function: str, *, streams: bool) -> set[str]:
    """Modules in memory once a function is imported under its runtime."""
    runtime = "aggregator.runtime.bootstrap" if streams else "awslambdaric.bootstrap"
    script = f"import {runtime}, app, sys; print(*sys.modules)"
    environment = {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "functions" / function), *sys.path]),
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "-S", "-c", script]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    return set(ran.stdout.split())


@pytest.mark.parametrize(("function", "streams", "most"), HOT)
def test_a_hot_function_imports_few_modules_and_none_that_is_dear(
    function: str, streams: bool, most: int
) -> None:
    modules = modules_of(function, streams=streams)

    assert modules & FORBIDDEN == set()
    assert len(modules) <= most
    assert any(name.startswith("aggregator.") for name in modules)


def test_what_a_tight_account_needs_is_loaded_when_it_is_first_needed() -> None:
    modules = modules_of("proxy/create_chat_completion", streams=True)

    assert (
        modules
        & {
            "aggregator.billing.too_little",
            "aggregator.proxy.counted_input",
            "aggregator.proxy.dialects.counters",
            "aggregator.proxy.tight",
        }
        == set()
    )
