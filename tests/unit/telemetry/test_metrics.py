"""Metrics of a batch: what is counted, in which bucket, and by what it is told apart."""

from typing import Any

from aggregator.telemetry.metrics import metrics
from tests.unit.telemetry.telemetry_world import end

FAILED: dict[str, Any] = {
    "outcome": "provider_error",
    "status": 503,
    "timeToFirstTokenMs": None,
    "costNanoUsd": 0,
    "latencyMs": 20,
}


def told(*ends: Any) -> dict[str, Any]:
    """The metrics by their names."""
    said = metrics(ends, {"service.name": "x"}, {"name": "s"})
    return {each["name"]: each for each in said["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]}


def by(point: dict[str, Any]) -> dict[str, str]:
    return {each["key"]: each["value"]["stringValue"] for each in point["attributes"]}


def filled(point: dict[str, Any]) -> dict[float, int]:
    """How many are up to which bound."""
    bounds = [*point["explicitBounds"], float("inf")]
    return {bound: int(n) for bound, n in zip(bounds, point["bucketCounts"], strict=True) if n != "0"}


def test_tokens_are_counted_by_their_type_in_the_conventions_buckets() -> None:
    usage = told(end(), end(requestId="b", usage={"inputTokens": 100, "outputTokens": 5}))[
        "gen_ai.client.token.usage"
    ]

    points = {by(point)["gen_ai.token.type"]: point for point in usage["histogram"]["dataPoints"]}
    assert usage["unit"] == "{token}"
    assert usage["histogram"]["aggregationTemporality"] == 1
    assert set(points) == {"input", "output"}
    assert by(points["input"]) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.response.model": "gpt-4o-mini",
        "gen_ai.token.type": "input",
    }
    assert filled(points["input"]) == {16.0: 1, 256.0: 1}
    assert (points["input"]["count"], points["input"]["sum"]) == ("2", 108.0)
    assert (points["input"]["min"], points["input"]["max"]) == (8.0, 100.0)
    assert filled(points["output"]) == {4.0: 1, 16.0: 1}  # a bound is within its bucket
    assert points["input"]["startTimeUnixNano"] == "1795418212962000000"
    assert points["input"]["timeUnixNano"] == "1795418213462000000"
    assert len(points["input"]["explicitBounds"]) == 14
    assert points["input"]["explicitBounds"][-1] == 67108864.0


def test_durations_are_told_apart_by_what_ended_them() -> None:
    said = told(end(), end(requestId="b", **FAILED))

    for name in ("gen_ai.client.operation.duration", "gen_ai.server.request.duration"):
        points = {by(point).get("error.type"): point for point in said[name]["histogram"]["dataPoints"]}
        assert said[name]["unit"] == "s"
        assert set(points) == {None, "provider_error"}
        assert filled(points[None]) == {0.64: 1}
        assert filled(points["provider_error"]) == {0.02: 1}
        assert points[None]["sum"] == 0.5
        assert "gen_ai.response.model" not in by(points["provider_error"])


def test_what_no_route_answered_has_no_tokens_and_a_plain_answer_no_first_word() -> None:
    said = told(end(**FAILED))

    assert set(said) == {
        "gen_ai.client.operation.duration",
        "gen_ai.server.request.duration",
        "aggregator.cost",
    }
    assert "gen_ai.server.time_to_first_token" not in told(end())


def test_a_stream_says_when_its_first_word_came_to_us_and_from_us_and_how_fast_the_rest() -> None:
    said = told(end(stream=True, usage={"inputTokens": 8, "outputTokens": 11}, timeToFirstTokenMs=100))

    ((chunk,), (first,), (each,)) = (
        said[name]["histogram"]["dataPoints"]
        for name in (
            "gen_ai.client.operation.time_to_first_chunk",
            "gen_ai.server.time_to_first_token",
            "gen_ai.server.time_per_output_token",
        )
    )
    assert (chunk["sum"], first["sum"], each["sum"]) == (0.45, 0.1, 0.04)
    assert (filled(chunk), filled(first), filled(each)) == ({0.64: 1}, {0.1: 1}, {0.05: 1})


def test_embeddings_have_no_output() -> None:
    said = told(
        end(surface="embeddings", model="text-embedding-3-small", usage={"inputTokens": 8, "outputTokens": 0})
    )

    (point,) = said["gen_ai.client.token.usage"]["histogram"]["dataPoints"]
    assert by(point)["gen_ai.operation.name"] == "embeddings"
    assert by(point)["gen_ai.token.type"] == "input"


def test_money_is_summed_to_the_nano_dollar() -> None:
    said = told(end(costNanoUsd=1), end(requestId="b", costNanoUsd=2), end(requestId="c", provider="xai"))

    cost = said["aggregator.cost"]
    assert (cost["unit"], cost["sum"]["isMonotonic"], cost["sum"]["aggregationTemporality"]) == (
        "USD",
        True,
        1,
    )
    assert {by(point)["gen_ai.provider.name"]: point["asDouble"] for point in cost["sum"]["dataPoints"]} == {
        "openai": 0.000000003,
        "x_ai": 0.0000036,
    }


def test_no_metric_is_by_user_or_key() -> None:
    said = told(end(stream=True), end(requestId="b", userId="ben", keyId="other", stream=True))

    for each in said.values():
        for point in (each.get("histogram") or each["sum"])["dataPoints"]:
            assert {name for name in by(point) if "user" in name or "key" in name} == set()
