import os
import subprocess
import sys

import pytest

from aggregator.errors import (
    IdempotencyMismatch,
    InvalidRequest,
    ProviderFailed,
    RequestInProgress,
    StoreUnavailable,
    headers_of,
    status_of,
)
from aggregator.proxy.answers.wishes import hash_of, key_of
from aggregator.runtime.streaming import StreamingResponse
from tests.unit.proxy.answers.idempotency_desk import NOW, Desk, plain, read, request, start


def test_the_same_request_gets_the_same_answer_and_is_carried_out_once() -> None:
    desk = Desk()
    first = desk.ask(plain(b'{"id":1}'))

    second = desk.ask(plain(b'{"id":2}'), request("r2"))

    assert desk.carried_out == 1
    assert (first.status, read(first)) == (201, b'{"id":1}')
    assert (second.status, read(second)) == (201, b'{"id":1}')
    assert second.headers == {
        "Content-Type": "application/json",
        "x-aggregator-cost-usd": "0.00",
        "x-aggregator-original-cost-usd": "0.5",
        "x-request-id": "r2",
        "x-aggregator-replayed": "true",
        "x-aggregator-original-request-id": "r1",
    }


def test_a_first_request_costs_two_calls_and_a_repetition_one() -> None:
    desk = Desk()

    desk.ask(plain())
    desk.ask(plain(), request("r2"))

    assert desk.aws.calls == ["PutItem", "PutItem", "PutItem"]


def test_a_plain_answer_is_stored_before_anybody_reads_it() -> None:
    desk = Desk()

    desk.ask(plain())

    assert read(desk.ask(plain(b"other"), request("r2"))) == b'{"id":1}'


def test_what_is_left_of_the_limits_is_not_repeated() -> None:
    desk = Desk()
    desk.ask(StreamingResponse(200, {"X-RateLimit-Remaining-Requests": "5"}, [b""]))

    again = desk.ask(plain(), request("r2"))

    assert "X-RateLimit-Remaining-Requests" not in again.headers


def test_a_repetition_has_a_request_id_of_its_own_under_every_name() -> None:
    desk = Desk()
    desk.ask(StreamingResponse(200, {"request-id": "r1", "x-request-id": "r1"}, [b""]))

    again = desk.ask(plain(), request("r2"))

    assert (again.headers["request-id"], again.headers["x-request-id"]) == ("r2", "r2")
    assert again.headers["x-aggregator-original-request-id"] == "r1"


def test_another_body_under_the_same_key_is_refused_for_good() -> None:
    desk = Desk()
    desk.ask(plain())

    with pytest.raises(IdempotencyMismatch) as refused:
        desk.ask(plain(), request("r2", body='{"other":1}'))

    assert status_of(refused.value) == 422
    assert desk.carried_out == 1


def test_another_body_is_refused_also_while_the_first_is_being_worked_on() -> None:
    desk = Desk()

    def meanwhile() -> StreamingResponse:
        with pytest.raises(IdempotencyMismatch):
            desk.ask(plain(), request("r2", body="other"))
        return plain()

    desk.ask(meanwhile)

    assert desk.carried_out == 1


def test_while_the_first_is_being_worked_on_the_second_is_told_to_come_again() -> None:
    desk = Desk()
    refused: list[RequestInProgress] = []

    def meanwhile() -> StreamingResponse:
        with pytest.raises(RequestInProgress) as caught:
            desk.ask(plain(), request("r2"))
        refused.append(caught.value)
        return plain()

    desk.ask(meanwhile)

    assert status_of(refused[0]) == 409
    headers = headers_of(refused[0], "r2")
    assert (headers["Retry-After"], headers["x-should-retry"]) == ("2", "true")
    assert desk.carried_out == 1


def test_keys_belong_to_their_users() -> None:
    desk = Desk()

    desk.ask(plain(b"ann's"))
    other = desk.ask(plain(b"bob's"), request("r2", user="bob"))

    assert read(other) == b"bob's"


def test_after_a_day_a_key_is_new_though_the_table_still_has_it() -> None:
    desk = Desk()
    desk.ask(plain(b"old"))

    almost = desk.ask(plain(b"new"), request("r2", now=NOW + 86_399))
    after = desk.ask(plain(b"new"), request("r3", body="other", now=NOW + 86_400))

    assert read(almost) == b"old"
    assert read(after) == b"new"


def test_a_request_that_died_gives_its_key_up_a_minute_after_its_deadline() -> None:
    desk = Desk()
    desk.store.begin(request())

    with pytest.raises(RequestInProgress):
        desk.ask(plain(), request("r2", now=NOW + 160))
    taken_over = desk.ask(plain(b"second"), request("r3", now=NOW + 161))

    assert read(taken_over) == b"second"


def test_whoever_lost_its_key_to_another_neither_overwrites_nor_frees_it() -> None:
    desk = Desk()
    slow = request()

    def outlived() -> StreamingResponse:
        desk.ask(plain(b"second"), request("r2", now=NOW + 500))
        return plain(b"first")

    answer = desk.ask(outlived, slow)
    desk.store.forget(slow)

    assert read(answer) == b"first"
    assert read(desk.ask(plain(), request("r3", now=NOW + 501))) == b"second"


@pytest.mark.parametrize("failure", [ProviderFailed("no"), RuntimeError("defect")])
def test_a_request_that_failed_may_be_tried_again(failure: Exception) -> None:
    desk = Desk()

    with pytest.raises(type(failure)):
        desk.ask(failure)
    answer = desk.ask(plain(b"well"), request("r2"))

    assert read(answer) == b"well"
    assert desk.carried_out == 2


def test_an_answer_that_is_a_refusal_is_not_stored() -> None:
    desk = Desk()

    refused = desk.ask(plain(b"refused", status=400))
    desk.ask(plain(), request("r2"))

    assert read(refused) == b"refused"
    assert desk.carried_out == 2


def test_a_large_answer_is_compressed_into_the_table() -> None:
    desk = Desk()
    body = b'{"text":"' + b"word " * 400_000 + b'"}'

    desk.ask(plain(body))

    assert desk.objects.objects == {}
    assert read(desk.ask(plain(), request("r2"))) == body


def test_an_answer_over_the_item_limit_is_kept_in_the_bucket() -> None:
    desk = Desk()
    body = os.urandom(360_000)

    desk.ask(plain(body))

    (name,) = desk.objects.objects
    assert name.startswith("answers/")
    assert len(name) == 72
    assert set(desk.marks[0]) == {
        "body_hash",
        "request_id",
        "expires_at",
        "answer_status",
        "answer_headers",
        "object",
    }
    assert read(desk.ask(plain(), request("r2"))) == body


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_1_to_255_characters(key: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        key_of({"headers": {"idempotency-key": key}})

    assert refused.value.param == "Idempotency-Key"


def test_a_key_is_found_whatever_the_case_of_its_header() -> None:
    assert key_of({"headers": {"IDEMPOTENCY-KEY": "k" * 255}}) == "k" * 255
    assert key_of({"headers": None}) is None


def test_the_longest_key_of_any_script_fits_into_the_table() -> None:
    desk = Desk()

    desk.ask(plain(), request(key="\N{GRINNING FACE}" * 255))

    ((_, sort_key),) = desk.aws.inner.items
    assert len(sort_key) == 71


def test_requests_differ_by_route_and_by_every_byte_of_the_body() -> None:
    hashes = {
        hash_of("POST /v1/chat/completions", "{}"),
        hash_of("POST /v1/embeddings", "{}"),
        hash_of("POST /v1/chat/completions", "{ }"),
    }

    assert len(hashes) == 3
    assert hash_of("POST /v1/chat/completions", b"{}") in hashes


@pytest.mark.parametrize("code", ["Unreachable", "ThrottlingException", "AccessDeniedException"])
def test_if_the_table_cannot_be_asked_nothing_is_done(code: str) -> None:
    desk = Desk()
    desk.aws.faults = [("before", code)]

    with pytest.raises(StoreUnavailable) as refused:
        desk.ask(plain())

    assert refused.value.retry_after_seconds == 1
    assert desk.carried_out == 0


def test_the_hot_path_starts_without_heavy_modules() -> None:
    heavy = {
        "boto3",
        "botocore",
        "pydantic",
        "aws_lambda_powertools",
        "http.client",
        "email",
        "urllib.request",
    }
    script = (
        "import sys, aggregator.proxy.answers.idempotency, aggregator.proxy.limits.take, aggregator.runtime.signed_s3\n"
        "print(*sys.modules)"
    )

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603

    assert heavy & set(ran.stdout.split()) == set()


def test_reading_a_stored_answer_gives_one_chunk() -> None:
    desk = Desk()
    desk.ask(plain(b"whole"))

    again = desk.ask(plain(), request("r2"))

    assert start(again.chunks, 1) == [b"whole"]
