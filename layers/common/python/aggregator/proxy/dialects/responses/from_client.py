"""Reading a request of the Responses API: a conversation, and its fields in the form of a chat completion request.

Source: OpenAI API reference, "Create a model response". What it goes on from is put in its place first (earlier.py);
what only a provider's store could give is refused by name. docs/surfaces.md has the table of fields.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from aggregator.errors import JsonObject, UnsupportedParameter
from aggregator.proxy.body import body_of
from aggregator.proxy.dialects.chat_form import checked
from aggregator.proxy.dialects.responses.client_turns import turns_in
from aggregator.proxy.dialects.responses.declared import declared
from aggregator.proxy.dialects.to_chat_form import written
from aggregator.proxy.dialects.untranslated import as_it_is, has_tools_beside
from aggregator.proxy.model import Ask
from aggregator.runtime.shape import (
    a_count,
    a_list,
    a_name,
    a_text,
    an_object,
    bytes_of,
    invalid,
    objects_in,
    one_of,
    refuse_others,
    unsupported,
)

if TYPE_CHECKING:
    from aggregator.proxy.answers.kept_responses import Memory

NAME = "responses"

# Fields of one name and meaning in both APIs.
_SAME = (
    "model", "stream", "temperature", "top_p", "parallel_tool_calls", "user", "service_tier", "top_logprobs",
    "safety_identifier", "prompt_cache_key", "prompt_cache_retention",
)  # fmt: skip
_TAKEN = frozenset({
    *_SAME, "input", "instructions", "max_output_tokens", "tools", "tool_choice", "text", "reasoning", "metadata",
    "store", "include", "truncation", "stream_options", "max_tool_calls", "background", "client_metadata",
})  # fmt: skip
_CONTEXTS = ("auto", "current_turn", "all_turns")
# They add to what built-in tools say, or to what comes anyway.
_INCLUDABLE = (
    "reasoning.encrypted_content", "message.output_text.logprobs", "message.input_image.image_url",
    "file_search_call.results", "web_search_call.results", "web_search_call.action.sources",
    "computer_call_output.output.image_url", "code_interpreter_call.outputs",
)  # fmt: skip


def read(
    event: Mapping[str, Any], memory: "Callable[[str], Memory] | None" = None, *, user_id: str = ""
) -> Ask:
    """Read and check a request; `memory` has what a request for a model may go on from.

    Raises:
        InvalidRequest: a field is missing, or has a wrong type or value; `param` is its path.
        UnsupportedParameter: it asks for what is not offered here.
        PreviousResponseNotFound, NotFound: what it goes on from is not kept.
        PayloadTooLarge: over 6 MB.
    """
    asked = body_of(event)
    a_name(asked.get("model"), "model")
    if asked.get("input") in (None, "", []):
        raise invalid("input", "Field required")
    if not isinstance(asked.get("store") or False, bool):
        raise invalid("store", "must be true or false")
    if memory is None:
        return taken(asked)._replace(user_id=user_id)
    from aggregator.proxy.dialects.responses import earlier  # noqa: PLC0415 (few requests name what was kept)

    if not earlier.goes_on(asked):
        return taken(asked)._replace(user_id=user_id)
    follows = asked.get(earlier.FOLLOWS)
    return taken(earlier.with_what_came_before(asked, memory(asked["model"])))._replace(
        follows=follows, user_id=user_id
    )


def taken(asked: JsonObject) -> Ask:
    """The request, translated if it can be, else as it is.

    Raises:
        InvalidRequest: as `read` does.
    """
    hosted, said = None, asked
    try:
        if has_tools_beside(asked, ("function",)):
            from aggregator.proxy.dialects.responses.hosted import hosted_in, translatable  # noqa: PLC0415 (few have)

            hosted = hosted_in(asked)
            said = asked if hosted is None else translatable(asked, hosted)
        ask = ask_of(said)
    except UnsupportedParameter as refused:
        ask = as_it_is(asked, refused, surface=NAME, limit="max_output_tokens")
    return ask if hosted is None else ask._replace(asked=asked, hosted=hosted)


def ask_of(asked: JsonObject) -> Ask:
    """The request as a chat completion.

    Raises:
        InvalidRequest, UnsupportedParameter: as `read` does.
    """
    _refuse_state(asked)
    if asked.keys() - _TAKEN:
        from aggregator.proxy.dialects.fields import RESPONSES, asking  # noqa: PLC0415 (few have such)

        refuse_others(asking(asked, RESPONSES), _TAKEN)
    a_name(asked.get("model"), "model")
    body: JsonObject = {name: asked[name] for name in _SAME if asked.get(name) is not None}
    turns = turns_in(asked)
    body["messages"] = written(turns)
    if asked.get("max_output_tokens") is not None:
        body["max_completion_tokens"] = a_count(asked["max_output_tokens"], "max_output_tokens")
    body |= _tools(asked) | _text(asked) | _reasoning(asked) | _included(asked)
    for name in ("metadata", "client_metadata"):  # notes of the client, of no matter to a provider
        an_object(asked.get(name) or {}, name)
    an_object(asked.get("stream_options") or {}, "stream_options")
    if body.get("stream"):
        body["stream_options"] = {"include_usage": True}
    return checked(body, bytes_of(body), surface=NAME, asked=asked, turns=turns)


def _refuse_state(asked: JsonObject) -> None:
    for name in ("previous_response_id", "conversation", "prompt"):
        if asked.get(name) is not None:
            raise unsupported(name, "is not offered here: send the whole conversation as input")
    if asked.get("background") is not None and not isinstance(asked["background"], bool):
        raise invalid("background", "must be true or false")
    if asked.get("background"):
        raise unsupported("background", "is not offered here: wait for the answer, or stream it")
    if asked.get("truncation") not in (None, "disabled"):
        one_of(asked["truncation"], ("auto", "disabled"), "truncation")
        raise unsupported(
            "truncation", "nothing is left out of a conversation here; only 'disabled' is taken"
        )


def _tools(asked: JsonObject) -> JsonObject:
    body: JsonObject = {}
    tools = [tool for place, each in declared(asked) for tool in _flat(each, place)]
    _require_names_apart(asked, [tool["function"]["name"] for tool in tools])
    if tools:
        body["tools"] = tools
    choice = asked.get("tool_choice")
    if isinstance(choice, str):
        body["tool_choice"] = one_of(choice, ("none", "auto", "required"), "tool_choice")
    elif choice is not None:
        body["tool_choice"] = _choice(an_object(choice, "tool_choice"))
    return body


def namespaces_of(asked: JsonObject) -> dict[str, str]:
    """The namespace of each function that stands in one, by its name, for the calls of it to repeat."""
    return {
        function["name"]: tool["name"]
        for _, tool in declared(asked)
        if tool.get("type") == "namespace"
        for function in tool["tools"]
    }


def _flat(tool: JsonObject, place: str) -> Iterator[JsonObject]:
    """A function, or those of a namespace, each described as the namespace is and then as itself."""
    if tool.get("type") != "namespace":
        yield _tool(tool, place)
        return
    a_name(tool.get("name"), f"{place}.name")
    if tool.get("tools") is None:
        raise invalid(f"{place}.tools", "Field required")
    about = a_text(tool.get("description") or "", f"{place}.description")
    for at, each in objects_in(tool.get("tools"), f"{place}.tools"):
        found = _tool(each, at)
        words = [about, found["function"].get("description", "")]
        found["function"]["description"] = "\n\n".join(filter(None, words))
        yield found


def _require_names_apart(asked: JsonObject, names: list[str]) -> None:
    """A provider knows no namespaces, so the name of a function in one must be the only one of its kind."""
    for name in namespaces_of(asked):
        if names.count(name) > 1:
            raise unsupported("tools", f"two functions of the name '{name}' cannot be told apart here")


def _tool(tool: JsonObject, place: str) -> JsonObject:
    if tool.get("type") == "custom":
        from aggregator.proxy.dialects.responses.custom import as_function  # noqa: PLC0415 (few have such)

        return as_function(tool, place)
    if tool.get("type") != "function":
        raise unsupported(
            f"{place}.type", f"only functions are offered as tools here, not '{tool.get('type')}'"
        )
    callers = tool.get("allowed_callers")
    if callers and "direct" not in a_list(callers, f"{place}.allowed_callers"):
        raise unsupported(f"{place}.allowed_callers", "tools are called by the model itself here")
    function: JsonObject = {"name": a_name(tool.get("name"), f"{place}.name")}
    if tool.get("description") is not None:
        function["description"] = a_text(tool["description"], f"{place}.description")
    if tool.get("parameters") is not None:
        function["parameters"] = an_object(tool["parameters"], f"{place}.parameters")
    if tool.get("strict") is not None:
        if not isinstance(tool["strict"], bool):
            raise invalid(f"{place}.strict", "must be true or false")
        function["strict"] = tool["strict"]
    return {"type": "function", "function": function}


def _choice(choice: JsonObject) -> JsonObject:
    match choice.get("type"):
        case "function" | "custom":
            return _named(choice, "tool_choice")
        case "allowed_tools":
            mode = one_of(choice.get("mode"), ("auto", "required"), "tool_choice.mode")
            tools = [
                _named(tool, place) for place, tool in objects_in(choice.get("tools"), "tool_choice.tools")
            ]
            return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}}
        case kind:
            raise unsupported("tool_choice.type", f"only functions can be chosen here, not '{kind}'")


def _named(tool: JsonObject, place: str) -> JsonObject:
    if tool.get("type") not in ("function", "custom"):
        raise unsupported(f"{place}.type", "only functions can be chosen here")
    return {"type": "function", "function": {"name": a_name(tool.get("name"), f"{place}.name")}}


def _text(asked: JsonObject) -> JsonObject:
    text = an_object(asked.get("text") or {}, "text")
    body: JsonObject = {}
    if text.get("verbosity") is not None:
        body["verbosity"] = one_of(text["verbosity"], ("low", "medium", "high"), "text.verbosity")
    wanted = an_object(text.get("format") or {"type": "text"}, "text.format")
    match one_of(wanted.get("type"), ("text", "json_object", "json_schema"), "text.format.type"):
        case "json_object":
            body["response_format"] = {"type": "json_object"}
        case "json_schema":
            schema: JsonObject = {
                "name": a_name(wanted.get("name"), "text.format.name"),
                "schema": an_object(wanted.get("schema"), "text.format.schema"),
            }
            schema |= {
                name: wanted[name] for name in ("description", "strict") if wanted.get(name) is not None
            }
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def _reasoning(asked: JsonObject) -> JsonObject:
    """The effort. A summary needs no asking here: what a provider tells of its reasoning is always passed on."""
    reasoning = an_object(asked.get("reasoning") or {}, "reasoning")
    if reasoning.get("mode") not in (None, "standard"):
        raise unsupported("reasoning.mode", "is taken as 'standard' only")
    if (
        reasoning.get("context") is not None
    ):  # all thoughts go back, and a model reads of them what it wants to
        one_of(reasoning["context"], _CONTEXTS, "reasoning.context")
    effort = reasoning.get("effort")
    return {} if effort is None else {"reasoning_effort": a_name(effort, "reasoning.effort")}


def _included(asked: JsonObject) -> JsonObject:
    included = a_list(asked.get("include"), "include")
    for n, each in enumerate(included):
        one_of(each, _INCLUDABLE, f"include.{n}")
    wants_logprobs = "message.output_text.logprobs" in included or asked.get("top_logprobs")
    return {"logprobs": True} if wants_logprobs else {}
