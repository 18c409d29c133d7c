"""Gemini's plain answers, built from the SDK's own types, as chat completions."""

import json
from typing import Any

import pytest
from google.genai import types

from aggregator.billing.price import Usage as Counted
from aggregator.errors import ProviderFailed, ProviderUnavailable, RateLimitExceeded, Refusal
from aggregator.proxy.dialects.gemini.provider import refusal
from tests.fakes.chat_world import JsonObject
from tests.unit.proxy.dialects.native_world import Native

HI = {"role": "user", "content": "hi"}
USAGE = types.GenerateContentResponseUsageMetadata(
    prompt_token_count=10, candidates_token_count=5, total_token_count=15
)


def candidate(*parts: types.Part, finish: str = "STOP", **fields: Any) -> types.Candidate:
    content = types.Content(role="model", parts=list(parts)) if parts else None
    return types.Candidate(content=content, finish_reason=types.FinishReason(finish), **fields)


def answer(*candidates: types.Candidate, **fields: Any) -> bytes:
    whole = types.GenerateContentResponse(
        candidates=list(candidates) or None,
        **({"usage_metadata": USAGE, "model_version": "gemini-3.8-flash", "response_id": "r1"} | fields),
    )
    return whole.model_dump_json(by_alias=True, exclude_none=True).encode()


def gemini() -> Native:
    return Native("gemini", "gemini-3.8-flash")


def said(*parts: types.Part, **fields: Any) -> JsonObject:
    choice: JsonObject = gemini().answered(answer(candidate(*parts, **fields)))["choices"][0]
    return choice


def call(call_id: str | None = "c1", signature: bytes | None = None) -> types.Part:
    function = types.FunctionCall(id=call_id, name="weather", args={"city": "Århus"})
    return types.Part(function_call=function, thought_signature=signature)


def test_words_become_a_chat_completion_with_all_totals() -> None:
    native = gemini()

    got = native.answered(answer(candidate(types.Part(text="hel"), types.Part(text="lo"))))

    assert (got["id"], got["object"], got["model"]) == ("r1", "chat.completion", "gemini-3.8-flash")
    assert got["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
    ]
    assert got["usage"] == {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 15,
        "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
    assert native.progress.finished
    assert native.progress.output_bytes == 5


def test_thoughts_are_output_and_cached_tokens_part_of_the_prompt() -> None:
    native = gemini()
    usage = types.GenerateContentResponseUsageMetadata(
        prompt_token_count=1210,
        cached_content_token_count=1000,
        candidates_token_count=20,
        thoughts_token_count=30,
        total_token_count=1260,
    )

    native.answered(answer(candidate(types.Part(text="hi")), usage_metadata=usage))

    assert native.progress.usage == Counted(
        input_tokens=1210, output_tokens=50, cached_input_tokens=1000, reasoning_tokens=30
    )


def test_thoughts_are_output_also_where_no_total_is_given() -> None:
    native = gemini()
    usage = types.GenerateContentResponseUsageMetadata(
        prompt_token_count=10, candidates_token_count=20, thoughts_token_count=30
    )

    native.answered(answer(candidate(types.Part(text="hi")), usage_metadata=usage))

    assert native.progress.usage == Counted(input_tokens=10, output_tokens=50, reasoning_tokens=30)


def test_what_a_total_holds_beyond_its_parts_is_output() -> None:
    native = gemini()
    usage = types.GenerateContentResponseUsageMetadata(prompt_token_count=10, total_token_count=40)

    native.answered(answer(candidate(types.Part(text="hi")), usage_metadata=usage))

    assert native.progress.usage == Counted(input_tokens=10, output_tokens=30)


def test_calls_end_with_tool_calls_and_arguments_are_a_json_string() -> None:
    choice = said(call("c1"), call("c2"))

    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"] == [
        {"id": each, "type": "function", "function": {"name": "weather", "arguments": '{"city":"Århus"}'}}
        for each in ("c1", "c2")
    ]


def test_a_call_without_an_id_gets_one_of_its_own() -> None:
    calls = said(call(None), call(None))["message"]["tool_calls"]

    assert all(each["id"].startswith("call_") for each in calls)
    assert calls[0]["id"] != calls[1]["id"]


def test_signatures_of_calls_and_text_come_back_with_the_next_request() -> None:
    native = gemini()
    parts = [
        types.Part(text="they ask for weather", thought=True),
        types.Part(text="let me see", thought_signature=b"text"),
        call("c1", b"call"),
        call("c2"),
    ]

    message = native.answered(answer(candidate(*parts)))["choices"][0]["message"]
    again = native.sent(messages=[HI, message])["contents"][1]["parts"]

    assert message["reasoning_content"] == "they ask for weather"
    assert message["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "Y2FsbA=="}}
    assert [part.get("thoughtSignature") for part in again] == ["dGV4dA==", "Y2FsbA==", None]
    assert "they ask" not in json.dumps(again)


@pytest.mark.parametrize(
    ("reason", "finish_reason"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("CONTINUATION", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("LANGUAGE", "content_filter"),
        ("BLOCKLIST", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("SPII", "content_filter"),
        ("ESCALATION", "content_filter"),
        ("MODEL_ARMOR", "content_filter"),
        ("OTHER", "stop"),
    ],
)
def test_every_reason_to_stop_has_openais_name(reason: str, finish_reason: str) -> None:
    assert said(types.Part(text="hi"), finish=reason)["finish_reason"] == finish_reason


@pytest.mark.parametrize("reason", ["SAFETY", "MAX_TOKENS"])
def test_a_candidate_without_content_is_an_empty_message(reason: str) -> None:
    assert said(finish=reason)["message"] == {"role": "assistant", "content": ""}


@pytest.mark.parametrize(
    "reason",
    [
        "MALFORMED_FUNCTION_CALL",
        "UNEXPECTED_TOOL_CALL",
        "MALFORMED_RESPONSE",
        "MISSING_THOUGHT_SIGNATURE",
        "OTHER",
    ],
)
def test_a_candidate_that_says_nothing_because_the_model_went_wrong_is_a_failure(reason: str) -> None:
    with pytest.raises(ProviderFailed):
        said(finish=reason)


def test_a_blocked_prompt_is_a_filtered_answer() -> None:
    native = gemini()
    feedback = types.GenerateContentResponsePromptFeedback(
        block_reason=types.BlockedReason.PROHIBITED_CONTENT
    )
    usage = types.GenerateContentResponseUsageMetadata(prompt_token_count=10, total_token_count=10)

    got = native.answered(answer(prompt_feedback=feedback, usage_metadata=usage))

    assert got["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "content_filter"}
    ]
    assert native.progress.usage == Counted(input_tokens=10)


def test_several_candidates_are_several_choices() -> None:
    whole = answer(candidate(types.Part(text="a"), index=0), candidate(types.Part(text="b"), index=1))

    choices = gemini().answered(whole)["choices"]

    assert [(choice["index"], choice["message"]["content"]) for choice in choices] == [(0, "a"), (1, "b")]


def test_log_probabilities_come_in_openais_form() -> None:
    chosen = types.LogprobsResultCandidate(token="hi", log_probability=-0.5)
    other = types.LogprobsResultCandidate(token="é", log_probability=-1)
    logprobs = types.LogprobsResult(
        chosen_candidates=[chosen, other],
        top_candidates=[types.LogprobsResultTopCandidates(candidates=[chosen, other])],
    )

    choice = said(types.Part(text="hié"), logprobs_result=logprobs)

    assert choice["logprobs"] == {
        "content": [
            {
                "token": "hi",
                "logprob": -0.5,
                "bytes": [104, 105],
                "top_logprobs": [
                    {"token": "hi", "logprob": -0.5, "bytes": [104, 105]},
                    {"token": "é", "logprob": -1.0, "bytes": [195, 169]},
                ],
            },
            {"token": "é", "logprob": -1.0, "bytes": [195, 169], "top_logprobs": []},
        ],
        "refusal": None,
    }


def test_parts_of_other_kinds_are_passed_over() -> None:
    code = types.Part(executable_code=types.ExecutableCode(code="1", language=types.Language.PYTHON))

    assert said(code, types.Part(text="hi"))["message"] == {"role": "assistant", "content": "hi"}


def test_without_usage_nothing_is_counted() -> None:
    native = gemini()

    assert "usage" not in native.answered({"candidates": [{"content": {"parts": [{"text": "hi"}]}}]})
    assert native.progress.usage is None
    assert native.progress.output_bytes == 2


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b"<html>", ProviderFailed),
        (b"{}", ProviderFailed),
        (b'{"candidates":[]}', ProviderFailed),
        (b'{"candidates":["odd"]}', ProviderFailed),
        (b'{"error":{"code":500,"status":"INTERNAL"}}', ProviderFailed),
        (b'{"error":"odd"}', ProviderFailed),
        (b'{"error":{"code":503,"status":"UNAVAILABLE"}}', ProviderUnavailable),
        (b'{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}', RateLimitExceeded),
    ],
)
def test_what_is_no_answer_is_a_failure(body: bytes, failure: type[Refusal]) -> None:
    with pytest.raises(failure):
        gemini().answered(body)


def _error(code: int, status: str, *details: JsonObject) -> bytes:
    return json.dumps(
        {"error": {"code": code, "status": status, "message": "Wrong.", "details": list(details)}}
    ).encode()


def test_the_platforms_own_key_is_not_the_clients_fault() -> None:
    bad_key = _error(400, "INVALID_ARGUMENT", {"reason": "API_KEY_INVALID"})

    assert isinstance(refusal(400, {}, bad_key), ProviderFailed)
    assert isinstance(refusal(400, {}, _error(400, "FAILED_PRECONDITION")), ProviderFailed)
    assert refusal(400, {}, _error(400, "INVALID_ARGUMENT")).message == "Wrong."
    assert refusal(400, {}, b"[" + _error(400, "INVALID_ARGUMENT") + b"]").message == "Wrong."
    assert type(refusal(400, {}, b"odd")).__name__ == "ProviderRefused"


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("13s", 13), ("13.2s", 14), ("13.0s", 13), ("odd", 1), ("", 1), ("9999999999999s", 60)],
)
def test_when_to_come_back_stands_in_the_body(delay: str, seconds: int) -> None:
    limited = _error(429, "RESOURCE_EXHAUSTED", {"retryDelay": delay})

    assert refusal(429, {}, limited).retry_after_seconds == seconds
    assert refusal(429, {"retry-after": "7"}, limited).retry_after_seconds == 7
