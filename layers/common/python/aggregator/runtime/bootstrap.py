"""The process that runs a streaming function: AWS's own Python runtime client, taught to post chunks.

Python's managed runtime buffers. This is awslambdaric (pinned in the dependencies layer) with two seams taken:
`LambdaMarshaller.marshal_response` lets a `StreamingResponse` through, and
`LambdaRuntimeClient.post_invocation_result` posts it as it comes. All else (loading the handler, logging,
reporting errors, the loop) stays AWS's. Started by layers/common/bin/stream-runtime.

What happens to the chunks, in every case:

- at their end: the body ends, and Lambda's answer is awaited;
- they raise: the error's type and its JSON (base64) go into the trailers, as Lambda's custom runtimes do it;
- nobody reads on: they are closed, so that the `finally` of the application runs (GeneratorExit), and the loop
  goes on with the next invocation. If the runtime API itself is gone, that next call ends the process.

Lambda does not interrupt a function whose client has gone (Lambda developer guide, "Response streaming for Lambda
functions"): there, the chunks are read to their end.

Usage: `python -m aggregator.runtime.bootstrap [module.function]`; without an argument, `$_HANDLER` is run.
"""

import logging
import os
import sys
from base64 import b64encode
from typing import Any

from awslambdaric import bootstrap  # type: ignore[import-untyped]
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient  # type: ignore[import-untyped]
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller, to_json  # type: ignore[import-untyped]

from aggregator.runtime import streaming
from aggregator.runtime.chunked_post import (
    ERROR_BODY,
    ERROR_TYPE,
    ChunkedPost,
    KeptConnection,
    ReaderGoneError,
)
from aggregator.runtime.streaming import StreamingResponse

ACCEPTED = 202

_log = logging.getLogger("aggregator.runtime.bootstrap")


class StreamingMarshaller(LambdaMarshaller):  # type: ignore[misc]
    """JSON as usual, but a `StreamingResponse` goes to the client as it is."""

    def marshal_response(self, response: Any) -> tuple[Any, str]:
        """Return the body and its content type."""
        if isinstance(response, StreamingResponse):
            return response, streaming.CONTENT_TYPE
        body, content_type = super().marshal_response(response)
        return body, content_type


class StreamingRuntimeClient(LambdaRuntimeClient):  # type: ignore[misc]
    """AWS's client of the runtime API, which also posts chunks."""

    marshaller = StreamingMarshaller()

    def __init__(self, lambda_runtime_address: str) -> None:
        super().__init__(lambda_runtime_address)
        self._connection = KeptConnection(lambda_runtime_address)

    def post_invocation_result(
        self,
        invoke_id: str,
        result_data: Any,
        content_type: str = "application/json",
        invocation_id: str | None = None,
    ) -> None:
        """Answer one invocation: chunk by chunk if it is a `StreamingResponse`."""
        if not isinstance(result_data, StreamingResponse):
            super().post_invocation_result(invoke_id, result_data, content_type, invocation_id)
            return
        headers = {"Lambda-Runtime-Invocation-Id": invocation_id} if invocation_id else {}
        path = f"/2018-06-01/runtime/invocation/{invoke_id}/response"
        try:
            with ChunkedPost(self._connection, path, content_type, headers) as post:
                _relay(result_data, post, invoke_id)
        except ReaderGoneError as gone:
            _log.warning("The answer's reader has gone: %s", gone)
        finally:
            _close(result_data)


def _relay(response: StreamingResponse, post: ChunkedPost, invoke_id: str) -> None:
    is_whole = isinstance(response.chunks, list)  # nothing is waited for, so it leaves in one piece
    send = post.hold if is_whole else post.send
    send(streaming.prelude(response), streaming.DELIMITER)
    trailers = {}
    try:
        for chunk in response.chunks:
            send(chunk)
    except ReaderGoneError:
        raise
    except Exception:
        error = bootstrap.build_fault_result(sys.exc_info(), None) | {"requestId": invoke_id}
        _log.error("The answer broke off in mid-stream: %s", to_json(error))
        trailers = {ERROR_TYPE: error["errorType"], ERROR_BODY: b64encode(to_json(error).encode()).decode()}
    status = post.finish(trailers)
    if status != ACCEPTED:
        _log.warning("Lambda did not accept the answer: status %d", status)


def _close(response: StreamingResponse) -> None:
    try:
        response.close()
    except Exception:
        error = bootstrap.build_fault_result(sys.exc_info(), None)
        _log.error("The answer's chunks could not be closed: %s", to_json(error))


def main() -> None:
    """Run the handler until Lambda ends the process.

    Invocations are polled on the main thread: nothing here handles signals, for which AWS's own entry point
    polls on a second one.
    """
    handler = sys.argv[1] if len(sys.argv) > 1 else os.environ["_HANDLER"]
    streaming.announce_streaming()
    bootstrap.run(handler, StreamingRuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"]))


if __name__ == "__main__":
    main()
