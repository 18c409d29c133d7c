"""What the signed client repeats, how often, and what it tells when it gives up."""

from collections.abc import Iterator

import pytest

from aggregator.runtime.signed_client import Timeouts
from tests.integration.signed_client_faults import (
    IMPATIENT,
    PATIENT,
    REFUSED,
    THROTTLED,
    Reply,
    Stage,
    answers,
    drips,
    hangs,
    hangs_up,
    read,
    refusal_of,
    resets,
    says,
    update,
)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.strike()


@pytest.mark.parametrize(
    "fault",
    [
        answers(500, b'{"__type":"InternalServerError"}'),
        answers(503, b""),
        answers(502, b"<html>Bad Gateway</html>"),
        answers(429, b"{}"),
        answers(400, THROTTLED),
        answers(400, b'{"__type":"TransactionConflictException"}'),
    ],
)
def test_a_refusal_for_now_is_tried_again(stage: Stage, fault: Reply) -> None:
    server = stage.server(fault, answers())

    answer = update(stage.client(server.url))

    assert answer == {"ok": True}
    assert stage.waits == [0.05]
    assert server.connections == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_who_must_not_do_it_twice_repeats_no_call_that_a_fault_answered(stage: Stage, status: int) -> None:
    server = stage.server(answers(status, b'{"__type":"ServiceUnavailable"}'), answers())

    error = refusal_of(update, stage.client(server.url).once())

    assert (error.status, stage.waits, len(server.requests)) == (status, [], 1)


@pytest.mark.parametrize("fault", [THROTTLED, b'{"__type":"TransactionConflictException"}'])
def test_who_must_not_do_it_twice_repeats_what_was_refused_for_now(stage: Stage, fault: bytes) -> None:
    server = stage.server(answers(400, fault), answers())
    client = stage.client(server.url)

    answer = update(client.once().until(stage.now + 5))

    assert (answer, len(server.requests)) == ({"ok": True}, 2)


def test_a_final_refusal_is_not_tried_again(stage: Stage) -> None:
    server = stage.server(answers(400, REFUSED), answers())

    error = refusal_of(update, stage.client(server.url))

    assert error.code == "ConditionalCheckFailedException"
    assert len(server.requests) == 1


def test_attempts_are_counted_and_the_last_refusal_is_told(stage: Stage) -> None:
    server = stage.server(answers(503, b""), answers(500, b""), answers(400, THROTTLED), answers())

    error = refusal_of(update, stage.client(server.url))

    assert (error.code, error.message, error.status) == ("ThrottlingException", "slow down", 400)
    assert stage.waits == [0.05, 0.1]
    assert len(server.requests) == 3


def test_waits_grow_up_to_a_second_and_end_before_the_deadline(stage: Stage) -> None:
    server = stage.server(*[answers(400, THROTTLED)] * 20)
    client = stage.client(server.url, timeouts=Timeouts(8, 8, 4), attempts=20)

    error = refusal_of(update, client)

    assert error.code == "ThrottlingException"
    assert stage.waits == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert len(server.requests) == 8


@pytest.mark.parametrize(("chance", "waits"), [(0.0, [0.0, 0.0]), (0.5, [0.025, 0.05])])
def test_waits_are_drawn_from_nothing_to_all(stage: Stage, chance: float, waits: list[float]) -> None:
    server = stage.server(answers(503, b""), answers(503, b""), answers())
    stage.chance = chance

    update(stage.client(server.url))

    assert stage.waits == waits


def test_each_attempt_is_signed_anew(stage: Stage) -> None:
    server = stage.server(answers(503, b""), answers(503, b""), answers())
    client = stage.client(server.url)
    stage.now += 0.9

    update(client)

    dates = [request.partition(b"x-amz-date: ")[2][:16] for request in server.requests]
    assert dates == [b"20251009T085320Z", b"20251009T085320Z", b"20251009T085321Z"]


def test_a_transaction_keeps_its_token_over_all_attempts(stage: Stage) -> None:
    server = stage.server(answers(503, b""), hangs, answers(), answers())
    client = stage.client(server.url, timeouts=IMPATIENT)

    client.call("TransactWriteItems", {"TransactItems": []})
    client.call("TransactWriteItems", {"TransactItems": []})

    first, second, third, another = (request.partition(b"\r\n\r\n")[2] for request in server.requests)
    assert b'"ClientRequestToken":"' in first
    assert first == second == third != another


@pytest.mark.parametrize("fault", [hangs, drips])
def test_silence_is_told_as_timed_out_and_not_repeated(stage: Stage, fault: Reply) -> None:
    server = stage.server(fault, answers())

    error = refusal_of(update, stage.client(server.url, timeouts=IMPATIENT))

    assert error.code == "TimedOut"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [
        hangs,
        hangs_up,
        resets,
        says(b"HTTP/1.1 200 OK\r\nContent-Le"),
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}"),
        says(b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n{}"),
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"),
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"),
        says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        says(b"\x00" * 70_000),
        answers(200, b"<html>Sign in to the hotel's network</html>"),
        answers(200, b"{}", "x-amz-crc32: 1\r\n"),
        answers(400, REFUSED, "x-amz-crc32: 1\r\n"),
    ],
)
def test_a_call_in_doubt_is_repeated_only_where_that_is_safe(stage: Stage, fault: Reply) -> None:
    doubtful = stage.server(fault, answers())
    harmless = stage.server(fault, answers())
    timeouts = IMPATIENT if fault is hangs else PATIENT

    error = refusal_of(update, stage.client(doubtful.url, timeouts=timeouts))
    answer = read(stage.client(harmless.url, timeouts=timeouts))

    assert error.code == "TimedOut"
    assert len(doubtful.requests) == 1
    assert answer == {"ok": True}
    assert len(harmless.requests) == 2


def test_the_caller_says_what_may_be_repeated(stage: Stage) -> None:
    server = stage.server(hangs, answers())
    client = stage.client(server.url, timeouts=IMPATIENT, repeatable_actions=frozenset({"PutEvents"}))

    answer = client.call("PutEvents", {"Entries": []})

    assert answer == {"ok": True}


def test_doubt_outlives_a_later_refusal(stage: Stage) -> None:
    server = stage.server(hangs, answers(503, b""), answers(503, b""))

    error = refusal_of(read, stage.client(server.url, timeouts=IMPATIENT))

    assert error.code == "TimedOut"
    assert len(server.requests) == 3


def test_doubt_ends_with_an_answer_for_good(stage: Stage) -> None:
    server = stage.server(hangs, answers(400, REFUSED))

    error = refusal_of(read, stage.client(server.url, timeouts=IMPATIENT))

    assert error.code == "ConditionalCheckFailedException"
