"""What the stand-in counts as read from its prompt cache, and written to it."""

from typing import Any

from local.standin.completion import Completion
from local.standin.prompt_cache import PromptCache

JsonObject = dict[str, Any]

MARK = {"cache_control": {"type": "ephemeral"}}
LONG = "word " * 2000


def completion(prompt_tokens: int) -> Completion:
    return Completion("chatcmpl-standin1", 0, "m", "fp", [], prompt_tokens, 0, None)


def counted(
    cache: PromptCache, body: JsonObject, tokens: int = 4004, path: str = "/v1/messages"
) -> tuple[int, int | None]:
    found = cache.count(path, body, completion(tokens))
    return found.cached_tokens, found.cache_write_tokens


def text(said: str, **more: Any) -> JsonObject:
    return {"type": "text", "text": said, **more}


def turn(*blocks: JsonObject) -> JsonObject:
    return {"role": "user", "content": list(blocks)}


def test_what_is_marked_is_written_once_and_read_afterwards() -> None:
    cache = PromptCache()
    body = {"system": [text(LONG, **MARK)], "messages": [turn(text(LONG))]}

    assert counted(cache, body) == (0, 2002)
    assert counted(cache, body) == (2002, 0)


def test_a_mark_that_moves_on_reads_what_was_written_before_it() -> None:
    cache = PromptCache()
    counted(cache, {"messages": [turn(text(LONG, **MARK))]}, 2000)

    assert counted(cache, {"messages": [turn(text(LONG)), turn(text(LONG, **MARK))]}, 4000) == (2000, 2000)


def test_a_word_changed_before_the_mark_reads_nothing() -> None:
    cache = PromptCache()
    counted(cache, {"system": "a", "messages": [turn(text(LONG, **MARK))]})

    assert counted(cache, {"system": "b", "messages": [turn(text(LONG, **MARK))]})[0] == 0


def test_a_mark_looks_20_blocks_back_and_no_further() -> None:
    cache = PromptCache()
    counted(cache, {"messages": [turn(text(LONG, **MARK))]})
    later = [text(f"{number}") for number in range(19)]

    assert counted(cache, {"messages": [turn(text(LONG), *later, text("end", **MARK))]})[0] == 0
    assert counted(cache, {"messages": [turn(text(LONG), *later[1:], text("end", **MARK))]})[0] > 0


def test_short_prompts_are_not_cached_and_unmarked_ones_are_left_alone() -> None:
    cache = PromptCache()
    short = {"messages": [turn(text("hello", **MARK))]}

    assert [counted(cache, short, 10) for _ in range(2)] == [(0, 0), (0, 0)]
    assert counted(cache, {"messages": [turn(text(LONG))]}) == (0, None)


def test_a_mark_of_converse_is_the_block_behind_what_it_marks() -> None:
    cache = PromptCache()
    point = {"cachePoint": {"type": "default"}}
    body = {"system": [{"text": LONG}, point], "messages": [turn({"text": LONG})]}

    assert counted(cache, body, 4000) == (0, 2000)
    assert counted(cache, body, 4000) == (2000, 0)


def test_paths_have_a_cache_each() -> None:
    cache = PromptCache()
    body = {"messages": [turn(text(LONG, **MARK))]}
    counted(cache, body, path="/a/v1/messages")

    assert counted(cache, body, path="/b/v1/messages")[0] == 0
