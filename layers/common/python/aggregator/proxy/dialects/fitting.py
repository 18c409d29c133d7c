"""What a request of another surface than chat becomes for the provider of a route. Standard library only.

The body of such a request is a chat completion with a few fields more, which some providers take and others refuse:

| field                                  | of                        | taken by                                     |
|----------------------------------------|---------------------------|----------------------------------------------|
| `thinking`                             | the request               | Claude; for others it is an effort           |
| `top_k`                                | the request               | Claude, Gemini; refused by name for others   |
| `cache_control`                        | messages, parts, tools    | Claude; others cache by themselves           |
| `reasoning_details`                    | an assistant's message    | the model that said them                     |
| `reasoning_content`                    | an assistant's message    | nobody                                       |
| `is_error`                             | a tool's message          | Claude, Nova, Gemini; others get it in words |
| images in the content                  | a tool's message          | all but OpenAI's protocol, where they follow |
|                                        |                           | in the user's name                           |

A provider with OpenAI's protocol takes those that the catalogue names as its `extensions`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, cast

from aggregator.errors import UnsupportedParameter
from aggregator.orchestrator.model import Provider
from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.proxy.dialects.conversation import (
    Block,
    Citable,
    File,
    Image,
    Result,
    Text,
    Turns,
    in_words,
)
from aggregator.proxy.dialects.efforts import least, levels_of
from aggregator.proxy.dialects.to_chat_form import written
from aggregator.proxy.dialects.tools import told
from aggregator.proxy.model import Ask, JsonObject

# Most tokens to think with at each effort; above the last it is "high".
_BUDGETS = (("low", 4096), ("medium", 16384))
_ERROR = "Error:"


def in_dialect_of(via: CatalogueRoute, ask: Ask) -> Ask:
    """A request of another surface than chat, as the provider of this route takes it.

    Raises:
        UnsupportedParameter: it has a field that the provider cannot honour.
    """
    provider = via.provider
    body = dict(ask.body)
    if "thinking" in body and not _is_claude(via):
        effort = _effort_of(body.pop("thinking"), via)
        if effort is not None:
            body.setdefault("reasoning_effort", effort)
    turns = ask.turns if _takes_errors(via) else _told(ask.turns)
    if not (provider.protocol == "anthropic" or _is_claude(via)):
        turns = _plain(turns)
    if provider.protocol == "openai":
        if "top_k" in body and "top_k" not in provider.extensions:
            raise UnsupportedParameter(f"{provider.name} does not take 'top_k'.", param="top_k")
        body["messages"] = list(_messages(written(turns), provider))
        if "tools" in body:
            body["tools"] = [_kept(tool, provider, "cache_control") for tool in body["tools"]]
    return ask._replace(body=body, turns=turns)


def _is_claude(via: CatalogueRoute) -> bool:
    return via.provider.protocol in ("anthropic", "bedrock") and "claude" in via.upstream_model


def _takes_errors(via: CatalogueRoute) -> bool:
    """Converse takes the status of a tool's result for Claude and Nova alone. Source: its `ToolResultBlock`."""
    if via.provider.protocol == "bedrock":
        return "claude" in via.upstream_model or "nova" in via.upstream_model
    return via.provider.protocol in ("anthropic", "gemini")


def _effort_of(thinking: Any, via: CatalogueRoute) -> str | None:
    """The effort that a budget of thinking stands for; None leaves it to the model, as Claude's other kinds do.

    Who asks for no thinking gets none, or as little as there is, wherever a model can be told so.
    """
    if thinking.get("type") == "disabled":
        if via.provider.protocol != "openai":
            return "none"
        return least(levels_of(via.provider, via.upstream_model) or ())
    budget = thinking.get("budget_tokens") if thinking.get("type") == "enabled" else None
    if budget is None:
        return None
    return next((effort for effort, most in _BUDGETS if budget <= most), "high")


def _messages(messages: list[JsonObject], provider: Provider) -> Iterator[JsonObject]:
    """Images of tools' results follow the last of them, for calls must be answered without a word between."""
    shown: list[JsonObject] = []
    results = 0
    for message in messages:
        results = results + 1 if message["role"] == "tool" else 0
        if shown and message["role"] != "tool":
            yield {"role": "user", "content": shown}
            shown = []
        plain = _kept(message, provider, "cache_control", "reasoning_details", "reasoning_content")
        if plain.get("tool_calls"):
            plain["tool_calls"] = [_kept(call, provider, "cache_control") for call in plain["tool_calls"]]
        if isinstance(plain.get("content"), list):
            parts = [_kept(part, provider, "cache_control") for part in plain["content"]]
            if message["role"] == "tool":
                others = [part for part in parts if part["type"] != "text"]
                if others:
                    shown += [{"type": "text", "text": f"From result {results}:"}, *others]
                parts = [part for part in parts if part["type"] == "text"]
            plain["content"] = _simply(parts)
        yield plain
    if shown:
        yield {"role": "user", "content": shown}


def _kept(said: JsonObject, provider: Provider, *extensions: str) -> JsonObject:
    """Without those extensions that the provider does not take."""
    gone = [name for name in extensions if name in said and name not in provider.extensions]
    return {name: value for name, value in said.items() if name not in gone}


def _told(turns: Turns) -> Turns:
    """Results of tools that say themselves that they are errors."""
    return tuple(
        replace(turn, blocks=tuple(map(_saying_so, turn.blocks)))
        if any(isinstance(block, Result) and block.is_error for block in turn.blocks)
        else turn
        for turn in turns
    )


def _plain(turns: Turns) -> Turns:
    """The turns for a model that cites nothing: what it could cite is words.

    Raises:
        UnsupportedParameter: it is asked to cite.
    """
    return tuple(
        replace(turn, blocks=tuple(_without_citing(turn.blocks)))
        if any(map(_is_citable, turn.blocks))
        else turn
        for turn in turns
    )


def _is_citable(block: Block) -> bool:
    within = block.content if isinstance(block, Result) else ()
    return isinstance(block, Citable) or any(isinstance(each, Citable) for each in within)


def _without_citing(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, Citable) and block.cites:
            at = f"{block.came.place}.citations"
            raise UnsupportedParameter(f"{at}: this model gives no citations here", param=at)
        if isinstance(block, Result):
            content = cast("tuple[Text | Image | File, ...]", tuple(_without_citing(block.content)))
            yield replace(block, content=content)
        else:
            yield from in_words(block)


def _saying_so(block: Block) -> Block:
    if not isinstance(block, Result) or not block.is_error:
        return block
    return replace(told(block, _ERROR), is_error=False)


def _simply(parts: list[JsonObject]) -> str | list[JsonObject]:
    """Text alone as one string, which every provider takes."""
    if all(part.keys() == {"type", "text"} and part["type"] == "text" for part in parts):
        return "\n\n".join(part["text"] for part in parts)
    return parts
