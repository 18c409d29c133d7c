"""OpenAI's Responses, as the stand-in speaks it. Source: OpenAI API reference, "Create a model response"."""

from collections.abc import Iterator, Mapping

from local.standin.ask import Ask, JsonObject
from local.standin.completion import Choice, Completion, SpokenCall
from local.standin.dialects.responses_input import messages_in, tools_in
from local.standin.directives import Directives
from local.standin.errors import BadRequest
from local.standin.wire import ServerSentEvents

SEALED = "c3RhbmQtaW4="
"""What a thought of the stand-in is sealed as."""

_LEAST_OUTPUT_TOKENS = 16


def at(path: str) -> JsonObject | None:
    """See `Dialect.at`."""
    return {} if path.endswith("/responses") else None


def to_chat(body: JsonObject) -> JsonObject:
    """See `Dialect.to_chat`."""
    same = ("model", "stream", "temperature", "top_p", "parallel_tool_calls")
    said: JsonObject = {name: body[name] for name in same if body.get(name) is not None}
    if body.get("store") is not False:
        raise BadRequest("The stand-in keeps nothing: 'store' must be false here.", param="store")
    said["messages"] = list(messages_in(body))
    said |= _cap(body) | tools_in(body) | _form(body)
    if effort := (body.get("reasoning") or {}).get("effort"):
        said["reasoning_effort"] = effort
    if body.get("stream"):
        said["stream_options"] = {"include_usage": True}
    return said


def _cap(body: JsonObject) -> JsonObject:
    cap = body.get("max_output_tokens")
    if cap is None:
        return {}
    if not isinstance(cap, int) or cap < _LEAST_OUTPUT_TOKENS:
        raise BadRequest(
            f"Invalid 'max_output_tokens': expected a value >= {_LEAST_OUTPUT_TOKENS}.",
            param="max_output_tokens",
        )
    return {"max_completion_tokens": cap}


def _form(body: JsonObject) -> JsonObject:
    form = (body.get("text") or {}).get("format") or {}
    match form.get("type"):
        case "json_schema":
            return {"response_format": {"type": "json_schema", "json_schema": form}}
        case "json_object":
            return {"response_format": {"type": "json_object"}}
        case _:
            return {}


def whole(completion: Completion, _ask: Ask, directives: Directives) -> JsonObject:
    """See `Dialect.whole`."""
    return _whole(completion, directives)


def _whole(completion: Completion, directives: Directives) -> JsonObject:
    choice = completion.choices[0]
    items = [] if directives.empty else [_item(completion, *each) for each in _items(choice)]
    said = _response(completion) | {"status": "completed", "output": items}
    if choice.finish == "length":
        said |= {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    return said if directives.no_usage else said | {"usage": _usage(completion)}


def events(completion: Completion, _ask: Ask, directives: Directives) -> Iterator[JsonObject]:
    """See `Dialect.events`."""
    for number, event in enumerate(_events(completion, directives)):
        yield event | {"sequence_number": number}


def error(openai: JsonObject, _status: int) -> JsonObject:
    """See `Dialect.error`."""
    return openai


def error_headers(_status: int) -> Mapping[str, str]:
    """See `Dialect.error_headers`."""
    return {}


NAME = "responses"
WIRE = ServerSentEvents(error, named=True)


def _events(completion: Completion, directives: Directives) -> Iterator[JsonObject]:
    begun = _response(completion) | {"status": "in_progress"}
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    choice = completion.choices[0]
    for place, (kind, pieces, call) in enumerate([] if directives.empty else _items(choice)):
        item = _item(completion, kind, pieces, call)
        at = {"item_id": item["id"], "output_index": place}
        yield {
            "type": "response.output_item.added",
            "output_index": place,
            "item": _item(completion, kind, [], call),
        }
        yield from _said(kind, pieces, item, at)
        yield {"type": "response.output_item.done", "output_index": place, "item": item}
    whole_one = _whole(completion, directives)
    yield {"type": f"response.{whole_one['status']}", "response": whole_one}


def _said(kind: str, pieces: list[str], item: JsonObject, at: JsonObject) -> Iterator[JsonObject]:
    said = "".join(pieces)
    match kind:
        case "message" | "refusal":
            name = "output_text" if kind == "message" else "refusal"
            more: JsonObject = {"logprobs": []} if kind == "message" else {}
            at = at | {"content_index": 0}
            empty = {
                "type": name,
                **({"text": "", "annotations": []} if kind == "message" else {"refusal": ""}),
            }
            yield {"type": "response.content_part.added", **at, "part": empty}
            for piece in pieces:
                yield {"type": f"response.{name}.delta", **at, "delta": piece, **more}
            done = {"text": said} if kind == "message" else {"refusal": said}
            yield {"type": f"response.{name}.done", **at, **done, **more}
            yield {"type": "response.content_part.done", **at, "part": item["content"][0]}
        case "reasoning":
            at = at | {"summary_index": 0}
            part = {"type": "summary_text", "text": said}
            yield {"type": "response.reasoning_summary_part.added", **at, "part": part | {"text": ""}}
            for piece in pieces:
                yield {"type": "response.reasoning_summary_text.delta", **at, "delta": piece}
            yield {"type": "response.reasoning_summary_text.done", **at, "text": said}
            yield {"type": "response.reasoning_summary_part.done", **at, "part": part}
        case "function_call":
            for piece in pieces:
                yield {"type": "response.function_call_arguments.delta", **at, "delta": piece}
            yield {
                "type": "response.function_call_arguments.done", **at, "arguments": said, "name": item["name"],
            }  # fmt: skip
        case _:
            for piece in pieces:
                yield {"type": "response.custom_tool_call_input.delta", **at, "delta": piece}
            yield {"type": "response.custom_tool_call_input.done", **at, "input": said}


def _items(choice: Choice) -> Iterator[tuple[str, list[str], SpokenCall | None]]:
    if choice.reasoning_tokens:
        yield "reasoning", choice.thought, None
    if choice.text:
        yield "message", choice.text, None
    if choice.refusal:
        yield "refusal", choice.refusal, None
    for call in choice.calls:
        yield ("custom_tool_call" if call.call.kind == "custom" else "function_call"), call.arguments, call


def _item(completion: Completion, kind: str, pieces: list[str], call: SpokenCall | None) -> JsonObject:
    number, said = completion.id.removeprefix("chatcmpl-standin"), "".join(pieces)
    if call is not None:
        field = "input" if kind == "custom_tool_call" else "arguments"
        status = "completed" if pieces else "in_progress"
        name = f"fc_{call.id}"
        return {
            "type": kind, "id": name, "call_id": call.id, "name": call.call.name, field: said, "status": status,
        }  # fmt: skip
    if kind == "reasoning":
        summary = [{"type": "summary_text", "text": said}] if said else []
        return {"type": "reasoning", "id": f"rs_{number}", "summary": summary, "encrypted_content": SEALED}
    part: JsonObject = {"type": "refusal", "refusal": said}
    if kind == "message":
        part = {"type": "output_text", "text": said, "annotations": [], "logprobs": []}
    status, content = ("completed", [part]) if pieces else ("in_progress", [])
    return {
        "type": "message",
        "id": f"msg_{number}",
        "role": "assistant",
        "status": status,
        "content": content,
    }


def _response(completion: Completion) -> JsonObject:
    return {
        "id": f"resp_{completion.id.removeprefix('chatcmpl-standin')}",
        "object": "response",
        "created_at": completion.created,
        "model": completion.model,
        "output": [],
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "top_p": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "store": False,
        "usage": None,
    }


def _usage(completion: Completion) -> JsonObject:
    said = completion.usage()
    read = said["prompt_tokens_details"]
    return {
        "input_tokens": said["prompt_tokens"],
        "input_tokens_details": {
            "cached_tokens": read["cached_tokens"],
            "cache_write_tokens": completion.cache_write_tokens or 0,
        },
        "output_tokens": said["completion_tokens"],
        "output_tokens_details": {"reasoning_tokens": said["completion_tokens_details"]["reasoning_tokens"]},
        "total_tokens": said["total_tokens"],
    }
