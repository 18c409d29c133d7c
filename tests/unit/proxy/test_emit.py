"""Usage is said once: on the bus, else in the queue, else in one log line."""

import json

import pytest

from aggregator.billing.model import Hold
from aggregator.billing.price import Usage
from aggregator.proxy.emit import UsageBus, event_of
from aggregator.proxy.exchange import FailedTry
from aggregator.proxy.model import Receipt
from aggregator.runtime.aws import AwsError, JsonObject
from tests.fakes.chat_world import REQUEST_ID, route
from tests.fakes.scripted_aws import ScriptedAws

RECEIPT = Receipt(
    request_id=REQUEST_ID,
    user_id="ann",
    key_id="k1",
    occurred_at="2026-11-23T12:00:00.000Z",
    route=route(),
    hold=Hold(500, "1764000000", available_after_nano_usd=300),
    usage=Usage(input_tokens=10, output_tokens=5),
    cost_nano_usd=20,
    outcome="completed",
    status=200,
    attempts=1,
    surface="chat",
    stream=True,
    latency_ms=1200,
    first_token_ms=300,
    provider_ms=280,
)
PUT = {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]}


def emitted(bus: ScriptedAws, queue: ScriptedAws) -> None:
    UsageBus(bus=bus, bus_name="platform", queue=queue, queue_url="https://sqs.example/q").emit(RECEIPT)


def lines(capsys: pytest.CaptureFixture[str]) -> list[JsonObject]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_an_event_goes_on_the_bus_in_one_call() -> None:
    bus, queue = ScriptedAws(PUT), ScriptedAws()

    emitted(bus, queue)

    ((action, request),) = bus.calls
    (entry,) = request["Entries"]
    assert action == "PutEvents"
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (
        "platform",
        "aggregator.proxy",
        "ai_usage",
    )
    assert json.loads(entry["Detail"]) == event_of(RECEIPT)
    assert queue.calls == []


@pytest.mark.promise("books")
@pytest.mark.parametrize(
    "refusal",
    [AwsError("InternalException"), AwsError("TimedOut"), {"FailedEntryCount": 1, "Entries": [{}]}],
)
def test_what_the_bus_refuses_goes_straight_to_the_queue(
    refusal: AwsError | JsonObject, capsys: pytest.CaptureFixture[str]
) -> None:
    bus, queue = ScriptedAws(refusal), ScriptedAws({"MessageId": "m"})

    emitted(bus, queue)

    ((action, request),) = queue.calls
    assert (action, request["QueueUrl"]) == ("SendMessage", "https://sqs.example/q")
    assert json.loads(request["MessageBody"])["detail"] == event_of(RECEIPT)
    assert "usage_lost" not in capsys.readouterr().out


@pytest.mark.promise("books")
def test_what_both_refuse_stands_whole_in_one_log_line_and_is_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    emitted(ScriptedAws(AwsError("Unreachable")), ScriptedAws(AwsError("Unreachable")))

    said = lines(capsys)
    lost = [line for line in said if line.get("message") == "usage_lost"]
    counted = [line for line in said if "UsageLost" in line]
    assert [line["event"] for line in lost] == [event_of(RECEIPT)]
    assert lost[0]["level"] == "ERROR"
    assert [line["UsageLost"] for line in counted] == [1]
    assert counted[0]["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [{"Name": "UsageLost", "Unit": "Count"}]


def test_the_event_says_all_that_settling_and_metrics_need() -> None:
    assert event_of(RECEIPT) == {
        "version": 1,
        "requestId": REQUEST_ID,
        "userId": "ann",
        "keyId": "k1",
        "occurredAt": "2026-11-23T12:00:00.000Z",
        "hold": {"amountNanoUsd": 500, "bucket": "1764000000"},
        "model": "mini",
        "upstreamModel": "openai-mini",
        "provider": "openai",
        "attempts": 1,
        "surface": "chat",
        "strategy": "priority",
        "stream": True,
        "outcome": "completed",
        "status": 200,
        "usage": {
            "inputTokens": 10,
            "cachedInputTokens": 0,
            "cacheWriteTokens": 0,
            "outputTokens": 5,
            "reasoningTokens": 0,
            "images": 0,
            "estimated": False,
        },
        "price": {"version": "1", "input": 1_000_000, "output": 2_000_000},
        "costNanoUsd": 20,
        "latencyMs": 1200,
        "balanceNanoUsd": 780,
        "timeToFirstTokenMs": 300,
        "providerMs": 280,
    }


def test_a_cap_and_what_was_left_out_are_said_where_there_are_any() -> None:
    told = event_of(RECEIPT._replace(max_tokens=388, ignored=("seed", "metadata", "seed")))

    assert (told["maxTokens"], told["ignored"], "capped" in told) == (388, ["seed", "metadata"], False)
    assert event_of(RECEIPT._replace(max_tokens=388, capped_by_balance=True))["capped"] == "balance"


def test_the_providers_name_of_a_model_and_tries_that_failed_are_said_where_there_are_any() -> None:
    failed = (FailedTry("azure", "provider_timeout", 120), FailedTry("azure", "provider_error", 400))
    same = RECEIPT.route._replace(via=RECEIPT.route.via._replace(upstream_model="mini"))

    said = event_of(RECEIPT._replace(failed=failed))

    assert said["upstreamModel"] == "openai-mini"
    assert said["failedTries"] == [
        {"provider": "azure", "code": "provider_timeout", "atMs": 120},
        {"provider": "azure", "code": "provider_error", "atMs": 400},
    ]
    assert not {"upstreamModel", "failedTries", "trace"} & event_of(RECEIPT._replace(route=same)).keys()


def test_the_trace_of_the_invocation_goes_along_by_the_bus_and_by_the_queue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trace = "Root=1-6a22a50c-aaaabbbbccccddddeeeeffff;Parent=53995c3f42cd8ad8;Sampled=1"
    monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
    bus, queue = ScriptedAws(AwsError("Throttled")), ScriptedAws()

    emitted(bus, queue)

    assert json.loads(bus.calls[0][1]["Entries"][0]["Detail"])["trace"] == trace
    assert json.loads(queue.calls[0][1]["MessageBody"])["detail"]["trace"] == trace


def test_a_time_that_never_came_is_left_out() -> None:
    assert "timeToFirstTokenMs" not in event_of(RECEIPT._replace(first_token_ms=None))
    assert "providerMs" not in event_of(RECEIPT._replace(provider_ms=None))


def test_a_cost_over_the_hold_leaves_the_balance_without_it() -> None:
    assert RECEIPT._replace(cost_nano_usd=9_999).balance_nano_usd == 300
