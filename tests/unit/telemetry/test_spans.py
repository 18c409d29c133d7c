"""The span of a request: every field of it, as OTLP's JSON has it."""

import json

from aggregator.telemetry.spans import span_of, traces
from aggregator.telemetry.trace_ids import ids_of
from tests.unit.telemetry.telemetry_world import TRACE, end

HASH = "1f5089a4dcb3b3b61dd255e21e5b7492"


def said_of(span: dict[str, object]) -> dict[str, object]:
    """Attributes by name: one value each, as written."""
    return {each["key"]: each["value"] for each in span["attributes"]}  # type: ignore[attr-defined]


def test_a_plain_chat_is_one_client_span_with_the_conventions_names_and_ours() -> None:
    span = span_of(end(), "a key", under_xray=False)

    attributes = said_of(span)
    del span["attributes"]
    assert span == {
        "traceId": ids_of("01a20743c9f6-0d672930-faca-47b7-b174-2797b7d896eb", None).trace_id,
        "spanId": ids_of("01a20743c9f6-0d672930-faca-47b7-b174-2797b7d896eb", None).span_id,
        "name": "chat gpt-4o-mini",
        "kind": 3,
        "startTimeUnixNano": "1795418212962000000",
        "endTimeUnixNano": "1795418213462000000",
    }
    user = attributes.pop("user.hash")
    assert attributes.pop("user.id") == user
    assert attributes == {
        "gen_ai.operation.name": {"stringValue": "chat"},
        "gen_ai.provider.name": {"stringValue": "openai"},
        "gen_ai.request.model": {"stringValue": "gpt-4o-mini"},
        "gen_ai.response.model": {"stringValue": "gpt-4o-mini"},
        "gen_ai.request.stream": {"boolValue": False},
        "http.response.status_code": {"intValue": "200"},
        "gen_ai.usage.input_tokens": {"intValue": "8"},
        "gen_ai.usage.output_tokens": {"intValue": "4"},
        "gen_ai.usage.cost": {"doubleValue": 0.0000036},
        "aggregator.request.id": {"stringValue": "01a20743c9f6-0d672930-faca-47b7-b174-2797b7d896eb"},
        "aggregator.key.id": {"stringValue": "1xVOI70pADNQ"},
        "aggregator.provider.id": {"stringValue": "openai"},
        "aggregator.surface": {"stringValue": "chat"},
        "aggregator.outcome": {"stringValue": "completed"},
        "aggregator.attempts": {"intValue": "1"},
        "aggregator.cost.usd": {"doubleValue": 0.0000036},
        "aggregator.cost.nano_usd": {"intValue": "3600"},
        "aggregator.price.version": {"stringValue": "2026-11-23"},
    }


def test_a_stream_says_when_it_began_and_what_its_tokens_were() -> None:
    used = {
        "inputTokens": 2_000,
        "cachedInputTokens": 1_500,
        "cacheWriteTokens": 300,
        "outputTokens": 90,
        "reasoningTokens": 40,
        "images": 2,
        "estimated": True,
        "tools": {"web_search": 2},
        "serviceTier": "flex",
    }

    said = said_of(
        span_of(
            end(
                stream=True,
                usage=used,
                provider="bedrock-converse",
                upstreamModel="eu.anthropic.claude",
                maxTokens=512,
                capped="balance",
                ignored=["prompt_cache_key"],
                leftOut=["azure"],
                strategy="cheapest",
                teamId="blue",
            ),
            None,
            under_xray=False,
        )
    )

    assert {name: value for name, value in said.items() if name.startswith("gen_ai.") or "usage" in name} == {
        "gen_ai.operation.name": {"stringValue": "chat"},
        "gen_ai.provider.name": {"stringValue": "aws.bedrock"},
        "gen_ai.request.model": {"stringValue": "gpt-4o-mini"},
        "gen_ai.response.model": {"stringValue": "eu.anthropic.claude"},
        "gen_ai.request.stream": {"boolValue": True},
        "gen_ai.request.max_tokens": {"intValue": "512"},
        "gen_ai.response.time_to_first_chunk": {"doubleValue": 0.48},
        "gen_ai.usage.input_tokens": {"intValue": "2000"},
        "gen_ai.usage.output_tokens": {"intValue": "90"},
        "gen_ai.usage.cache_read.input_tokens": {"intValue": "1500"},
        "gen_ai.usage.cache_creation.input_tokens": {"intValue": "300"},
        "gen_ai.usage.reasoning.output_tokens": {"intValue": "40"},
        "gen_ai.usage.cost": {"doubleValue": 0.0000036},
        "aggregator.usage.estimated": {"boolValue": True},
        "aggregator.usage.images": {"intValue": "2"},
        "aggregator.usage.tool_calls.web_search": {"intValue": "2"},
    }
    assert said["aggregator.provider.id"] == {"stringValue": "bedrock-converse"}
    assert said["aggregator.ignored"] == {"arrayValue": {"values": [{"stringValue": "prompt_cache_key"}]}}
    assert said["aggregator.left_out"] == {"arrayValue": {"values": [{"stringValue": "azure"}]}}
    assert said["aggregator.service_tier"] == {"stringValue": "flex"}
    assert said["aggregator.capped"] == {"stringValue": "balance"}
    assert said["aggregator.strategy"] == {"stringValue": "cheapest"}
    assert said["aggregator.paid_by_team"] == {"boolValue": True}


def test_without_a_key_of_the_secret_nobody_is_told_and_with_one_never_by_name() -> None:
    nobody = said_of(span_of(end(), None, under_xray=False))
    somebody = said_of(span_of(end(), "a key", under_xray=False))
    the_same = said_of(span_of(end(requestId="another"), "a key", under_xray=False))
    by_another = said_of(span_of(end(), "another key", under_xray=False))

    assert not {"user.id", "user.hash"} & nobody.keys()
    assert somebody["user.hash"] == {"stringValue": HASH} == the_same["user.hash"]
    assert by_another["user.hash"] != somebody["user.hash"]
    assert "ann" not in json.dumps(span_of(end(), "a key", under_xray=False))


def test_a_request_that_no_route_answered_is_an_error_with_its_tries_and_uses_nothing() -> None:
    tries = [
        {"provider": "openai", "code": "provider_unavailable", "atMs": 120},
        {"provider": "azure", "code": "provider_timeout", "atMs": 400},
    ]
    failed = end(
        outcome="provider_error", status=504, attempts=2, provider="azure", failedTries=tries,
        timeToFirstTokenMs=None, costNanoUsd=0,
    )  # fmt: skip

    span = span_of(failed, None, under_xray=False)

    said = said_of(span)
    assert span["status"] == {"code": 2, "message": "provider_error"}
    assert said["error.type"] == {"stringValue": "provider_error"}
    assert said["http.response.status_code"] == {"intValue": "504"}
    assert not {name for name in said if name.startswith(("gen_ai.usage", "gen_ai.response"))}
    assert span["events"] == [
        {
            "timeUnixNano": "1795418213082000000",
            "name": "aggregator.attempt.failed",
            "attributes": [
                {"key": "aggregator.provider.id", "value": {"stringValue": "openai"}},
                {"key": "error.type", "value": {"stringValue": "provider_unavailable"}},
            ],
        },
        {
            "timeUnixNano": "1795418213362000000",
            "name": "aggregator.attempt.failed",
            "attributes": [
                {"key": "aggregator.provider.id", "value": {"stringValue": "azure"}},
                {"key": "error.type", "value": {"stringValue": "provider_timeout"}},
            ],
        },
    ]


def test_a_client_that_left_is_no_error() -> None:
    span = span_of(end(outcome="client_gone"), None, under_xray=False)

    assert "status" not in span
    assert "error.type" not in said_of(span)


def test_the_trace_is_x_rays_where_there_is_one() -> None:
    traced = end(trace=TRACE)

    under = span_of(traced, None, under_xray=True)
    alone = span_of(traced, None, under_xray=False)

    assert under["traceId"] == alone["traceId"] == "6a22a50caaaabbbbccccddddeeeeffff"
    assert under["parentSpanId"] == "53995c3f42cd8ad8"
    assert "parentSpanId" not in alone  # its parent is in X-Ray alone: it would hang from nothing


def test_a_trace_that_x_ray_does_not_keep_has_no_parent_in_it() -> None:
    assert ids_of("r", TRACE.replace("Sampled=1", "Sampled=0")).parent_id is None
    assert ids_of("r", "Root=1-6a22a50c-aaaabbbbccccddddeeeeffff").parent_id is None
    lineage = f"{TRACE};Lineage=1:a87bd80c:0"
    assert ids_of("r", lineage).trace_id == "6a22a50caaaabbbbccccddddeeeeffff"


def test_without_a_trace_ids_come_from_the_request_alone_and_are_the_same_each_time() -> None:
    first = ids_of("01a20743c9f6-0d672930-faca-47b7-b174-2797b7d896eb", None)

    assert first == ids_of("01a20743c9f6-0d672930-faca-47b7-b174-2797b7d896eb", "no such header")
    assert first.trace_id[:8] == "6b03e864"  # its seconds, as X-Ray's ids begin
    assert (len(first.trace_id), len(first.span_id)) == (32, 16)
    assert ids_of("another", None).span_id != first.span_id
    assert len(ids_of("another", None).trace_id) == 32


def test_a_request_of_spans_says_whose_they_are() -> None:
    said = traces([{"spanId": "1"}], {"service.name": "ai-aggregator"}, {"name": "s"})

    assert said == {
        "resourceSpans": [
            {
                "resource": {
                    "attributes": [{"key": "service.name", "value": {"stringValue": "ai-aggregator"}}]
                },
                "scopeSpans": [
                    {
                        "scope": {"name": "s"},
                        "spans": [{"spanId": "1"}],
                        "schemaUrl": "https://opentelemetry.io/schemas/1.44.0",
                    }
                ],
            }
        ]
    }
