"""A chat request, checked: what the rest of the stand-in may rely on."""

from dataclasses import dataclass
from typing import Any

from local.standin.directives import without_directive
from local.standin.errors import BadRequest

JsonObject = dict[str, Any]

_ROLES = {"system", "developer", "user", "assistant", "tool", "function"}
_WHOLE_NUMBERS = {
    "n": (1, 128),
    "max_tokens": (1, 10**9),
    "max_completion_tokens": (1, 10**9),
    "top_logprobs": (0, 20),
}
_OBJECTS = ("stream_options", "response_format")
_MOST_STOPS = 16


@dataclass(frozen=True, slots=True)
class Ask:
    """A chat request that is well-formed; `user_text` is the last user message, without a directive."""

    body: JsonObject
    model: str
    messages: list[JsonObject]
    raw_user_text: str

    @property
    def user_text(self) -> str:
        """The text of the last user message, without the directive at its start."""
        return without_directive(self.raw_user_text)

    @property
    def streams(self) -> bool:
        """Whether the client wants events rather than one answer."""
        return bool(self.body.get("stream"))

    @property
    def wants_usage_chunk(self) -> bool:
        """Whether a stream ends with a usage chunk."""
        return bool((self.body.get("stream_options") or {}).get("include_usage"))

    @property
    def cap(self) -> int | None:
        """The most tokens that each choice may have, if the client says."""
        given = [self.body.get(name) for name in ("max_completion_tokens", "max_tokens")]
        return min((value for value in given if value is not None), default=None)

    @property
    def stops(self) -> list[str]:
        """The texts before which an answer ends."""
        stop = self.body.get("stop") or []
        return [stop] if isinstance(stop, str) else stop

    @property
    def tool_results(self) -> list[JsonObject]:
        """The tool messages that the conversation ends with; notes of the system after them ask for nothing."""
        results: list[JsonObject] = []
        for message in reversed(self.messages):
            if message["role"] in {"system", "developer"} and not results:
                continue
            if message["role"] not in {"tool", "function"}:
                break
            results.insert(0, message)
        return results


def ask_of(body: Any) -> Ask:
    """The chat request in a decoded `body`.

    Raises:
        BadRequest: a field that the stand-in reads is missing or has a wrong type or value.
    """
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise BadRequest("you must provide a model parameter", param="model")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRequest("'messages' must be a non-empty array.", param="messages")
    for place, message in enumerate(messages):
        _check_message(message, f"messages.{place}")
    _check_options(body)
    for place, tool in enumerate(body.get("tools") or ()):
        _check_tool(tool, f"tools.{place}")
    return Ask(body, model, messages, _last_user_text(messages))


def text_of(content: Any) -> str:
    """The text in a message's content, its parts put together."""
    if isinstance(content, str):
        return content
    return " ".join(part["text"] for part in content or () if isinstance(part.get("text"), str))


def _last_user_text(messages: list[JsonObject]) -> str:
    for message in reversed(messages):
        if message["role"] == "user":
            return text_of(message.get("content"))
    return ""


def _check_message(message: Any, path: str) -> None:
    if not isinstance(message, dict) or message.get("role") not in _ROLES:
        raise BadRequest("A message is an object with a known role.", param=f"{path}.role")
    content = message.get("content")
    if isinstance(content, list):
        if not all(isinstance(part, dict) and isinstance(part.get("type"), str) for part in content):
            raise BadRequest("A content part is an object with a type.", param=f"{path}.content")
    elif content is not None and not isinstance(content, str):
        raise BadRequest("Content is a string or an array of parts.", param=f"{path}.content")
    if not isinstance(message.get("name") or "", str):
        raise BadRequest("A name is a string.", param=f"{path}.name")
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise BadRequest("Tool calls are an array of objects.", param=f"{path}.tool_calls")
    if message["role"] == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise BadRequest("A tool message names its call.", param=f"{path}.tool_call_id")


def _check_options(body: JsonObject) -> None:
    for name, (least, most) in _WHOLE_NUMBERS.items():
        value = body.get(name)
        if value is not None and (type(value) is not int or not least <= value <= most):
            raise BadRequest(f"'{name}' must be a whole number from {least} to {most}.", param=name)
    for name in _OBJECTS:
        if body.get(name) is not None and not isinstance(body[name], dict):
            raise BadRequest(f"'{name}' must be an object.", param=name)
    stop = body.get("stop") or []
    listed = [stop] if isinstance(stop, str) else stop
    if (
        not isinstance(listed, list)
        or len(listed) > _MOST_STOPS
        or not all(isinstance(s, str) for s in listed)
    ):
        raise BadRequest("'stop' must be a string or an array of strings.", param="stop")
    if not isinstance(body.get("tools") or [], list):
        raise BadRequest("'tools' must be an array.", param="tools")


def _check_tool(tool: Any, path: str) -> None:
    inside = (
        tool.get(tool.get("type")) if isinstance(tool, dict) and isinstance(tool.get("type"), str) else None
    )
    if not isinstance(inside, dict) or not isinstance(inside.get("name"), str) or not inside["name"]:
        raise BadRequest("A tool is a function or a custom tool with a name.", param=path)
