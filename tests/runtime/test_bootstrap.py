"""Our runtime client at its socket: whatever happens there, the chunks are closed and the loop goes on."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from aggregator.runtime.bootstrap import StreamingMarshaller, StreamingRuntimeClient
from aggregator.runtime.streaming import StreamingResponse


class Chunks:
    """Chunks without an end, or those given; counts how many were read before `close`."""

    def __init__(self, *given: bytes | str) -> None:
        self._given = iter(given) if given else iter(lambda: b"data", None)
        self.read = 0
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = next(self._given)
        self.read += 1
        return chunk  # type: ignore[return-value]

    def close(self) -> None:
        self.closed = True


Serve = Callable[[socket.socket], None]


@pytest.fixture
def runtime_api() -> Iterator[Callable[[Serve], str]]:
    """Start a server that treats its one connection as it is told; return its address."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(serve: Serve) -> str:
        listener = socket.create_server(("127.0.0.1", 0))

        def once() -> None:
            connection, _ = listener.accept()
            with connection:
                serve(connection)

        listeners.append(listener)
        threads.append(threading.Thread(target=once))
        threads[-1].start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    yield start

    for thread in threads:
        thread.join(timeout=60)
    for listener in listeners:
        listener.close()


def post(address: str, chunks: Chunks) -> None:
    StreamingRuntimeClient(address).post_invocation_result("id-1", StreamingResponse(200, {}, chunks))


def until(end: bytes, received: list[bytes], answer: bytes = b"HTTP/1.1 202 Accepted\r\n\r\n") -> Serve:
    """Read until `end`, keep what was read in `received`, then answer."""

    def serve(connection: socket.socket) -> None:
        data = b""
        while end not in data:
            data += connection.recv(65_536)
        received.append(data)
        connection.sendall(answer)

    return serve


def test_the_marshaller_lets_a_stream_through_and_makes_json_of_all_else() -> None:
    response = StreamingResponse(200, {}, [])

    assert StreamingMarshaller().marshal_response(response) == (
        response,
        "application/vnd.awslambda.http-integration-response",
    )
    assert StreamingMarshaller().marshal_response({"a": 1}) == ('{"a": 1}', "application/json")


def test_chunks_are_closed_when_the_connection_is_lost(
    runtime_api: Callable[[Serve], str], caplog: pytest.LogCaptureFixture
) -> None:
    chunks = Chunks()

    post(runtime_api(until(b"data", [], answer=b"")), chunks)

    assert chunks.closed
    assert "The answer's reader has gone" in caplog.text


def test_chunks_are_closed_when_lambda_answers_before_their_end(
    runtime_api: Callable[[Serve], str],
) -> None:
    chunks = Chunks()

    post(runtime_api(until(b"data", [], answer=b"HTTP/1.1 413 Too Large\r\n\r\n")), chunks)

    assert chunks.closed


def test_chunks_are_closed_when_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    chunks = Chunks()

    post(address, chunks)

    assert (chunks.closed, chunks.read) == (True, 0)


def test_chunks_are_closed_after_their_end(runtime_api: Callable[[Serve], str]) -> None:
    chunks = Chunks(b"one")

    post(runtime_api(until(b"\r\n0\r\n\r\n", [])), chunks)

    assert chunks.closed


def test_an_empty_chunk_does_not_end_the_body(runtime_api: Callable[[Serve], str]) -> None:
    received: list[bytes] = []

    post(runtime_api(until(b"\r\n0\r\n\r\n", received)), Chunks(b"one", b"", b"two"))

    assert received[0].endswith(b"\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")


def test_a_chunk_that_is_no_bytes_is_an_error_in_the_trailers(runtime_api: Callable[[Serve], str]) -> None:
    received: list[bytes] = []

    post(runtime_api(until(b"Error-Body: ", received)), Chunks(b"one", "two"))

    assert b"\r\n3\r\none\r\n0\r\nLambda-Runtime-Function-Error-Type: TypeError\r\n" in received[0]


def test_chunks_that_cannot_be_closed_are_logged_and_the_loop_goes_on(
    runtime_api: Callable[[Serve], str], caplog: pytest.LogCaptureFixture
) -> None:
    class Unclosable(Chunks):
        def close(self) -> None:
            raise RuntimeError("the bus is gone")

    post(runtime_api(until(b"\r\n0\r\n\r\n", [])), Unclosable(b"one"))

    assert "the bus is gone" in caplog.text


def test_an_answer_that_lambda_refuses_is_logged_and_the_loop_goes_on(
    runtime_api: Callable[[Serve], str], caplog: pytest.LogCaptureFixture
) -> None:
    refusal = b"HTTP/1.1 400 Bad Request\r\n\r\n"

    with caplog.at_level(logging.WARNING):
        post(runtime_api(until(b"\r\n0\r\n\r\n", [], answer=refusal)), Chunks(b"one"))

    assert "status 400" in caplog.text
