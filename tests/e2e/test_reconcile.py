"""Reconciling through the whole stack: begun by its function, by way of its queue, into results; and by hand."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3

from aggregator.billing.run_store import RunStore, Summary
from aggregator.runtime.boto_client import BotoClient
from local.emulator import ACCOUNT, REGION
from tests.e2e.caller import eventually
from tests.e2e.conftest import NewUser
from tests.e2e.stack import Stack

ROOT = Path(__file__).parents[2]
CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}
PATIENCE_SECONDS = 120


def client(stack: Stack, service: str) -> Any:
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=stack.emulator_url,
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="local",
    )


def daily_run(stack: Stack) -> Summary:
    """Begin a run as the schedule does, and wait until all its messages are done."""
    answer = client(stack, "lambda").invoke(FunctionName=stack.resources["BillingReconcileFunction"])
    run = json.load(answer["Payload"])["run"]
    dynamodb = BotoClient("dynamodb", client=client(stack, "dynamodb"))
    runs = RunStore(dynamodb, stack.resources["BillingTable"], time.time)
    done: Summary = eventually(lambda: runs.summary(run), lambda found: found.is_over, PATIENCE_SECONDS)
    assert done.is_over
    assert runs.runs(1) == [run]
    return done


def by_hand(stack: Stack) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "local.reconcile"],
        cwd=ROOT,
        env={**os.environ, "AGGREGATOR_LOCAL_DIR": str(stack.folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def add_by_hand(stack: Stack, user_id: str, amount_nano_usd: int) -> None:
    """Change what is available, as nobody should."""
    client(stack, "dynamodb").update_item(
        TableName=stack.resources["BillingTable"],
        Key={"pk": {"S": f"ACCOUNT#{user_id}"}, "sk": {"S": "BALANCE"}},
        UpdateExpression="ADD available :amount",
        ExpressionAttributeValues={":amount": {"N": str(amount_nano_usd)}},
    )


def test_drift_is_found_by_the_daily_run_and_by_hand_and_is_gone_once_mended(
    stack: Stack, new_user: NewUser
) -> None:
    user = new_user(credit="1.00")
    assert user.post("/v1/chat/completions", CHAT).status == 200
    user.balance_at_rest()

    add_by_hand(stack, user.user_id, 7)
    found, told = daily_run(stack), by_hand(stack)
    add_by_hand(stack, user.user_id, -7)
    mended, told_then = daily_run(stack), by_hand(stack)

    misfit = "the account has +7 nano-USD beside what it counted"
    assert [(each["user_id"], each["drift"], each["misfits"]) for each in found.findings] == [
        (user.user_id, 7, [misfit])
    ]
    assert (told.returncode, f"{user.user_id}: {misfit}" in told.stdout) == (1, True)
    assert (mended.unsound, mended.findings) == (0, ())
    assert told_then.returncode == 0, told_then.stdout + told_then.stderr
    assert mended.accounts + mended.idle >= 2
