"""Names of fields in refusals: what a provider, or the check of a chat completion, names in chat's words."""

from collections.abc import Callable, Mapping

from aggregator.errors import JsonObject, Refusal, envelope

Refuse = Callable[[Refusal, str], JsonObject]


def in_words_of(names: Mapping[str, str], refusal: Refusal) -> tuple[str, str | None]:
    """Message and param of a refusal, with the surface's name of the field.

    Places within messages are left out: a translated conversation counts otherwise.
    """
    param = refusal.param
    head, dot, rest = (param or "").partition(".")
    if param is None or head not in names:
        return refusal.message, param
    name = names[head] if head == "messages" else names[head] + dot + rest
    message = refusal.message.replace(f"'{param}'", f"'{name}'")
    return message.replace(f"{param}:", f"{name}:", 1) if message.startswith(f"{param}:") else message, name


def refusing(names: Mapping[str, str]) -> Refuse:
    """The one envelope, for a surface that has other names for fields."""

    def refuse(refusal: Refusal, request_id: str) -> JsonObject:
        body = envelope(refusal, request_id)
        body["error"]["message"], body["error"]["param"] = in_words_of(names, refusal)
        return body

    return refuse
