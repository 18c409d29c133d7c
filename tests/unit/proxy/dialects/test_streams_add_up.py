"""A stream, however it is cut, adds up to the plain answer: every provider's dialect in front of every client's."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.billing.price import Usage
from aggregator.proxy.exchange import Progress
from tests.fakes import bedrock_wire as bedrock
from tests.fakes.chat_world import ask
from tests.fakes.translated import translation

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Block:
    """What a model did: it thought, spoke, of itself or of a page that it read, or called a tool."""

    kind: str
    words: str
    id: str = ""
    cited: bool = False


PAGE: JsonObject = {"url": "https://a.example/p", "title": "P"}


_words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
_blocks = st.lists(
    st.builds(Block, st.just("thought"), _words)
    | st.builds(Block, st.just("text"), _words, cited=st.booleans())
    | st.builds(Block, st.just("call"), _words.map(lambda each: json.dumps({"x": each}))),
    min_size=1,
    max_size=6,
).map(
    lambda blocks: [
        replace(block, id=f"c{n}")
        for n, block in enumerate([*blocks, Block("text", "end")])
        if n == 0 or block.kind == "call" or block.kind != blocks[n - 1].kind
    ]
)


def cut(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def sse(said: JsonObject) -> bytes:
    return b"data: " + json.dumps(said).encode() + b"\n\n"


class Messages:
    @staticmethod
    def plain(blocks: list[Block]) -> bytes:
        content = [_claudes(block) for block in blocks]
        usage = {"input_tokens": 10, "output_tokens": 5}
        return json.dumps(
            {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content,
             "stop_reason": "end_turn", "usage": usage}
        ).encode()  # fmt: skip

    @staticmethod
    def stream(blocks: list[Block], size: int) -> Iterator[bytes]:
        message = {"id": "msg_1", "model": "m", "usage": {"input_tokens": 10, "output_tokens": 1}}
        yield sse({"type": "message_start", "message": message})
        for n, block in enumerate(blocks):
            begun = _claudes(replace(block, words="{}" if block.kind == "call" else ""), signature="")
            yield sse({"type": "content_block_start", "index": n, "content_block": begun})
            kind, name = {
                "thought": ("thinking_delta", "thinking"),
                "text": ("text_delta", "text"),
                "call": ("input_json_delta", "partial_json"),
            }[block.kind]
            for piece in cut(_compact(block), size):
                delta = {"type": kind, name: piece}
                yield sse({"type": "content_block_delta", "index": n, "delta": delta})
            if block.cited:
                cited = {"type": "citations_delta", "citation": _FOUND_BY_CLAUDE}
                yield sse({"type": "content_block_delta", "index": n, "delta": cited})
            if block.kind == "thought":
                delta = {"type": "signature_delta", "signature": f"sig-{block.id}"}
                yield sse({"type": "content_block_delta", "index": n, "delta": delta})
            yield sse({"type": "content_block_stop", "index": n})
        end = {"stop_reason": "end_turn"}
        yield sse({"type": "message_delta", "delta": end, "usage": {"output_tokens": 5}})
        yield sse({"type": "message_stop"})


def _claudes(block: Block, signature: str | None = None) -> JsonObject:
    if block.kind == "call":
        return {"type": "tool_use", "id": block.id, "name": "f", "input": json.loads(block.words)}
    if block.kind == "text":
        citations = [_FOUND_BY_CLAUDE] if block.cited and block.words else []
        return {"type": "text", "text": block.words, "citations": citations}
    signed = f"sig-{block.id}" if signature is None else signature
    return {"type": "thinking", "thinking": block.words, "signature": signed}


_FOUND_BY_CLAUDE: JsonObject = PAGE | {
    "type": "web_search_result_location",
    "cited_text": "c",
    "encrypted_index": "e",
}


class Gemini:
    @staticmethod
    def plain(blocks: list[Block]) -> bytes:
        return json.dumps(_partial([_googles(block) for block in blocks], "STOP", _grounds(blocks))).encode()

    @staticmethod
    def stream(blocks: list[Block], size: int) -> Iterator[bytes]:
        for block in blocks:
            if block.kind == "call":
                yield sse(_partial([_googles(block)], beside=_grounds(blocks)))
                continue
            pieces = cut(block.words, size)
            for n, piece in enumerate(pieces):
                part = _googles(replace(block, words=piece))
                if n < len(pieces) - 1:
                    part.pop("thoughtSignature", None)
                yield sse(_partial([part], beside=_grounds(blocks)))
        yield sse(_partial([], "STOP", _grounds(blocks)))


def _grounds(blocks: list[Block]) -> JsonObject:
    supports: list[JsonObject] = []
    said = 0
    for block in blocks:
        length = len(block.words.encode()) if block.kind == "text" else 0
        if block.cited:
            segment = {"startIndex": said, "endIndex": said + length, "text": block.words}
            supports.append({"segment": segment, "groundingChunkIndices": [0]})
        said += length
    page = {"web": {"uri": PAGE["url"], "title": PAGE["title"]}}
    return (
        {"groundingMetadata": {"groundingChunks": [page], "groundingSupports": supports}} if supports else {}
    )


def _partial(parts: list[JsonObject], reason: str = "", beside: JsonObject | None = None) -> JsonObject:
    candidate: JsonObject = {"index": 0, "content": {"role": "model", "parts": parts}} | (beside or {})
    if reason:
        candidate["finishReason"] = reason
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
    return {"responseId": "r1", "modelVersion": "m", "candidates": [candidate], "usageMetadata": usage}


def _googles(block: Block) -> JsonObject:
    if block.kind == "call":
        call = {"id": block.id, "name": "f", "args": json.loads(block.words)}
        return {"functionCall": call, "thoughtSignature": f"sig-{block.id}"}
    if block.kind == "text":
        return {"text": block.words}
    return {"text": block.words, "thought": True, "thoughtSignature": f"sig-{block.id}"}


class Converse:
    @staticmethod
    def plain(blocks: list[Block]) -> bytes:
        return bedrock.answer(*(_amazons(block) for block in blocks))

    @staticmethod
    def stream(blocks: list[Block], size: int) -> Iterator[bytes]:
        yield bedrock.event("messageStart", role="assistant")
        for n, block in enumerate(blocks):
            if block.kind == "call":
                yield bedrock.start_call(n, block.id, "f")
            for piece in cut(_compact(block), size):
                if block.kind == "thought":
                    yield bedrock.thought(n, text=piece)
                else:
                    yield bedrock.argument(n, piece) if block.kind == "call" else bedrock.text_delta(piece, n)
            if block.cited:
                cited = {"citation": _FOUND_BY_NOVA}
                yield bedrock.event("contentBlockDelta", contentBlockIndex=n, delta=cited)
            if block.kind == "thought":
                yield bedrock.thought(n, signature=f"sig-{block.id}")
            yield bedrock.stop_block(n)
        yield bedrock.end()
        yield bedrock.event("metadata", usage=bedrock.usage())


def _amazons(block: Block) -> JsonObject:
    if block.kind == "call":
        return {"toolUse": {"toolUseId": block.id, "name": "f", "input": json.loads(block.words)}}
    if block.cited:
        return {"citationsContent": {"content": [{"text": block.words}], "citations": [_FOUND_BY_NOVA]}}
    if block.kind == "text":
        return {"text": block.words}
    return {"reasoningContent": {"reasoningText": {"text": block.words, "signature": f"sig-{block.id}"}}}


_FOUND_BY_NOVA = {"title": PAGE["title"], "location": {"web": {"url": PAGE["url"], "domain": "a.example"}}}


def _compact(block: Block) -> str:
    if block.kind != "call":
        return block.words
    return json.dumps(json.loads(block.words), separators=(",", ":"), ensure_ascii=False)


class Responses:
    @staticmethod
    def plain(blocks: list[Block]) -> bytes:
        return json.dumps(_response([_openais(block) for block in blocks])).encode()

    @staticmethod
    def stream(blocks: list[Block], size: int) -> Iterator[bytes]:
        yield sse({"type": "response.created", "response": _response([], status="in_progress")})
        for n, block in enumerate(blocks):
            at = {"output_index": n}
            begun = _openais(replace(block, words=""))
            yield sse({"type": "response.output_item.added", "item": begun} | at)
            kind = {
                "thought": "reasoning_summary_text",
                "text": "output_text",
                "call": "function_call_arguments",
            }[block.kind]
            for piece in cut(block.words, size):
                yield sse({"type": f"response.{kind}.delta", "delta": piece, "content_index": 0} | at)
            if block.cited:
                (annotation,) = _openais(block)["content"][0]["annotations"]
                added = {"content_index": 0, "annotation_index": 0, "annotation": annotation}
                yield sse({"type": "response.output_text.annotation.added"} | added | at)
            yield sse({"type": "response.output_item.done", "item": _openais(block)} | at)
        whole = _response([_openais(block) for block in blocks])
        yield sse({"type": "response.completed", "response": whole})


def _response(output: list[JsonObject], status: str = "completed") -> JsonObject:
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    return {"id": "resp_1", "model": "m", "status": status, "output": output, "usage": usage}


def _openais(block: Block) -> JsonObject:
    if block.kind == "call":
        return {"type": "function_call", "call_id": block.id, "name": "f", "arguments": block.words}
    if block.kind == "text":
        cited = PAGE | {"type": "url_citation", "start_index": 0, "end_index": len(block.words)}
        annotations = [cited] if block.cited else []
        part = {"type": "output_text", "text": block.words, "annotations": annotations}
        return {"type": "message", "content": [part]}
    summary = [{"type": "summary_text", "text": block.words}]
    return {"type": "reasoning", "summary": summary, "encrypted_content": f"sig-{block.id}"}


class Chat:
    @staticmethod
    def plain(blocks: list[Block]) -> bytes:
        calls = [_chats(block) for block in blocks if block.kind == "call"]
        message = {
            "role": "assistant",
            "reasoning_content": "".join(block.words for block in blocks if block.kind == "thought"),
            "content": "".join(block.words for block in blocks if block.kind == "text"),
            "annotations": [_annotation(blocks, block) for block in blocks if block.cited],
            **({"tool_calls": calls} if calls else {}),
        }
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return json.dumps({"id": "c1", "model": "m", "choices": [choice], "usage": _COUNTED}).encode()

    @staticmethod
    def stream(blocks: list[Block], size: int) -> Iterator[bytes]:
        order = ("thought", "text", "call")
        place = 0
        for block in sorted(blocks, key=lambda each: order.index(each.kind)):
            if block.kind == "call":
                begun = _chats(replace(block, words=""))
                yield _delta({"tool_calls": [{"index": place, **begun}]})
            for piece in cut(block.words, size):
                if block.kind == "call":
                    yield _delta({"tool_calls": [{"index": place, "function": {"arguments": piece}}]})
                else:
                    yield _delta({"reasoning_content" if block.kind == "thought" else "content": piece})
            place += block.kind == "call"
            if block.cited:
                yield _delta({"annotations": [_annotation(blocks, block)]})
        yield _delta({}, "stop")
        yield sse({"id": "c1", "model": "m", "choices": [], "usage": _COUNTED})
        yield b"data: [DONE]\n\n"


_COUNTED = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def _annotation(blocks: list[Block], cited: Block) -> JsonObject:
    before = blocks[: next(n for n, block in enumerate(blocks) if block is cited)]
    start = sum(len(block.words) for block in before if block.kind == "text")
    span = {"start_index": start, "end_index": start + len(cited.words)}
    return {"type": "url_citation", "url_citation": PAGE | span}


def _chats(block: Block) -> JsonObject:
    return {"id": block.id, "type": "function", "function": {"name": "f", "arguments": block.words}}


def _delta(delta: JsonObject, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return sse({"id": "c1", "model": "m", "choices": [choice]})


DIALECTS: dict[str, Any] = {
    "messages": Messages,
    "gemini": Gemini,
    "converse": Converse,
    "responses": Responses,
    "chat": Chat,
}


def added_up(provider: str, client: str, blocks: list[bytes]) -> JsonObject:
    on_its_way, progress = translation(provider, client, stream=True), Progress(model="m")
    for _ in on_its_way.stream(iter(blocks), progress):
        pass
    assert progress.finished
    assert progress.usage == Usage(input_tokens=10, output_tokens=5)
    (whole,) = on_its_way.whole(ask(), b"", progress.usage._replace(estimated=True))
    return _comparable(json.loads(whole))


def _comparable(said: JsonObject) -> JsonObject:
    """Without what is made for each answer anew, and what tells that it was counted here."""
    usage = {name: value for name, value in said["usage"].items() if name != "estimated"}
    return said | {"id": "", "created": 0, "usage": usage}


@pytest.mark.parametrize("client", ["chat", "messages", "responses"])
@pytest.mark.parametrize("provider", list(DIALECTS))
@settings(max_examples=20)
@given(blocks=_blocks, size=st.integers(1, 7), data=st.data())
def test_a_stream_however_cut_adds_up_to_the_plain_answer(
    provider: str, client: str, blocks: list[Block], size: int, data: st.DataObject
) -> None:
    dialect = DIALECTS[provider]
    run = b"".join(dialect.stream(blocks, size))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(run)), max_size=12)) | {0, len(run)})

    plain = translation(provider, client).decode(dialect.plain(blocks), Progress(model="m"))

    pieces = [run[start:end] for start, end in pairwise(cuts)]
    assert added_up(provider, client, pieces) == _comparable(json.loads(plain))


@pytest.mark.parametrize("provider", ["messages", "gemini", "converse", "responses"])
def test_what_a_model_did_in_turns_stays_in_its_order(provider: str) -> None:
    did = [
        Block("thought", "first", "a"),
        Block("text", "so", "b"),
        Block("call", '{"x":1}', "c"),
        Block("thought", "then", "d"),
        Block("call", '{"x":2}', "e"),
        Block("text", "done", "f"),
    ]

    plain = json.loads(
        translation(provider, "messages").decode(DIALECTS[provider].plain(did), Progress(model="m"))
    )

    said = [
        block.get("thinking") or block.get("text") or block["input"]["x"]
        for block in plain["content"]
        if block["type"] != "redacted_thinking"
    ]
    assert said == ["first", "so", 1, "then", 2, "done"]
