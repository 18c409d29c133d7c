"""The stand-in as Google and Amazon have it, read by their own SDKs."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError
from google import genai
from google.genai import errors, types

from local.standin.server import StandIn

JsonObject = dict[str, Any]

WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
ANSWER = 'You said "hi", and this is my answer: everything works.'
SAID = "The tool weather answered: sunny."


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@pytest.fixture(scope="module")
def gemini(standin: StandIn) -> Iterator[Any]:
    options = types.HttpOptions(base_url=f"{standin.url}/google", api_version="v1beta")
    client = genai.Client(api_key="google-secret", http_options=options)  # its models end with it
    yield client.models
    client.close()


@pytest.fixture(scope="module")
def bedrock(standin: StandIn) -> Iterator[Any]:
    client = boto3.client(
        "bedrock-runtime",
        endpoint_url=f"{standin.url}/bedrock-converse",
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()


def told(text: str) -> list[JsonObject]:
    return [{"role": "user", "content": [{"text": text}]}]


CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"
CONVERSE_TOOLS = {"tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": WEATHER}}}]}
THINK = {"thinking": {"type": "enabled", "budget_tokens": 1024}}


def test_gemini_whole_and_streamed_says_the_same(gemini: Any) -> None:
    whole = gemini.generate_content(model="gemini-3.1-pro-preview", contents="hi")
    streamed = list(gemini.generate_content_stream(model="gemini-3.1-pro-preview", contents="hi"))

    assert whole.text == "".join(chunk.text or "" for chunk in streamed) == ANSWER
    counted = [each.usage_metadata for each in (whole, streamed[-1])]
    assert [(each.prompt_token_count, each.candidates_token_count) for each in counted] == [(7, 15), (7, 15)]
    assert (whole.candidates[0].finish_reason, streamed[-1].candidates[0].finish_reason) == ("STOP", "STOP")


def test_each_piece_of_gemini_tells_the_tokens_until_then(gemini: Any) -> None:
    config = {"thinking_config": {"thinking_level": "LOW"}}
    streamed = gemini.generate_content_stream(model="gemini-3.1-pro-preview", contents="hi", config=config)

    counts = [
        (each.usage_metadata.thoughts_token_count, each.usage_metadata.candidates_token_count)
        for each in streamed
    ]

    assert counts == [(16, spoken) for spoken in (*range(1, 16), 15)]


def test_gemini_thinks_aloud_where_it_is_asked_to(gemini: Any) -> None:
    config = {"thinking_config": {"thinking_level": "LOW", "include_thoughts": True}}

    said = gemini.generate_content(model="gemini-3.1-pro-preview", contents="hi", config=config)

    assert [bool(part.thought) for part in said.candidates[0].content.parts] == [True, False]
    assert said.usage_metadata.thoughts_token_count == 16


def test_gemini_calls_a_tool_and_ends_when_its_result_comes(gemini: Any) -> None:
    tools = [{"function_declarations": [{"name": "weather", "parameters_json_schema": WEATHER}]}]
    asked = types.Content(role="user", parts=[types.Part(text="weather?")])
    config = {"tools": tools, "automatic_function_calling": {"disable": True}}
    first = gemini.generate_content(model="gemini-3.1-pro-preview", contents=[asked], config=config)
    [part] = first.candidates[0].content.parts
    assert part.thought_signature

    result = types.FunctionResponse(id=part.function_call.id, name="weather", response={"output": "sunny"})
    ended = gemini.generate_content(
        model="gemini-3.1-pro-preview",
        contents=[
            asked,
            first.candidates[0].content,
            types.Content(
                role="user", parts=[types.Part(function_response=result), types.Part(text="a note")]
            ),
        ],
        config=config,
    )

    assert ended.text == SAID


def test_gemini_s_errors_are_in_its_form(gemini: Any) -> None:
    with pytest.raises(errors.ClientError) as refused:
        gemini.generate_content(model="gemini-standin-429", contents="hi")

    assert (refused.value.code, refused.value.status) == (429, "RESOURCE_EXHAUSTED")


def test_converse_whole_and_streamed_says_the_same(bedrock: Any) -> None:
    whole = bedrock.converse(modelId="amazon.nova-pro-v1:0", messages=told("hi"))
    streamed = list(bedrock.converse_stream(modelId="amazon.nova-pro-v1:0", messages=told("hi"))["stream"])

    words = "".join(
        each["contentBlockDelta"]["delta"]["text"] for each in streamed if "contentBlockDelta" in each
    )
    assert whole["output"]["message"]["content"] == [{"text": words}] == [{"text": ANSWER}]
    usage = {"inputTokens": 7, "outputTokens": 15, "totalTokens": 22}
    assert usage.items() <= whole["usage"].items()
    assert streamed[-1]["metadata"]["usage"] == whole["usage"]
    assert [next(iter(each)) for each in streamed[-3:]] == ["contentBlockStop", "messageStop", "metadata"]


def test_converse_calls_a_tool_and_ends_when_its_result_comes(bedrock: Any) -> None:
    asked = {"modelId": CLAUDE, "toolConfig": CONVERSE_TOOLS}
    first = bedrock.converse(**asked, messages=told("weather?"))
    [block] = first["output"]["message"]["content"]
    assert (first["stopReason"], block["toolUse"]["name"]) == ("tool_use", "weather")

    result = {"toolUseId": block["toolUse"]["toolUseId"], "content": [{"text": "sunny"}]}
    ended = bedrock.converse(
        **asked,
        messages=[
            *told("weather?"),
            first["output"]["message"],
            {"role": "user", "content": [{"toolResult": result}, {"text": "a note"}]},
        ],
    )

    assert ended["output"]["message"]["content"] == [{"text": SAID}]


def test_converse_streams_thoughts_with_their_signature_and_calls_in_pieces(bedrock: Any) -> None:
    asked: JsonObject = {"modelId": CLAUDE, "messages": told("weather?"), "toolConfig": CONVERSE_TOOLS}
    asked["additionalModelRequestFields"] = THINK
    asked["inferenceConfig"] = {"maxTokens": 2000}
    whole = bedrock.converse(**asked)["output"]["message"]["content"]

    thought, signature, arguments = "", "", ""
    for event in bedrock.converse_stream(**asked)["stream"]:
        delta = event.get("contentBlockDelta", {}).get("delta", {})
        thought += delta.get("reasoningContent", {}).get("text", "")
        signature += delta.get("reasoningContent", {}).get("signature", "")
        arguments += delta.get("toolUse", {}).get("input", "")

    assert whole[0]["reasoningContent"]["reasoningText"] == {"text": thought, "signature": signature}
    assert whole[1]["toolUse"]["input"] == json.loads(arguments)


def test_converse_fails_before_an_answer_and_in_it_in_amazon_s_form(bedrock: Any) -> None:
    with pytest.raises(ClientError) as refused:
        bedrock.converse(modelId="amazon.nova-pro-v1:0", messages=told("[[standin status=429]] hi"))
    said = bedrock.converse_stream(
        modelId="amazon.nova-pro-v1:0", messages=told("[[standin error-in-stream=2]] hi")
    )
    with pytest.raises(EventStreamError) as broken:
        list(said["stream"])
    said["stream"].close()

    assert refused.value.response["Error"]["Code"] == "ThrottlingException"
    assert broken.value.response["Error"]["Code"] == "internalServerException"


def test_no_key_is_kept_in_the_record(standin: StandIn, gemini: Any, bedrock: Any) -> None:
    gemini.generate_content(model="gemini-3.1-pro-preview", contents="hi")
    bedrock.converse(modelId=CLAUDE, messages=told("hi"))

    kept = json.dumps(standin.requests)
    assert "google-secret" not in kept
    assert "AWS4-HMAC" not in kept


KEYS = {
    "no signature": "",
    "another service": "AWS4-HMAC-SHA256 Credential=AKID/20261127/us-east-1/s3/aws4_request, "
    f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}",
    "a short signature": "AWS4-HMAC-SHA256 Credential=AKID/20261127/us-east-1/bedrock/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=00",
    "the date not signed": "AWS4-HMAC-SHA256 Credential=AKID/20261127/us-east-1/bedrock/aws4_request, "
    f"SignedHeaders=host, Signature={'0' * 64}",
    "another day": "AWS4-HMAC-SHA256 Credential=AKID/20261126/us-east-1/bedrock/aws4_request, "
    f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}",
    "a header that is not there": "AWS4-HMAC-SHA256 Credential=AKID/20261127/us-east-1/bedrock/aws4_request, "
    f"SignedHeaders=host;x-amz-date;x-amz-security-token, Signature={'0' * 64}",
}


@pytest.mark.parametrize("said", KEYS.values(), ids=KEYS)
def test_converse_without_a_signature_is_refused(standin: StandIn, said: str) -> None:
    answer = urllib3.request(
        "POST",
        f"{standin.url}/bedrock-converse/model/amazon.nova-pro-v1%3A0/converse",
        json={"messages": told("hi")},
        headers={"authorization": said, "x-amz-date": "20261127T000000Z"},
    )

    assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
