import os
from typing import Any

import pytest

from aggregator.errors import RequestInProgress, StoreUnavailable
from aggregator.runtime.aws import AwsError
from aggregator.runtime.streaming import StreamingResponse
from tests.unit.proxy.answers.idempotency_desk import NOW, Desk, logged, plain, read, request

TOO_LARGE_FOR_AN_ITEM = os.urandom(360_000)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_claim_whose_answer_was_lost_is_known_again(when: str) -> None:
    desk = Desk()
    desk.aws.faults = [(when, "TimedOut")]

    answer = desk.ask(plain())

    assert read(answer) == b'{"id":1}'
    assert desk.carried_out == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_answer_is_stored_though_the_first_attempt_was_lost(when: str) -> None:
    desk = Desk()
    desk.aws.faults = [None, (when, "TimedOut")]

    desk.ask(plain())

    assert read(desk.ask(plain(), request("r2"))) == b'{"id":1}'
    assert desk.carried_out == 1


def test_an_answer_that_cannot_be_stored_is_given_and_its_key_freed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    desk = Desk()
    desk.aws.faults = [None, ("before", "ThrottlingException")]

    answer = desk.ask(plain())

    assert read(answer) == b'{"id":1}'
    assert desk.marks == []
    said, counted = logged(capsys.readouterr().out)
    assert (said["level"], said["message"], said["request_id"]) == ("ERROR", "answer_unstored", "r1")
    assert said["code"] == "ThrottlingException"
    assert counted["AnswerUnstored"] == 1


def test_an_answer_that_may_be_stored_is_not_deleted() -> None:
    desk = Desk()
    desk.aws.faults = [None, ("before", "TimedOut"), ("after", "TimedOut")]

    desk.ask(plain())

    assert read(desk.ask(plain(b"other"), request("r2"))) == b'{"id":1}'


@pytest.mark.parametrize("code", ["AccessDenied", "TimedOut"])
def test_if_the_bucket_refuses_the_answer_is_given_and_its_key_freed(code: str) -> None:
    desk = Desk()
    desk.objects.fault = AwsError(code)

    answer = desk.ask(plain(TOO_LARGE_FOR_AN_ITEM))

    assert read(answer) == TOO_LARGE_FOR_AN_ITEM
    assert desk.marks == []


def test_if_a_key_cannot_be_freed_it_comes_free_at_its_deadline(capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk()
    desk.aws.faults = [None, ("before", "Unreachable")]

    with pytest.raises(RuntimeError, match="defect"):
        desk.ask(RuntimeError("defect"))
    with pytest.raises(RequestInProgress):
        desk.ask(plain(), request("r2", now=NOW + 1))
    desk.ask(plain(), request("r3", now=NOW + 161))

    assert desk.carried_out == 2
    assert logged(capsys.readouterr().out)[0]["message"] == "mark_not_freed"


def test_a_stored_answer_that_cannot_be_read_is_not_made_anew(capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk()
    desk.ask(plain(TOO_LARGE_FOR_AN_ITEM))
    desk.objects.fault = AwsError("Unreachable")

    with pytest.raises(StoreUnavailable):
        desk.ask(plain(), request("r2"))

    assert desk.carried_out == 1
    assert logged(capsys.readouterr().out)[0]["message"] == "answer_unread"


def test_a_damaged_answer_is_not_given(capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk()
    desk.ask(plain(TOO_LARGE_FOR_AN_ITEM))
    (name,) = desk.objects.objects
    desk.objects.objects[name] = desk.objects.objects[name][:-9]

    with pytest.raises(StoreUnavailable):
        desk.ask(plain(), request("r2"))

    assert desk.carried_out == 1
    assert logged(capsys.readouterr().out)[0]["message"] == "answer_damaged"


def test_a_condition_that_fails_without_its_reason_is_no_free_pass() -> None:
    class Silent:
        def call(self, action: str, _: dict[str, Any]) -> dict[str, Any]:
            raise AwsError("ConditionalCheckFailedException", action)

    desk = Desk()
    desk.store._aws = Silent()

    with pytest.raises(StoreUnavailable):
        desk.ask(plain())

    assert desk.carried_out == 0


def test_a_defect_in_storing_does_not_harm_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk()
    odd: dict[str, Any] = {"x-odd": 0.5}

    answer = desk.ask(StreamingResponse(200, odd, [b"body"]))

    assert read(answer) == b"body"
    assert logged(capsys.readouterr().out)[0]["code"] == "TypeError"
    assert desk.marks == []


def test_no_line_and_no_mark_holds_a_prompt_or_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk()
    secret = request(body="my prompt", key="my key")
    desk.aws.faults = [None, ("before", "ThrottlingException"), ("before", "Unreachable")]

    desk.ask(plain(b"my answer"), secret)

    written = capsys.readouterr().out + repr(desk.marks) + repr(secret)
    assert "answer_unstored" in written
    assert not any(word in written for word in ("my prompt", "my key", "my answer"))
