"""The true runtime in real processes, behind our Runtime API."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aggregator.runtime.xray import trace_of
from local.function_processes import FunctionProcesses
from local.runtime_api import FunctionFailedError
from local.sandbox import Function

FROM_API_GATEWAY: dict[str, Any] = {"requestContext": {"requestId": "r-1"}}


@pytest.fixture
def function(functions: Path, tmp_path: Path) -> Function:
    return Function(
        handler="app.handler",
        task_root=functions / "scripted",
        environment={},
        log=tmp_path / "function.log",
        name="scripted",
        timeout_seconds=60,
    )


@pytest.fixture
def processes(function: Function) -> Iterator[FunctionProcesses]:
    with FunctionProcesses(function, max_processes=2, hand_over_seconds=60) as processes:
        yield processes


def event(**what: Any) -> dict[str, Any]:
    return FROM_API_GATEWAY | what


def eventually(said: Callable[[], Any], wanted: Any) -> Any:
    """Ask until the answer is `wanted`, for a minute at most; return the last answer."""
    end = time.monotonic() + 60
    while (answer := said()) != wanted and time.monotonic() < end:
        time.sleep(0.01)
    return answer


def text_of(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def test_status_headers_and_cookies_come_before_the_body(processes: FunctionProcesses) -> None:
    answer = processes.invoke(event())

    assert (answer.status, answer.headers["Content-Type"], answer.cookies) == (
        200,
        "text/event-stream",
        ("a=1",),
    )
    assert list(answer.chunks) == [b"0", b"1", b"2"]


def test_a_chunk_arrives_before_the_function_makes_the_next(
    processes: FunctionProcesses, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    answer = processes.invoke(event(gate=str(gate), chunks=2))

    first = next(answer.chunks)
    (tmp_path / "gate0").touch()
    second = next(answer.chunks)
    (tmp_path / "gate1").touch()

    assert (first, second, list(answer.chunks)) == (b"0", b"1", [])


def test_a_failure_in_mid_stream_comes_after_the_chunks_before_it(processes: FunctionProcesses) -> None:
    answer = processes.invoke(event(do="break", chunks=1))

    first = next(answer.chunks)
    with pytest.raises(FunctionFailedError) as failure:
        next(answer.chunks)

    assert first == b"0"
    assert (failure.value.error_type, failure.value.message) == ("ConnectionError", "provider cut")


def test_after_a_failure_in_mid_stream_the_process_serves_the_next_request(
    processes: FunctionProcesses,
) -> None:
    broken = processes.invoke(event(do="break"))
    with pytest.raises(FunctionFailedError):
        list(broken.chunks)

    answer = processes.invoke(event())

    assert list(answer.chunks) == [b"0", b"1", b"2"]
    assert answer.headers["x-pid"] == broken.headers["x-pid"]


def test_a_client_that_leaves_closes_the_generator_and_the_process_serves_the_next_request(
    function: Function, tmp_path: Path
) -> None:
    with FunctionProcesses(function, max_processes=1) as processes:
        answer = processes.invoke(event(gate=str(tmp_path / "gate"), journal=str(tmp_path / "journal")))
        next(answer.chunks)

        answer.close()
        (tmp_path / "gate0").touch()

        assert eventually(lambda: text_of(tmp_path / "journal"), "closed") == "closed"
        after = processes.invoke(event())
        assert list(after.chunks) == [b"0", b"1", b"2"]
        assert after.headers["x-pid"] == answer.headers["x-pid"]


def test_where_a_disconnect_does_not_reach_the_function_it_streams_to_its_end(
    function: Function, tmp_path: Path
) -> None:
    with FunctionProcesses(replace(function, disconnect_propagates=False)) as processes:
        answer = processes.invoke(event(gate=str(tmp_path / "gate"), journal=str(tmp_path / "journal")))
        next(answer.chunks)

        answer.close()
        for number in range(3):
            (tmp_path / f"gate{number}").touch()

        assert eventually(lambda: text_of(tmp_path / "journal"), "done") == "done"


def test_an_answer_of_many_chunks_reaches_a_slow_reader_whole(processes: FunctionProcesses) -> None:
    answer = processes.invoke(event(chunks=1000))

    time.sleep(0.1)

    assert b"".join(answer.chunks) == b"".join(b"%d" % number for number in range(1000))


def test_a_plain_invoke_is_answered_in_one_readable_piece(processes: FunctionProcesses) -> None:
    answer = processes.call({"chunks": 2})

    assert answer["body"] == "01"
    assert answer["multiValueHeaders"] == {"Set-Cookie": ["a=1"]}


def test_an_event_may_ask_for_a_plain_answer(processes: FunctionProcesses) -> None:
    answer = processes.call(event(chunks=2, responseMode="buffered"))

    assert (answer["statusCode"], answer["body"]) == (200, "01")


def test_a_plain_proxy_answer_reads_like_a_streamed_one(processes: FunctionProcesses) -> None:
    answer = processes.invoke(event(do="plain"))

    assert (answer.status, list(answer.chunks)) == (200, [b"plain"])


def test_an_exception_of_the_handler_is_told_with_its_type(processes: FunctionProcesses) -> None:
    with pytest.raises(FunctionFailedError, match="ValueError: no such luck"):
        processes.invoke(event(do="raise"))


def test_an_answer_that_is_no_http_answer_is_refused(processes: FunctionProcesses) -> None:
    with pytest.raises(FunctionFailedError, match=r"Runtime\.MalformedResponse"):
        processes.invoke(event(do="json"))


def test_the_function_knows_how_much_time_is_left(processes: FunctionProcesses) -> None:
    remaining = processes.call({"do": "json"})["remaining"]

    assert 30_000 < remaining <= 60_000


def test_the_function_knows_in_which_trace_it_runs_and_the_next_one_is_in_none(
    processes: FunctionProcesses,
) -> None:
    root = "Root=1-6a20743c-0d672930facab4b7b1742797"
    headers = {"X-Amzn-Trace-Id": root}

    traces = [processes.call({"do": "json", **more})["trace"] for more in ({"headers": headers}, {})]

    kept = trace_of(traces[0])
    assert kept is not None
    assert (kept.header, f"Root={kept.root}", kept.is_kept) == (traces[0], root, True)
    assert traces[1] is None


def test_a_warm_process_is_used_again(processes: FunctionProcesses) -> None:
    pids = [processes.invoke(event(do="plain")).headers["x-pid"] for _ in range(5)]

    assert len(set(pids)) == 1


def test_two_requests_at_once_run_in_two_processes(processes: FunctionProcesses, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    first = processes.invoke(event(gate=str(gate), chunks=1))

    second = processes.invoke(event(gate=str(gate), chunks=1))
    (tmp_path / "gate0").touch()

    assert first.headers["x-pid"] != second.headers["x-pid"]
    assert [list(first.chunks), list(second.chunks)] == [[b"0"], [b"0"]]


def test_a_request_over_the_maximum_waits_for_a_process(function: Function, tmp_path: Path) -> None:
    with FunctionProcesses(function, max_processes=1) as processes:
        busy = processes.invoke(event(gate=str(tmp_path / "gate"), chunks=1))
        threading.Timer(0.2, (tmp_path / "gate0").touch).start()

        waited = processes.invoke(event(do="plain"))

        assert waited.headers["x-pid"] == busy.headers["x-pid"]


def test_a_request_that_finds_no_free_process_in_time_is_refused(function: Function) -> None:
    with FunctionProcesses(function, max_processes=1, wait_seconds=0.1) as processes:
        processes.invoke(event(gate="/nowhere/"))

        with pytest.raises(FunctionFailedError, match="Rate Exceeded"):
            processes.invoke(event(do="plain"))


def test_a_process_that_exits_is_replaced(processes: FunctionProcesses) -> None:
    before = processes.invoke(event(do="plain")).headers["x-pid"]
    with pytest.raises(FunctionFailedError, match=r"Runtime\.ExitError.*exit status 3"):
        processes.invoke(event(do="exit"))

    after = processes.invoke(event(do="plain")).headers["x-pid"]

    assert after != before


def test_a_function_that_runs_out_of_time_is_ended_and_replaced(function: Function) -> None:
    with FunctionProcesses(replace(function, timeout_seconds=2)) as processes:
        with pytest.raises(FunctionFailedError, match=r"Sandbox\.Timedout: Task timed out after 2\.00"):
            processes.invoke(event(do="hang"))

        assert processes.invoke(event(do="plain")).status == 200


def test_a_stream_that_runs_out_of_time_breaks_off(function: Function) -> None:
    with FunctionProcesses(replace(function, timeout_seconds=2)) as processes:
        answer = processes.invoke(event(gate="/nowhere/"))

        with pytest.raises(FunctionFailedError, match=r"Sandbox\.Timedout"):
            list(answer.chunks)


def test_a_function_that_cannot_be_loaded_says_why(function: Function, functions: Path) -> None:
    with FunctionProcesses(replace(function, task_root=functions / "broken")) as processes:
        with pytest.raises(FunctionFailedError) as failure:
            processes.invoke(event())

        assert (failure.value.error_type, failure.value.message) == ("LookupError", "a table is missing")


def test_a_handler_that_does_not_exist_is_an_init_error(function: Function) -> None:
    with FunctionProcesses(replace(function, handler="app.nothing")) as processes:
        with pytest.raises(FunctionFailedError) as failure:
            processes.invoke(event())

        assert failure.value.error_type == "Runtime.HandlerNotFound"


def test_what_the_function_prints_is_in_its_log(processes: FunctionProcesses, function: Function) -> None:
    processes.invoke(event(do="plain"))

    assert "working on" in function.log.read_text()


def test_closing_ends_every_process_and_tells_whoever_waits(function: Function) -> None:
    processes = FunctionProcesses(function)
    answer = processes.invoke(event(gate="/nowhere/"))
    next(answer.chunks)
    (pid,) = processes.pids()

    processes.close()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(FunctionFailedError, match="shut down"):
        next(answer.chunks)
    with pytest.raises(FunctionFailedError, match="shut down"):
        processes.invoke(event())
