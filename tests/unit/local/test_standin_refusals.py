"""What the stand-in refuses: each rule of the table has a request that breaks it, and one beside it that does not."""

from copy import deepcopy
from typing import Any, get_type_hints

import botocore.session
import pytest
from anthropic.types.beta import (
    BetaImageBlockParam,
    BetaRedactedThinkingBlockParam,
    BetaRequestDocumentBlockParam,
    BetaTextBlockParam,
    BetaThinkingBlockParam,
    BetaToolParam,
    BetaToolResultBlockParam,
    BetaToolUseBlockParam,
)
from anthropic.types.beta.message_count_tokens_params import MessageCountTokensParams
from anthropic.types.beta.message_create_params import MessageCreateParamsStreaming
from google.genai import types as gemini_types
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from openai.types.responses.input_token_count_params import InputTokenCountParams
from openai.types.responses.response_create_params import ResponseCreateParamsStreaming

from local.standin.errors import BadRequest
from local.standin.refusals import TABLE, fields, refuse
from tests.unit.local.standin_cases import (
    ANTHROPIC,
    BEDROCK,
    CASES,
    DELETE,
    GOOD,
    GOOGLE,
    SIGNED,
    UNPROCESSABLE,
    Asked,
)

JsonObject = dict[str, Any]


def ask(asked: Asked, **headers: str) -> None:
    refuse(asked.dialect, asked.model, f"/{asked.provider}/v1/x", SIGNED | headers, asked.body)


def changed(asked: Asked, path: str, value: Any) -> Asked:
    body = deepcopy(asked.body)
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    inside: Any = body
    for step in way:
        inside = inside[step]
    if value is DELETE:
        del inside[last]
    else:
        inside[last] = value
    return asked._replace(body=body)


@pytest.mark.parametrize("asked", GOOD, ids=lambda asked: f"{asked.provider} {asked.dialect} {asked.model}")
def test_a_good_request_is_taken(asked: Asked) -> None:
    ask(asked)


@pytest.mark.parametrize(
    ("rule", "asked", "path", "value", "param"),
    [
        pytest.param(rule, *case, id=f"{rule} {n}")
        for rule, cases in CASES.items()
        for n, case in enumerate(cases)
    ],
)
def test_a_request_that_breaks_a_rule_is_refused(
    rule: str, asked: Asked, path: str, value: Any, param: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        ask(changed(asked, path, value))

    status = 422 if rule in UNPROCESSABLE else 400
    assert (refused.value.status, refused.value.param or "") == (status, param)


def test_a_call_that_is_not_signed_is_refused() -> None:
    with pytest.raises(BadRequest) as refused:
        ask(BEDROCK, authorization="")

    assert refused.value.status == 403


def test_a_budget_may_be_over_the_cap_where_thinking_is_interleaved() -> None:
    over = changed(ANTHROPIC, "thinking.budget_tokens", 5000)

    ask(over, **{"anthropic-beta": "interleaved-thinking-2025-05-14"})


def test_a_call_that_gemini_did_not_make_may_say_so() -> None:
    ask(changed(GOOGLE, "contents.1.parts.0.thoughtSignature", "skip_thought_signature_validator"))


def test_every_rule_has_a_case_and_a_source() -> None:
    unsigned = "a call without a signature of version 4 or a key"

    assert {each.name for each in TABLE} == {*CASES, unsigned}
    assert all(each.sources for each in TABLE)
    assert {source.partition("//")[0] for each in TABLE for source in each.sources} == {"https:"}


def camels(names: Any) -> set[str]:
    return {
        "".join([head, *(part.title() for part in rest)])
        for head, *rest in (name.split("_") for name in names)
    }


def test_the_fields_that_are_known_are_those_of_the_providers_published_types() -> None:
    assert set(get_type_hints(CompletionCreateParamsStreaming)) == fields.CHAT
    assert set(get_type_hints(ResponseCreateParamsStreaming)) == fields.RESPONSES
    assert set(get_type_hints(MessageCreateParamsStreaming)) == fields.MESSAGES | {"betas"}
    assert set(get_type_hints(MessageCountTokensParams)) == fields.COUNT_MESSAGES | {"betas"}
    assert set(get_type_hints(InputTokenCountParams)) == fields.COUNT_RESPONSES
    blocks: JsonObject = {
        "text": BetaTextBlockParam,
        "image": BetaImageBlockParam,
        "document": BetaRequestDocumentBlockParam,
        "tool_use": BetaToolUseBlockParam,
        "tool_result": BetaToolResultBlockParam,
        "thinking": BetaThinkingBlockParam,
        "redacted_thinking": BetaRedactedThinkingBlockParam,
    }
    assert {name: set(get_type_hints(block)) for name, block in blocks.items()} == fields.BLOCKS
    assert set(get_type_hints(BetaToolParam)) == fields.TOOL
    assert camels(gemini_types.Part.model_fields) == fields.PART
    assert camels(gemini_types.GenerationConfig.model_fields) <= fields.GENERATION_CONFIG
    service = botocore.session.get_session().get_service_model("bedrock-runtime")
    members: JsonObject = {
        "ConverseRequest": fields.CONVERSE | {"modelId"},
        "ContentBlock": fields.CONTENT_BLOCK,
        "InferenceConfiguration": fields.INFERENCE_CONFIG,
    }
    assert {name: set(service.shape_for(name).members) for name in members} == members  # type: ignore[attr-defined]
