"""What a client of OTLP does with each answer: take it, wait for it, or tell that it is lost."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from aggregator.runtime.public_post import NotPosted, Posted
from aggregator.telemetry.send import Sender, Sent, seconds_of

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


class Endpoint:
    """Answers in turn, the last one for ever; keeps what it was shown and how long the sender slept."""

    def __init__(self, *answers: Posted | str) -> None:
        self.answers = list(answers)
        self.posts: list[dict[str, str]] = []
        self.slept: list[float] = []
        self.shown: list[bool] = []

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        assert url == "https://otlp.example.com/v1/traces"
        assert body[:2] == b"\x1f\x8b"
        self.posts.append(dict(headers))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, str):
            raise NotPosted(answer)
        return answer

    def authorize(self, anew: bool, headers: Mapping[str, str], _body: bytes) -> Mapping[str, str]:
        self.shown.append(anew)
        return {**headers, "authorization": "new" if anew else "old"}

    def sent(self) -> Sent:
        sender = Sender(self.post, lambda: NOW, self.slept.append, lambda: 0.5)
        return sender.send("https://otlp.example.com/v1/traces", {"resourceSpans": []}, 3, self.authorize)


def answered(status: int, body: bytes = b"{}", **headers: str) -> Posted:
    return Posted(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def test_what_is_taken_is_taken() -> None:
    endpoint = Endpoint(answered(200))

    assert endpoint.sent() == Sent()
    assert endpoint.posts == [
        {"content-type": "application/json", "content-encoding": "gzip", "authorization": "old"}
    ]


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"\x0a", b'{"partialSuccess": {}}'])
def test_a_success_that_says_nothing_of_use_is_a_success(body: bytes) -> None:
    assert Endpoint(answered(200, body)).sent() == Sent()


def test_what_was_rejected_of_it_is_lost_and_never_sent_again() -> None:
    endpoint = Endpoint(
        answered(200, b'{"partialSuccess": {"rejectedSpans": "2", "errorMessage": "too old"}}')
    )

    assert endpoint.sent() == Sent(lost=2, why="too old")
    assert len(endpoint.posts) == 1


def test_points_are_rejected_by_another_name_and_no_more_than_were_sent() -> None:
    endpoint = Endpoint(answered(200, b'{"partialSuccess": {"rejectedDataPoints": 99}}'))

    assert endpoint.sent() == Sent(lost=3, why="")


def test_a_warning_loses_nothing() -> None:
    endpoint = Endpoint(answered(200, b'{"partialSuccess": {"errorMessage": "use gzip"}}'))

    assert endpoint.sent() == Sent(why="use gzip")


def test_an_answer_without_end_is_not_read_and_not_asked_for_again() -> None:
    endpoint = Endpoint(Posted(200, {}, b"{" * 10, is_whole=False))

    assert endpoint.sent() == Sent(why="its answer is too long to be read")
    assert len(endpoint.posts) == 1


@pytest.mark.parametrize("status", [302, 400, 404, 408, 413, 415, 500, 501, 505])
def test_what_is_refused_for_good_is_lost_at_once(status: int) -> None:
    endpoint = Endpoint(answered(status, b'{"message": "no such thing"}'))

    assert endpoint.sent() == Sent(lost=3, why=f"{status} no such thing")
    assert (len(endpoint.posts), endpoint.slept) == (1, [])


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_pass_is_tried_three_times_and_then_later(status: int) -> None:
    endpoint = Endpoint(answered(status, b"busy"))

    assert endpoint.sent() == Sent(why=str(status), is_later=True)
    assert endpoint.slept == [0.5, 1.0]
    assert len(endpoint.posts) == 3


def test_an_endpoint_that_is_away_is_tried_again_like_one_that_is_busy() -> None:
    endpoint = Endpoint("it cannot be reached", answered(200))

    assert endpoint.sent() == Sent()
    assert endpoint.slept == [0.5]
    assert Endpoint("it cannot be reached").sent() == Sent(why="it cannot be reached", is_later=True)


def test_a_short_wait_that_is_asked_for_is_waited_for() -> None:
    endpoint = Endpoint(answered(429, retry_after="3"), answered(200))

    assert endpoint.sent() == Sent()
    assert endpoint.slept == [3.0]


def test_a_long_one_is_left_to_the_queue() -> None:
    endpoint = Endpoint(answered(503, retry_after="600"))

    assert endpoint.sent() == Sent(why="503", is_later=True, after_seconds=600.0)
    assert (len(endpoint.posts), endpoint.slept) == (1, [])


@pytest.mark.parametrize("status", [401, 403])
def test_who_is_not_known_shows_the_secret_as_it_is_now_once(status: int) -> None:
    rotated = Endpoint(answered(status), answered(200))
    strange = Endpoint(answered(status))

    assert rotated.sent() == Sent()
    assert (rotated.shown, rotated.posts[1]["authorization"]) == ([False, True], "new")
    assert strange.sent() == Sent(lost=3, why=str(status))
    assert strange.shown == [False, True]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("Mon, 23 Nov 2026 12:02:00 GMT", 120.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1e3", None),
        ("9" * 400, None),
        ("٣", None),
    ],
)
def test_a_wait_is_a_number_of_seconds_or_a_date(said: str | None, seconds: float | None) -> None:
    assert seconds_of(said, NOW) == seconds
