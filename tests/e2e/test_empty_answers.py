"""The bucket of stored answers can be emptied, so that a stack can be deleted."""

import os
import subprocess
import sys
from pathlib import Path

import boto3

from tests.e2e.stack import Stack

ROOT = Path(__file__).parents[2]


def test_every_stored_answer_is_deleted(stack: Stack) -> None:
    s3 = boto3.client(
        "s3",
        endpoint_url=stack.emulator_url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    bucket = stack.resources["AnswersBucket"]
    for n in range(3):
        s3.put_object(Bucket=bucket, Key=f"answers/{n}", Body=b"answer")

    done = subprocess.run(
        [sys.executable, "-m", "local.empty_answers"],
        cwd=ROOT,
        env={**os.environ, "AGGREGATOR_LOCAL_DIR": str(stack.folder)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "3 stored answers deleted\n"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    s3.close()
