"""A function with its calls counted: how many Python functions a request enters, from the event to the last byte.

A count that no machine and no neighbour changes. `BENCH_COUNTED` is the folder of the function; each request writes
one line, `counted: N`, into the log. What the runtime client does around the handler is not in it.
"""

import os
import runpy
import sys
from pathlib import Path
from types import FrameType
from typing import Any

_true = runpy.run_path(str(Path(os.environ["BENCH_COUNTED"]) / "app.py"))["handler"]


def handler(event: dict[str, Any], context: Any) -> Any:
    """Answer as the function does; a stream is read to its end first."""
    entered = 0

    def count(_frame: FrameType, what: str, _argument: Any) -> None:
        nonlocal entered
        entered += what == "call"

    sys.setprofile(count)
    try:
        answer = _true(event, context)
        chunks = None if isinstance(answer, dict) else list(answer.chunks)
    finally:
        sys.setprofile(None)
    print(f"counted: {entered}", flush=True)
    return answer if chunks is None else type(answer)(answer.status, answer.headers, chunks, answer.cookies)
