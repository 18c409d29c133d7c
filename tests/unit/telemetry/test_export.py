"""A batch of events: spans before points, and what of it comes again."""

import json
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from aggregator.runtime.batch import Message
from aggregator.telemetry.export import Exported
from aggregator.telemetry.send import Sent
from local.otlp.judging import judge_metrics, judge_traces
from local.otlp.reading import from_json
from tests.unit.telemetry.telemetry_world import KeptSending, exporter, message, request_for, usage

LATER = Sent(is_later=True, why="503")


def names(sending: KeptSending) -> list[str]:
    return [url for url, _, _ in sending.sent]


def test_spans_go_first_and_then_points_and_both_are_valid() -> None:
    sending = KeptSending()

    done = exporter(sending).export([message(1), message(2, stream=True, failedTries=[
        {"provider": "azure", "code": "provider_timeout", "atMs": 3}
    ])])  # fmt: skip

    assert done == Exported()
    ((first, spans, n_spans), (second, points, n_points)) = sending.sent
    assert (first, n_spans, second, n_points) == ("traces", 2, "metrics", 8)
    judges: dict[str, Any] = {"traces": judge_traces, "metrics": judge_metrics}
    for path, payload in (("traces", spans), ("metrics", points)):
        request = request_for(path)
        from_json(json.dumps(payload).encode(), request)
        judges[path](request)
        (told,) = MessageToDict(request).popitem()[1]
        resource = {each["key"]: each["value"]["stringValue"] for each in told["resource"]["attributes"]}
        assert resource["service.name"] == "ai-aggregator"
        assert resource.get("service.instance.id") == (None if path == "traces" else "one")


def test_an_event_that_came_twice_is_one_span() -> None:
    sending = KeptSending()

    exporter(sending).export([message(1), Message("again", usage(requestId="r1"))])

    assert [count for _, _, count in sending.sent] == [1, 5]


def test_what_is_not_taken_now_comes_again_whole_and_points_wait_for_their_spans() -> None:
    sending = KeptSending(LATER)

    done = exporter(sending).export([message(1), Message("again", usage(requestId="r1")), message(2)])

    assert done == Exported(frozenset({"m1", "again", "m2"}))
    assert names(sending) == ["traces"]


def test_points_that_are_not_taken_come_again_with_their_spans_and_for_as_long_as_is_asked() -> None:
    sending = KeptSending(Sent(), Sent(is_later=True, after_seconds=900))

    assert exporter(sending).export([message(1)]) == Exported(frozenset({"m1"}), 900)
    assert names(sending) == ["traces", "metrics"]


def test_what_is_lost_for_good_does_not_come_again_and_is_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sending = KeptSending(Sent(lost=1, why="400 bad"))

    assert exporter(sending).export([message(1)]) == Exported()
    assert names(sending) == ["traces", "metrics"]
    (line,) = (each for each in caplog.records if each.message == "Telemetry lost")
    assert {name: vars(line)[name] for name in ("what", "lost", "reason", "request_ids")} == {
        "what": "spans",
        "lost": 1,
        "reason": "400 bad",
        "request_ids": ["r1"],
    }


def test_events_that_lie_far_apart_go_out_apart_the_oldest_first() -> None:
    sending = KeptSending()
    old = message(2, occurredAt="2026-11-22T07:16:52.962Z")

    exporter(sending).export([message(1), old])

    assert names(sending) == ["traces", "metrics", "traces", "metrics"]
    spans = [
        payload["resourceSpans"][0]["scopeSpans"][0]["spans"] for url, payload, _ in sending.sent if url == "traces"
    ]  # fmt: skip
    assert [each[0]["startTimeUnixNano"] for each in spans] == ["1795331812962000000", "1795418212962000000"]


def test_a_window_that_fails_takes_the_later_ones_along_and_not_the_earlier() -> None:
    sending = KeptSending(Sent(), Sent(), LATER)
    old = message(2, occurredAt="2026-11-22T07:16:52.962Z")

    assert exporter(sending).export([message(1), old]) == Exported(frozenset({"m1"}))


def test_an_event_that_does_not_keep_its_contract_fails_alone() -> None:
    sending = KeptSending()
    poison = [Message("p1", {"version": 2}), Message("p2", usage(occurredAt="yesterday"))]

    done = exporter(sending).export([*poison, message(1)])

    assert done == Exported(frozenset({"p1", "p2"}))
    assert [count for _, _, count in sending.sent] == [1, 5]


def test_only_the_signals_that_were_chosen_are_sent() -> None:
    traces, points = KeptSending(), KeptSending()

    exporter(traces, has_metrics=False).export([message(1)])
    exporter(points, has_traces=False).export([message(1)])

    assert (names(traces), names(points)) == (["traces"], ["metrics"])
