"""Cases that schemathesis makes from the served document, against the running stack; see test_schemathesis.toml."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.caller import ApiCaller
from tests.e2e.stack import Stack, start, stop, wait_until_up

JsonObject = dict[str, Any]

pytestmark = pytest.mark.unjudged("cases say odd things, which go on to a provider of their own dialect")

CONFIG = Path(__file__).with_suffix(".toml")

# A response is kept under an id that its answer tells, which is in no example; so is an alert that was given up. And
# nobody but Stripe can sign.
NEVER_FOUND = {
    "POST /alerts/deliveries/{deliveryId}/replay",
    "POST /auth/sessions",
    "POST /billing/stripe-events",
} | {
    f"{route}/responses/{{responseId}}{of_it}"
    for base in ("/v1", "/proxy/openai")
    for route, of_it in ((f"GET {base}", ""), (f"DELETE {base}", ""), (f"GET {base}", "/input_items"))
}

# Schemathesis takes ids out of answers: a chat that is settled by then has a receipt, and is listed.
# A promo code is redeemed, or disabled, as the examples name it, if it was not disabled before.
FOUND_ONCE_SETTLED = {
    "GET /billing/receipts/{requestId}",
    "POST /billing/codes/redeem",
    "DELETE /billing/codes/{codeId}",
}


# What operators change; a run of cases over these leaves a catalogue behind that serves nothing else.
OPERATORS = "^/orchestrator/(models/|providers|aliases|rollback)"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own: whatever others did to theirs, or these cases do to this one, disturbs nobody."""
    folder = tmp_path_factory.mktemp("cases")
    running = start(folder)
    try:
        yield wait_until_up(running, folder)
    finally:
        stop(running)


def run(stack: Stack, key: str, phases: str, folder: Path, *paths: str) -> tuple[JsonObject, str]:
    """Run schemathesis with a key over `paths` (its own arguments); return its report, and what it printed."""
    report = folder / "report.json"
    done = subprocess.run(  # noqa: S603 (our own tool)
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)),
            *("run", f"{stack.base_url}/openapi.json", "--url", stack.base_url),
            *("--header", f"Authorization: Bearer {key}"),
            *("--phases", phases, "--report-json-path", str(report), "--no-color", *paths),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=480,
        check=False,
    )
    printed = done.stdout + done.stderr
    assert report.exists(), printed
    read: JsonObject = json.loads(report.read_text(encoding="utf-8"))
    return read, printed


def accepted(report: JsonObject) -> set[str]:
    """Operations that took at least one valid request."""
    return {
        operation
        for operation, phases in report["valid_rates"].items()
        if any(rates["accepted"] for rates in phases.values())
    }


def test_whatever_an_admin_sends_the_answer_is_a_documented_one_and_no_5xx(
    stack: Stack, tmp_path: Path
) -> None:
    admin = ApiCaller(stack.base_url, stack.admin_key)
    admin.post("/billing/transaction", {"userId": "admin", "type": "credit", "amount": "5.00"})
    admin.close()

    report, printed = run(
        stack,
        stack.admin_key,
        "examples,coverage,fuzzing",
        tmp_path,
        *("--exclude-path-regex", OPERATORS),
    )

    assert report["exit_code"] == 0, printed
    assert report["complete"], printed
    assert report["operations"]["tested"] >= 20, printed
    assert report["test_cases"]["generated"] > 1000, printed
    never = set(report["valid_rates"]) - accepted(report) - FOUND_ONCE_SETTLED
    assert never == NEVER_FOUND, printed


def test_whatever_a_user_sends_the_answer_is_a_documented_one_and_no_5xx(
    stack: Stack, tmp_path: Path
) -> None:
    # An admin's run may have written the user down, and suspended them, or put them on a plan of odd limits.
    admin = ApiCaller(stack.base_url, stack.admin_key)
    admin.call("PATCH", "/identity/users/demo", {"state": "active", "plan": None})
    admin.close()

    report, printed = run(stack, stack.api_key, "examples,fuzzing", tmp_path)

    assert report["exit_code"] == 0, printed
    assert report["complete"], printed
    assert report["operations"]["tested"] == report["operations"]["total"] >= 20, printed
    assert {"POST /v1/chat/completions", "POST /proxy/openai/chat/completions"} <= accepted(report), printed


def test_whatever_an_operator_sends_the_answer_is_a_documented_one_and_no_5xx(
    stack: Stack, tmp_path: Path
) -> None:
    report, printed = run(
        stack, stack.admin_key, "examples,coverage", tmp_path, *("--include-path-regex", OPERATORS)
    )

    assert report["exit_code"] == 0, printed
    assert report["complete"], printed
    assert report["operations"]["tested"] >= 3, printed
