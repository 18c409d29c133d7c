"""How much of a prompt was read before, up to a mark that the client set: Anthropic's prompt cache, and Bedrock's.

Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching. What is cached is everything up to a mark,
in the order tools, system, messages; a mark finds what was written at most 20 blocks before it; less than 1024 tokens
are neither written nor read. Entries do not age here, and each is of five minutes.
"""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from local.standin import tokens
from local.standin.ask import JsonObject
from local.standin.completion import Completion

_LEAST_TOKENS = 1024
_BLOCKS_BACK = 20
_MOST_ENTRIES = 10_000
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class PromptCache:
    """What was written so far; for each path and model apart. Safe to use from several threads."""

    def __init__(self) -> None:
        self._written: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, path: str, body: JsonObject, completion: Completion) -> Completion:
        """`completion` with what it read from the cache and wrote there; as it is where nothing is marked.

        The blocks' share of all that was sent is their share of the prompt's tokens.
        """
        blocks = list(_blocks(body))
        marks = [place for place, (_, marked) in enumerate(blocks) if marked]
        if not marks:
            return completion
        names, sizes = _prefixes(f"{path} {completion.model}", blocks)

        def tokens_to(place: int) -> int:
            share = completion.prompt_tokens * sizes[place] // sizes[-1]
            return share if share >= _LEAST_TOKENS else 0

        with self._lock:
            near = (at for mark in marks for at in range(max(0, mark - _BLOCKS_BACK + 1), mark + 1))
            read = max((at for at in near if names[at] in self._written), default=None)
            for mark in marks:
                if tokens_to(mark):
                    self._written[names[mark]] = None
            while len(self._written) > _MOST_ENTRIES:
                self._written.popitem(last=False)
        cached = 0 if read is None else tokens_to(read)
        return replace(
            completion,
            cached_tokens=cached,
            cache_write_tokens=max(0, tokens_to(marks[-1]) - cached),
        )


def _prefixes(start: str, blocks: list[tuple[str, bool]]) -> tuple[list[str], list[int]]:
    """The name of everything up to each block, and its size."""
    digest, size = hashlib.sha256(start.encode()), 0
    names, sizes = [], []
    for said, _ in blocks:
        digest.update(said.encode("utf-8", "replace"))
        size += tokens.count(said)
        names.append(digest.hexdigest())
        sizes.append(size)
    return names, sizes


def _blocks(body: JsonObject) -> Iterator[tuple[str, bool]]:
    """The prompt's blocks in the order in which they are cached, without their marks, and whether each is marked."""
    yield from _marked("tools", (body.get("toolConfig") or body).get("tools"))
    yield from _marked("system", body.get("system"))
    for message in body.get("messages") or ():
        if isinstance(message, dict):
            yield from _marked(str(message.get("role")), message.get("content"))


def _marked(place: str, content: Any) -> Iterator[tuple[str, bool]]:
    """Blocks of Messages have a mark in them; in Converse a mark is a block behind the one that it marks."""
    held: str | None = None
    for block in content if isinstance(content, list) else [content] if content else []:
        if isinstance(block, dict) and "cachePoint" in block:
            if held is not None:
                yield held, True
            held = None
            continue
        if held is not None:
            yield held, False
        bare = dict(block) if isinstance(block, dict) else {"text": block}
        marked = bool(bare.pop("cache_control", None))
        held = f"{place} {_compact(bare)}"
        if marked:
            yield held, True
            held = None
    if held is not None:
        yield held, False
