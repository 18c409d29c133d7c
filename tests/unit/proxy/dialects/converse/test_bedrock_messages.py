"""Messages as Converse takes them: in turns, in blocks, with what was thought and called before."""

from typing import Any

import pytest

from aggregator.errors import InvalidRequest, Refusal, UnsupportedParameter
from tests.fakes.bedrock_requests import CALL, HISTORY, WEATHER, refused, sent
from tests.fakes.bedrock_wire import LLAMA, NOVA

JsonObject = dict[str, Any]

PNG = "iVBORw0KGgo="
PDF = "JVBERi0xLjQK"


@pytest.fixture(autouse=True)
def _role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def user(*parts: JsonObject) -> list[JsonObject]:
    return [{"role": "user", "content": list(parts)}]


def image(url: str, **fields: Any) -> JsonObject:
    return {"type": "image_url", "image_url": {"url": url, **fields}}


def file(data: str, name: str | None = None) -> JsonObject:
    return {"type": "file", "file": {"file_data": data, **({"filename": name} if name else {})}}


def test_the_system_prompt_stands_apart_and_later_words_stay_in_their_place() -> None:
    body = sent(
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "yes"},
            {"role": "system", "content": "note"},
        ]
    )

    assert body["system"] == [{"text": "Be brief."}, {"text": "Be kind."}]
    assert body["messages"] == [
        {"role": "user", "content": [{"text": "hi"}]},
        {"role": "assistant", "content": [{"text": "yes"}]},
        {"role": "user", "content": [{"text": "note"}]},
    ]


def test_neighbours_of_one_role_become_one_turn_and_what_says_nothing_is_left_out() -> None:
    body = sent(
        messages=[
            {"role": "user", "content": "one"},
            {"role": "user", "content": [{"type": "text", "text": "two"}, {"type": "text", "text": "  "}]},
            {"role": "assistant", "content": ""},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
            {"role": "user", "content": "three"},
        ]
    )

    assert body["messages"] == [
        {"role": "user", "content": [{"text": "one"}, {"text": "two"}]},
        {"role": "assistant", "content": [{"text": "no"}]},
        {"role": "user", "content": [{"text": "three"}]},
    ]


def test_calls_and_their_results_are_told_with_their_ids() -> None:
    body = sent(tools=[WEATHER], messages=HISTORY)

    assert body["messages"][1:] == [
        {
            "role": "assistant",
            "content": [{"toolUse": {"toolUseId": "call_1", "name": "weather", "input": {"city": "Rome"}}}],
        },
        {
            "role": "user",
            "content": [{"toolResult": {"toolUseId": "call_1", "content": [{"text": "sunny"}]}}],
        },
    ]


def test_results_of_parallel_calls_come_back_in_one_turn_with_the_next_question() -> None:
    calls = [{**CALL, "id": "a"}, {**CALL, "id": "b", "function": {"name": "weather", "arguments": ""}}]
    body = sent(
        tools=[WEATHER],
        messages=[
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "Let me see.", "tool_calls": calls},
            {"role": "tool", "tool_call_id": "a", "content": "sunny"},
            {"role": "tool", "tool_call_id": "b", "content": [image(f"data:image/png;base64,{PNG}")]},
            {"role": "user", "content": "and now?"},
        ],
    )

    assert body["messages"][1]["content"][0] == {"text": "Let me see."}
    assert body["messages"][1]["content"][2]["toolUse"]["input"] == {}
    assert body["messages"][2] == {
        "role": "user",
        "content": [
            {"toolResult": {"toolUseId": "a", "content": [{"text": "sunny"}]}},
            {
                "toolResult": {
                    "toolUseId": "b",
                    "content": [{"image": {"format": "png", "source": {"bytes": PNG}}}],
                }
            },
            {"text": "and now?"},
        ],
    }


def test_a_result_that_is_an_error_says_so() -> None:
    body = sent(tools=[WEATHER], messages=[*HISTORY[:2], {**HISTORY[2], "is_error": True}])

    assert body["messages"][2]["content"] == [
        {"toolResult": {"toolUseId": "call_1", "content": [{"text": "sunny"}], "status": "error"}}
    ]


def test_a_result_that_says_nothing_is_still_a_result() -> None:
    body = sent(tools=[WEATHER], messages=[*HISTORY[:2], {**HISTORY[2], "content": ""}])

    assert body["messages"][2]["content"] == [{"toolResult": {"toolUseId": "call_1", "content": []}}]


def test_an_id_of_another_provider_that_is_too_long_becomes_the_same_short_one_in_call_and_result() -> None:
    long = "fc_" + "x" * 80
    body = sent(
        tools=[WEATHER],
        messages=[
            {"role": "user", "content": "hi"},
            {"role": "assistant", "tool_calls": [{**CALL, "id": long}]},
            {"role": "tool", "tool_call_id": long, "content": "sunny"},
        ],
    )

    used = body["messages"][1]["content"][0]["toolUse"]["toolUseId"]
    assert used == body["messages"][2]["content"][0]["toolResult"]["toolUseId"]
    assert used.startswith("call_")
    assert len(used) == 37


@pytest.mark.parametrize(
    ("media_type", "form"),
    [("png", "png"), ("jpeg", "jpeg"), ("jpg", "jpeg"), ("gif", "gif"), ("webp", "webp")],
)
def test_an_image_goes_in_as_it_came(media_type: str, form: str) -> None:
    body = sent(messages=user(image(f"data:image/{media_type};base64,{PNG}", detail="auto")))

    assert body["messages"][0]["content"] == [{"image": {"format": form, "source": {"bytes": PNG}}}]


@pytest.mark.parametrize(
    ("media_type", "form"),
    [
        ("application/pdf", "pdf"),
        ("text/plain", "txt"),
        ("text/markdown", "md"),
        ("text/csv", "csv"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ],
)
def test_a_file_goes_in_as_a_document(media_type: str, form: str) -> None:
    body = sent(messages=user(file(f"data:{media_type};base64,{PDF}"), {"type": "text", "text": "sum up"}))

    assert body["messages"][0]["content"] == [
        {"document": {"format": form, "name": "document", "source": {"bytes": PDF}}},
        {"text": "sum up"},
    ]


def test_names_of_files_are_made_of_what_converse_takes_and_differ() -> None:
    data = f"data:application/pdf;base64,{PDF}"
    body = sent(
        messages=user(file(data, "Q3_report (v2).pdf"), file(data, "Q3 report (v2).pdf"), file(data, "§§"))
    )

    names = [block["document"]["name"] for block in body["messages"][0]["content"][1:]]
    assert names == ["Q3 report (v2)", "Q3 report (v2) (2)", "document"]


def test_a_cache_mark_sets_a_point_after_what_it_marks() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    point = {"cachePoint": {"type": "default"}}
    body = sent(
        NOVA,
        tools=[{**WEATHER, **mark}],
        messages=[
            {"role": "system", "content": [{"type": "text", "text": "long", **mark}]},
            {
                "role": "user",
                "content": [{"type": "text", "text": "a", **mark}, {"type": "text", "text": "b"}],
            },
            {"role": "assistant", "content": "c", **mark},
            {"role": "user", "content": "d", "cache_control": {"type": "ephemeral", "ttl": "5m"}},
        ],
    )

    assert body["system"] == [{"text": "long"}, point]
    assert len(body["toolConfig"]["tools"]) == 1, "Nova takes no point among its tools"
    assert [message["content"] for message in body["messages"]] == [
        [{"text": "a"}, point, {"text": "b"}],
        [{"text": "c"}, point],
        [{"text": "d"}, point],
    ]


@pytest.mark.parametrize(
    ("messages", "param", "kind"),
    [
        (
            user(image("https://example.com/a.png")),
            "messages.0.content.0.image_url.url",
            UnsupportedParameter,
        ),
        (
            user(image("data:image/tiff;base64,AAAA")),
            "messages.0.content.0.image_url.url",
            UnsupportedParameter,
        ),
        (user(image("data:image/png;base64,A?A=")), "messages.0.content.0.image_url.url", InvalidRequest),
        (user(image("data:image/png;base64,")), "messages.0.content.0.image_url.url", InvalidRequest),
        (
            user(image(f"data:image/png;base64,{PNG}", detail="low")),
            "messages.0.content.0.image_url.detail",
            UnsupportedParameter,
        ),
        (
            user(file("data:application/zip;base64,AAAA")),
            "messages.0.content.0.file.file_data",
            UnsupportedParameter,
        ),
        (
            user({"type": "file", "file": {"file_id": "file-1"}}),
            "messages.0.content.0.file.file_id",
            UnsupportedParameter,
        ),
        (user({"type": "video_url", "video_url": {}}), "messages.0.content.0.type", UnsupportedParameter),
        ([{"role": "user", "content": "hi", "name": "Ann"}], "messages.0.name", UnsupportedParameter),
        (
            [{"role": "user", "content": "hi", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
            "messages.0.cache_control.ttl",
            UnsupportedParameter,
        ),
        ([{"role": "tool", "content": "sunny"}], "messages.0.tool_call_id", InvalidRequest),
        (
            [{"role": "system", "content": [image(f"data:image/png;base64,{PNG}")]}],
            "messages.0.content.0.type",
            UnsupportedParameter,
        ),
    ],
)
def test_what_converse_cannot_take_is_refused_by_its_place(
    messages: list[JsonObject], param: str, kind: type[Refusal]
) -> None:
    refusal = refused(messages=messages)

    assert isinstance(refusal, kind)
    assert refusal.param == param


def test_a_model_that_keeps_no_prompts_gets_no_cache_mark() -> None:
    body = sent(LLAMA, messages=[{"role": "user", "content": "hi", "cache_control": {"type": "ephemeral"}}])

    assert body["messages"] == [{"role": "user", "content": [{"text": "hi"}]}]


def test_a_document_without_words_gets_some() -> None:
    content = sent(messages=user(file(f"data:application/pdf;base64,{PDF}")))["messages"][0]["content"]

    assert content[0] == {"text": "See the document."}
    assert [*content[1]] == ["document"]


def test_a_conversation_begins_with_the_user() -> None:
    found = sent(
        NOVA, messages=[{"role": "assistant", "content": "Hello."}, {"role": "user", "content": "hi"}]
    )

    assert found["messages"] == [
        {"role": "user", "content": [{"text": "Begin."}]},
        {"role": "assistant", "content": [{"text": "Hello."}]},
        {"role": "user", "content": [{"text": "hi"}]},
    ]


@pytest.mark.parametrize(
    "model", [LLAMA, "mistral.mistral-large-3-675b-instruct", "us.writer.palmyra-x5-v1:0"]
)
def test_results_have_a_turn_of_their_own_where_the_model_wants_it(model: str) -> None:
    found = sent(model, tools=[WEATHER], messages=[*HISTORY, {"role": "user", "content": "And Oslo?"}])

    assert found["messages"][2:] == [
        {
            "role": "user",
            "content": [{"toolResult": {"toolUseId": "call_1", "content": [{"text": "sunny"}]}}],
        },
        {"role": "assistant", "content": [{"text": "I have the results."}]},
        {"role": "user", "content": [{"text": "And Oslo?"}]},
    ]


def test_what_tools_showed_follows_their_results_where_the_model_does_not_take_it_there() -> None:
    shown = {"role": "tool", "tool_call_id": "call_1", "content": [image(f"data:image/png;base64,{PNG}")]}

    turn = sent("qwen.qwen3-vl-235b-a22b", tools=[WEATHER], messages=[*HISTORY[:2], shown])["messages"][2]
    claudes = sent(tools=[WEATHER], messages=[*HISTORY[:2], shown])["messages"][2]

    assert [*turn["content"][0]] == ["toolResult"]
    assert turn["content"][1] == {"text": "From result 1:"}
    assert [*turn["content"][2]] == ["image"]
    assert [*claudes["content"][0]["toolResult"]["content"][0]] == ["image"]


def test_arguments_that_are_no_json_go_along_in_an_object() -> None:
    bad = {**CALL, "function": {"name": "weather", "arguments": "[1]"}}

    turns = sent(
        tools=[WEATHER], messages=[HISTORY[0], {"role": "assistant", "tool_calls": [bad]}, HISTORY[2]]
    )

    assert turns["messages"][1]["content"][0]["toolUse"]["input"] == {"arguments": "[1]"}
    assert turns["messages"][2]["content"][0]["toolResult"]["content"] == [
        {"text": "The arguments of this call were no JSON object. sunny"}
    ]
