"""Does what the event says, and writes down in `event["journal"]` when its stream was settled."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aggregator.runtime.streaming import StreamingResponse, portable


@portable
def handler(event: dict[str, Any], context: Any) -> Any:
    print("working on", context.aws_request_id)  # noqa: T201 - the log is looked at
    match event.get("do", "stream"):
        case "raise":
            raise ValueError("no such luck")
        case "exit":
            os._exit(3)
        case "hang":
            time.sleep(60)
        case "plain":
            return {"statusCode": 200, "headers": {"x-pid": str(os.getpid())}, "body": "plain"}
        case "json":
            return {
                "remaining": context.get_remaining_time_in_millis(),
                "trace": os.environ.get("_X_AMZN_TRACE_ID"),
            }
    headers = {"Content-Type": "text/event-stream", "x-pid": str(os.getpid())}
    return StreamingResponse(200, headers, chunks(event), cookies=("a=1",))


def chunks(event: dict[str, Any]) -> Iterator[bytes]:
    ending = "closed"
    try:
        for number in range(event.get("chunks", 3)):
            yield b"%d" % number
            wait_for(event.get("gate"), number)
        if event.get("do") == "break":
            ending = "raised"
            raise ConnectionError("provider cut")
        ending = "done"
    finally:
        if "journal" in event:
            Path(event["journal"]).write_text(ending)


def wait_for(gate: str | None, number: int) -> None:
    """Go on after chunk `number` only when the test has made the file `<gate><number>`."""
    while gate is not None and not Path(f"{gate}{number}").exists():
        time.sleep(0.005)
