"""The bytes that leave our runtime are those of AWS's own Node client."""

import json
import os
import re
import subprocess
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.recorder import Recorder

ROOT = Path(__file__).parent.parent.parent
LAMBDA = {
    "AWS_LAMBDA_FUNCTION_NAME": "wire",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/wire",
    "AWS_LAMBDA_LOG_STREAM_NAME": "local",
}
REQUEST_ID = "8f5a1c1e-0000-4000-8000-000000000001"
TWO_CHUNKS = {"status": 200, "chunks": ["data: one\n\n", "data: [DONE]\n\n"]}


def posted_by(command: list[str], task_root: Path, event: Any, **environment: str) -> bytes:
    """Bytes that the runtime `command` posts for `event`, with the server's address taken out."""
    with Recorder(event, REQUEST_ID) as recorder:
        process = subprocess.Popen(  # noqa: S603 - a command of this file's own
            command,
            cwd=task_root,
            env={
                **LAMBDA,
                "PATH": os.environ["PATH"],
                "AWS_LAMBDA_RUNTIME_API": recorder.address,
                "LAMBDA_TASK_ROOT": str(task_root),
                "_HANDLER": "app.handler",
                **environment,
            },
            stdout=subprocess.DEVNULL,
        )
        try:
            return recorder.answer().replace(recorder.address.encode(), b"runtime-api")
        finally:
            process.kill()
            process.wait()


def posted_by_ours(functions: Path, event: Any) -> bytes:
    wrapper = str(ROOT / "layers/common/bin/stream-runtime")
    return posted_by([wrapper, sys.executable, "/var/runtime/bootstrap.py"], functions / "wire", event)


def posted_by_node(client: list[str], event: Any) -> bytes:
    return posted_by(
        client, Path(__file__).parent / "node", event, AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1="true"
    )


def test_a_stream_is_posted_with_the_documented_headers_prelude_and_chunks(functions: Path) -> None:
    posted = posted_by_ours(functions, TWO_CHUNKS)

    assert posted == (
        b"POST /2018-06-01/runtime/invocation/8f5a1c1e-0000-4000-8000-000000000001/response HTTP/1.1\r\n"
        b"Lambda-Runtime-Function-Response-Mode: streaming\r\n"
        b"Trailer: Lambda-Runtime-Function-Error-Type\r\n"
        b"Trailer: Lambda-Runtime-Function-Error-Body\r\n"
        b"Content-Type: application/vnd.awslambda.http-integration-response\r\n"
        b"Transfer-Encoding: chunked\r\n"
        b"Host: runtime-api\r\n"
        b"Connection: keep-alive\r\n"
        b"\r\n"
        b'56\r\n{"statusCode":200,"headers":{"Content-Type":"text/event-stream","x-request-id":"r-1"}}\r\n'
        b"8\r\n\0\0\0\0\0\0\0\0\r\n"
        b"b\r\ndata: one\n\n\r\n"
        b"e\r\ndata: [DONE]\n\n\r\n"
        b"0\r\n\r\n"
    )


@pytest.mark.parametrize(
    "event",
    [
        TWO_CHUNKS,
        {"status": 201, "chunks": ["{}"], "cookies": ["a=1; Path=/", "b=2"]},
        {"status": 429, "chunks": ["x" * 70_000]},
        {"status": 200, "chunks": ["data: é €\n\n"] * 20},
    ],
    ids=["two chunks", "cookies", "a long chunk", "many chunks"],
)
def test_every_byte_is_the_same_as_the_node_clients(
    functions: Path, node_client: list[str], event: dict[str, Any]
) -> None:
    ours = posted_by_ours(functions, event)

    theirs = posted_by_node(node_client, event)

    assert ours == theirs


def test_a_failure_in_mid_stream_differs_from_the_node_clients_only_within_the_errors_json(
    functions: Path, node_client: list[str]
) -> None:
    event = TWO_CHUNKS | {"failure": "provider cut"}

    ours = posted_by_ours(functions, event)
    theirs = posted_by_node(node_client, event)

    body = re.compile(rb"(?<=Error-Body: )[^\r]+")
    assert body.sub(b"...", ours) == body.sub(b"...", theirs)
    errors = [json.loads(b64decode(body.findall(posted)[0])) for posted in (ours, theirs)]
    assert [(error["errorType"], error["errorMessage"]) for error in errors] == [
        ("RangeError", "provider cut"),
        ("RangeError", "provider cut"),
    ]
