"""A conversation written as the messages of a chat completion request. Standard library only.

For providers of OpenAI's protocol, and for what money, caches and stored answers read of every request. Marks for the
prompt cache stay on their parts, what was sealed goes into `reasoning_details`, and a tool's result may hold images:
extensions, which fitting.py takes out for whoever has them not.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from aggregator.proxy.dialects.conversation import (
    Block,
    Call,
    File,
    Image,
    Refusal,
    Result,
    Text,
    Thinking,
    Turn,
    Turns,
    in_words,
)
from aggregator.proxy.model import JsonObject


def written(turns: Turns) -> list[JsonObject]:
    """The conversation as messages; results of tools come first in their turn, each a message of its own."""
    return [message for turn in turns for message in _messages(turn)]


def _messages(turn: Turn) -> Iterator[JsonObject]:
    mark = _marked(turn.mark)
    if turn.role == "assistant":
        yield _assistant(turn) | mark
        return
    results = [block for block in turn.blocks if isinstance(block, Result)]
    rest = [block for block in turn.blocks if not isinstance(block, Result)]
    messages = [_result(block) for block in results]
    if rest or not results:
        messages.append({"role": turn.role, "content": _content(rest)})
    messages[-1] |= mark
    yield from messages


def _assistant(turn: Turn) -> JsonObject:
    thoughts = [block for block in turn.blocks if isinstance(block, Thinking)]
    words = [block for block in turn.blocks if isinstance(block, Text | Refusal)]
    said = {
        "tool_calls": [_call(block) for block in turn.blocks if isinstance(block, Call)],
        "reasoning_details": [thought.seal for thought in thoughts if thought.seal],
        "reasoning_content": "".join(thought.text for thought in thoughts),
    }
    message: JsonObject = {"role": "assistant", "content": _words(words)}
    return message | {name: value for name, value in said.items() if value}


def _words(blocks: Sequence[Text | Refusal]) -> Any:
    """Text of parts that carry nothing else: every provider takes that from an assistant."""
    if any(block.mark for block in blocks):
        return [_part(block) for block in blocks]
    if len(blocks) == 1 and not blocks[0].came.said:
        return blocks[0].text
    return "".join(block.text for block in blocks) or None


def _result(result: Result) -> JsonObject:
    message: JsonObject = {
        "role": "tool",
        "tool_call_id": result.call_id,
        "content": _content(result.content),
        **_marked(result.mark),
    }
    return message | ({"is_error": True} if result.is_error else {})


def _content(blocks: Sequence[Block]) -> Any:
    """What was a bare string is one again."""
    if len(blocks) == 1 and isinstance(blocks[0], Text) and not blocks[0].came.said:
        return blocks[0].text
    return [_part(each) for block in blocks for each in in_words(block)]


def _part(block: Block) -> JsonObject:
    match block:
        case Image():
            image = {"url": block.url} | ({"detail": block.detail} if block.detail is not None else {})
            said: JsonObject = {"type": "image_url", "image_url": image}
        case File():
            file = {"file_data": block.data} | ({"filename": block.name} if block.name else {})
            said = {"type": "file", "file": file}
        case Text() | Refusal():
            said = {"type": "text", "text": block.text}
        case _:
            raise AssertionError(f"no part of a message: {block}")
    return said | _marked(block.mark)


def _call(call: Call) -> JsonObject:
    arguments = json.dumps({"input": call.arguments}) if call.custom else call.arguments
    function = {"name": call.name, "arguments": arguments}
    return {"id": call.id, "type": "function", "function": function, **_marked(call.mark)}


def _marked(mark: JsonObject | None) -> JsonObject:
    return {} if mark is None else {"cache_control": mark}
