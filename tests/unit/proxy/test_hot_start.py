"""What a hot function imports: the standard library and our own modules, and not many of them.

A cold start pays for each module; boto3, pydantic and Powertools would cost it more than all the rest together.
"""

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HEAVY = {
    "boto3",
    "botocore",
    "pydantic",
    "aws_lambda_powertools",
    "asyncio",
    "concurrent.futures",
    "unittest",
}

MOST_MODULES = {
    "auth/authorizer": 100,
    "proxy/create_chat_completion": 170,
    "proxy/create_embedding": 175,
    "proxy/create_message": 185,
    "proxy/create_response": 185,
}

# Without site-packages: what is not in the standard library cannot even be found.
SCRIPT = """
import runpy, sys
bare = set(sys.modules)
sys.path.insert(0, sys.argv[1])
runpy.run_path(sys.argv[2])
print(*sorted(set(sys.modules) - bare))
"""


@cache
def modules_of(function: str) -> frozenset[str]:
    """What a fresh interpreter loads for a function's app.py, beyond what it loads for itself."""
    ran = subprocess.run(  # noqa: S603
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            SCRIPT,
            str(ROOT / "layers/common/python"),
            str(ROOT / "functions" / function / "app.py"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return frozenset(ran.stdout.split())


@pytest.mark.parametrize("function", MOST_MODULES)
def test_a_hot_function_imports_the_standard_library_and_our_own_modules_only(function: str) -> None:
    packages = {name.partition(".")[0] for name in modules_of(function)}

    assert packages - sys.stdlib_module_names == {"aggregator"}
    assert HEAVY & modules_of(function) == set()


@pytest.mark.parametrize(("function", "most"), MOST_MODULES.items())
def test_a_hot_function_imports_no_more_than_a_stated_number_of_modules(function: str, most: int) -> None:
    count = len(modules_of(function))

    assert count <= most, f"{function} imports {count} modules"
    assert count > 50


def test_the_chat_function_is_all_there() -> None:
    assert {
        "aggregator.proxy.walk",
        "aggregator.proxy.wiring",
        "aggregator.billing.store",
        "aggregator.runtime.signed_client",
    } <= modules_of("proxy/create_chat_completion")
