"""What Google refuses of generateContent."""

import re
from collections.abc import Iterator
from typing import Any

from local.standin.ask import JsonObject
from local.standin.dialects.gemini import in_camels
from local.standin.dialects.seal import place_of
from local.standin.refusals.fields import GEMINI, GENERATION_CONFIG, PART
from local.standin.refusals.reading import every, extra, listed
from local.standin.refusals.rules import Call, Rule

_SIGNS = re.compile(r"gemini-([3-9]|\d\d)")
_UNSIGNED = ("skip_thought_signature_validator", "context_engineering_is_the_way_to_go")
_LEVELS = ("MINIMAL", "LOW", "MEDIUM", "HIGH")
_SCHEMA = frozenset({
    "type", "format", "title", "description", "nullable", "enum", "maxItems", "minItems", "properties", "required",
    "minProperties", "maxProperties", "minLength", "maxLength", "pattern", "example", "anyOf", "propertyOrdering",
    "default", "items", "minimum", "maximum",
})  # fmt: skip
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}")
_REFERENCE = "https://ai.google.dev/api/generate-content"
_ALL = ("gemini",)


def _body(call: Call) -> JsonObject:
    body: JsonObject = in_camels(call.body)
    return body


def parts_in(body: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """The parts of all contents, each with its place."""
    for n, content in enumerate(listed(body, "contents")):
        for k, part in enumerate(listed(content, "parts")):
            yield f"contents[{n}].parts[{k}]", part


def _cannot_find(name: str, at: str) -> tuple[str, str]:
    where = f" at '{at}'" if at else ""
    return at or name, f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.'


def _unknown(call: Call) -> tuple[str, str] | None:
    body = _body(call)
    places: list[tuple[str, Any, Any]] = [("", body, GEMINI)]
    places.append(("generation_config", body.get("generationConfig") or {}, GENERATION_CONFIG))
    places += [(at, part, PART) for at, part in parts_in(body)]
    for at, said, known in places:
        if name := extra(said, known):
            return _cannot_find(name, at)
    for tool in listed(body, "tools"):
        for declared in listed(tool, "functionDeclarations"):
            if name := _outside_a_schema(declared.get("parameters")):
                return _cannot_find(name, "tools.function_declarations.parameters")
    return None


def _outside_a_schema(schema: Any) -> str:
    """A keyword that Google's own form of a schema does not have."""
    if not isinstance(schema, dict):
        return ""
    inside = [*(schema.get("properties") or {}).values(), schema.get("items"), *(schema.get("anyOf") or ())]
    return extra(schema, _SCHEMA) or next(filter(None, map(_outside_a_schema, inside)), "")


def _turns(call: Call) -> tuple[str, str] | None:
    contents = listed(_body(call), "contents")
    if not contents:
        return "contents", "* GenerateContentRequest.contents: contents is not specified"
    for n, content in enumerate(contents):
        if content.get("role") not in (None, "user", "model", "function"):
            return f"contents[{n}].role", "Please use a valid role: user, model."
        if not content.get("parts"):
            said = f"* GenerateContentRequest.contents[{n}].parts: contents.parts must not be empty."
            return f"contents[{n}].parts", said
    return None


def _unsigned(call: Call) -> tuple[str, str] | None:
    """The first call of each step of the turn that goes on carries the signature that it came with."""
    contents = listed(_body(call), "contents")
    if not _SIGNS.match(call.model):
        return None
    asked = [
        n
        for n, content in enumerate(contents)
        if content.get("role") != "model"
        and any("text" in part for part in listed(content, "parts"))
        and not any("functionResponse" in part for part in listed(content, "parts"))
    ]
    for n, content in enumerate(contents):
        if content.get("role") != "model" or n < max(asked, default=0):
            continue
        calls = [part for part in listed(content, "parts") if "functionCall" in part]
        if not calls:
            continue
        spoken, signature = calls[0]["functionCall"], calls[0].get("thoughtSignature")
        if not signature:
            said = "Function call is missing a thought_signature in functionCall parts."
            return (
                f"contents[{n}]",
                f"{said} Additional data, function call `{spoken.get('name')}`, position {n}.",
            )
        if signature not in _UNSIGNED and place_of(signature, f"call_{spoken.get('id')}") is None:
            return f"contents[{n}]", "Corrupted thought signature."
    return None


def _unpaired(call: Call) -> tuple[str, str] | None:
    contents = listed(_body(call), "contents")
    for before, content in zip([{}, *contents], contents, strict=False):
        calls = sum("functionCall" in part for part in listed(before, "parts"))
        results = sum("functionResponse" in part for part in listed(content, "parts"))
        if calls != results and (results or content.get("role") != "model"):
            said = "Please ensure that the number of function response parts is equal to the number of function call "
            return "contents", f"{said}parts of the function call turn."
    return None


def _levels(call: Call) -> tuple[str, str] | None:
    for level in every(_body(call).get("generationConfig"), "thinkingLevel"):
        if str(level).upper() not in _LEVELS:
            at = "generation_config.thinking_config.thinking_level"
            return at, f"Invalid value at '{at}': \"{level}\""
    return None


def _names(call: Call) -> tuple[str, str] | None:
    for tool in listed(_body(call), "tools"):
        for declared in listed(tool, "functionDeclarations"):
            if not _NAME.fullmatch(str(declared.get("name"))):
                return (
                    "tools",
                    f"Invalid function name: {declared.get('name')}. Must start with a letter or an underscore.",
                )
    return None


def _arguments(call: Call) -> tuple[str, str] | None:
    for at, part in parts_in(_body(call)):
        for name, inside in (("functionCall", "args"), ("functionResponse", "response")):
            if name in part and not isinstance(part[name].get(inside) or {}, dict):
                return f"{at}.{name}.{inside}", f"Invalid value at '{at}.{name}.{inside}' (Struct)"
    return None


RULES = (
    Rule(
        "a field that Google does not know, of the request, its config, a part or a schema",
        _unknown,
        (
            "https://github.com/glowingjade/obsidian-smart-composer/issues/455",
            "https://github.com/MinLL/SkyrimNet-GamePlugin/issues/77",
        ),
        _ALL,
    ),
    Rule("contents without parts, or of another role", _turns, (_REFERENCE,), _ALL),
    Rule("arguments or a result that is no object", _arguments, (_REFERENCE,), _ALL),
    Rule(
        "a function's name that Google does not take",
        _names,
        ("https://ai.google.dev/api/caching#FunctionDeclaration",),
        _ALL,
    ),
    Rule(
        "a call of Gemini 3 without the signature that it came with",
        _unsigned,
        (
            "https://ai.google.dev/gemini-api/docs/thought-signatures",
            "https://github.com/langgenius/dify-official-plugins/issues/2088",
        ),
        _ALL,
    ),
    Rule(
        "calls and results that are not as many",
        _unpaired,
        ("https://ai.google.dev/gemini-api/docs/function-calling",),
        _ALL,
    ),
    Rule(
        "a level of thinking that there is not",
        _levels,
        ("https://ai.google.dev/gemini-api/docs/thinking",),
        _ALL,
    ),
)
