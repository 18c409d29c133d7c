"""The largest requests and answers that pass through the functions that call models, and the memory that each takes.

`python -m bench.large` measures them all, each in a function's process of its own, from its start to its answer.
"""

import json
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from aggregator.auth.caller import packed, unpacked
from bench.events import COMPLETION, KEY_ID, USER
from bench.lambdas import SOURCES, FunctionProcess, ours
from bench.runtime_api import body_of
from bench.world import World
from local.paths import ROOT

JsonObject = dict[str, Any]

EVENT_BYTES = 6_000_000
"""What Lambda takes of an event; a body is escaped in it."""

EMOJI = "\N{GRINNING FACE}"
"""One character beyond Latin makes a text of four bytes a character, whatever the others are."""


_ANSWERS = {
    "claude": json.dumps({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "stop_reason": "end_turn",
        "content": [{"type": "text", "text": "Hello."}], "usage": {"input_tokens": 9, "output_tokens": 3},
    }).encode(),
    "gemini": json.dumps({
        "candidates": [{"content": {"role": "model", "parts": [{"text": "Hello."}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 3, "totalTokenCount": 12},
    }).encode(),
}  # fmt: skip
"""What providers answer that do not speak OpenAI's protocol, by the first word of their models' names."""


RESPONSE = json.dumps({
    "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "gpt-4o-mini",
    "output": [{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": "Hello", "annotations": []}]}],
    "usage": {"input_tokens": 9, "output_tokens": 1, "total_tokens": 10},
}).encode()  # fmt: skip
"""What a provider answers that speaks Responses."""


LARGEST_FILE = b"%PDF-1.7\n" + b"x" * (4_718_592 - 1_000)
"""What the provider's server has under `/file.pdf`: as much as is fetched for a request."""

AT_PROVIDER = "http://provider.example"
"""Stands in a request for the address of the provider's server."""


class Case(NamedTuple):
    """A request to a function under functions/proxy; `answer` is the provider's, a chat completion unless said."""

    name: str
    function: str
    body: JsonObject
    answer: bytes | None = None


class Measured(NamedTuple):
    """What a case came to: status, bytes of the event and of the answer, largest resident memory in MB."""

    status: int
    event_bytes: int
    answer_bytes: int
    peak_mb: float


def prompts() -> Iterator[Case]:
    """Requests as large as they get: in one string, in many blocks, in many messages; each has one emoji."""
    text = "x" * 5_500_000 + EMOJI
    parts = _many({"type": "text", "text": "x" * 70}, 50_000)
    one, blocks = [{"role": "user", "content": text}], [{"role": "user", "content": parts}]
    turns = _turns(70_000)
    chat, claude, answers = "create_chat_completion", "create_message", "create_response"
    for model in ("gpt-4o-mini", "claude-sonnet-4-6", "gemini-3.5-flash"):
        ask = {"model": model, "max_tokens": 10}
        said = _ANSWERS.get(model.partition("-")[0])
        in_responses = said or RESPONSE
        yield Case(f"chat, one string, {model}", chat, {**ask, "messages": one}, said)
        yield Case(f"chat, 70,000 messages, {model}", chat, {**ask, "messages": turns}, said)
        yield Case(f"chat, 50,000 parts, {model}", chat, {**ask, "messages": blocks}, said)
        yield Case(f"messages, one string, {model}", claude, {**ask, "messages": one}, said)
        yield Case(f"messages, 70,000 messages, {model}", claude, {**ask, "messages": turns}, said)
        yield Case(f"messages, 50,000 blocks, {model}", claude, {**ask, "messages": blocks}, said)
        ask = {"model": model, "max_output_tokens": 16}
        items = _many({"type": "input_text", "text": "x" * 65}, 50_000)
        yield Case(f"responses, one string, {model}", answers, {**ask, "input": text}, in_responses)
        yield Case(f"responses, 70,000 items, {model}", answers, {**ask, "input": turns}, in_responses)
        yield Case(
            f"responses, 50,000 parts, {model}",
            answers,
            {**ask, "input": [{"role": "user", "content": items}]},
            in_responses,
        )
    for model in ("bedrock-converse/claude-sonnet-4-6", "google/gemini-3.5-flash"):
        source = {"type": "url", "url": f"{AT_PROVIDER}/file.pdf"}
        asked = [{"role": "user", "content": [{"type": "document", "source": source}]}]
        said = _ANSWERS["gemini" if "gemini" in model else "claude"]
        body = {"model": model, "max_tokens": 10, "messages": asked}
        yield Case(f"messages, a file by its address, {model}", claude, body, said)
    vector = {"model": "text-embedding-3-small"}
    small = embeddings(1, 8, base64=False)
    yield Case("embeddings, one string", "create_embedding", {**vector, "input": text}, small)
    yield Case(
        "embeddings, 2,048 texts",
        "create_embedding",
        {**vector, "input": ["x" * 2_600] * 2_047 + [EMOJI]},
        small,
    )
    yield Case(
        "embeddings, 800,000 tokens", "create_embedding", {**vector, "input": [100_000] * 800_000}, small
    )


def answers() -> Iterator[Case]:
    """Answers as large as they get."""
    ask = {"model": "text-embedding-3-large", "input": ["x"] * 2_048}
    text = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x"}], "max_tokens": 10}
    whole = embeddings(2_048, 3_072, base64=True)
    yield Case("embeddings, base64", "create_embedding", {**ask, "encoding_format": "base64"}, whole)
    numbers = embeddings(2_048, 3_072, base64=False)
    yield Case("embeddings, numbers", "create_embedding", ask, numbers)
    yield Case(
        "embeddings, numbers as base64", "create_embedding", {**ask, "encoding_format": "base64"}, numbers
    )
    long = json.loads(json.dumps(COMPLETION))
    long["choices"][0]["message"]["content"] = "x" * 4_000_000 + EMOJI
    yield Case("chat, 4 MB", "create_chat_completion", text, json.dumps(long).encode())


def embeddings(inputs: int, dimensions: int, *, base64: bool) -> bytes:
    """A provider's answer: vectors, and the usage after them."""
    vector = (
        f'"{"u7vM" * (dimensions * 4 // 3)}"'
        if base64
        else f"[{','.join(['-0.009327292442321777'] * dimensions)}]"
    )
    data = ",".join(
        f'{{"object":"embedding","index":{index},"embedding":{vector}}}' for index in range(inputs)
    )
    usage = '"usage":{"prompt_tokens":2048,"total_tokens":2048}'
    return f'{{"object":"list","data":[{data}],"model":"text-embedding-3-large",{usage}}}'.encode()


def measure(case: Case, folder: Path, *, layers: tuple[str, ...] = SOURCES) -> Measured:
    """Ask a function once, in a process of its own."""
    function = ours(f"proxy/{case.function}", layers=layers, streams=True)
    told = case.answer or json.dumps(COMPLETION).encode()
    with provider(told) as url, World(folder, provider_url=url) as world:
        event = _event(case, url)
        with FunctionProcess(function, world.environment(), folder / "function.log") as process:
            answer = body_of(process.invoke(event).answer)
        assert process.used is not None
        head, _, body = answer.partition(bytes(8))
        return Measured(json.loads(head)["statusCode"], len(event), len(body), round(process.used.peak_mb, 1))


@contextmanager
def provider(answer: bytes) -> Iterator[str]:
    """A provider that says the same to everybody."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            left = int(self.headers["Content-Length"])
            while left:
                left -= len(self.rfile.read(min(left, 1 << 16)))
            self._say("application/json", answer)

        def do_GET(self) -> None:
            self._say("application/pdf", LARGEST_FILE)

        def _say(self, media_type: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        log_message: Callable[..., None] = staticmethod(lambda *_: None)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _event(case: Case, url: str) -> bytes:
    event = json.loads(
        (ROOT / "events" / "apigateway" / f"proxy_{case.function}.json").read_text(encoding="utf-8")
    )
    body = json.dumps(case.body, ensure_ascii=False, separators=(",", ":"))
    event["body"] = body.replace(AT_PROVIDER, url)
    authorizer = event["requestContext"]["authorizer"]
    authorizer["caller"] = packed(unpacked(authorizer["caller"]) | {"keyId": KEY_ID, "userId": USER})
    told = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    assert len(told) <= EVENT_BYTES, f"{case.name}: {len(told)} bytes"
    return told


def _many(part: JsonObject, count: int) -> list[JsonObject]:
    last = {name: EMOJI if name in {"text", "content"} else value for name, value in part.items()}
    return [part] * (count - 1) + [last]


def _turns(count: int) -> list[JsonObject]:
    each = [{"role": "user", "content": "x" * 30}, {"role": "assistant", "content": "x" * 30}]
    return each * (count // 2) + [{"role": "user", "content": EMOJI}]


def main() -> None:
    """Print the memory of each."""
    for case in (*prompts(), *answers()):
        with tempfile.TemporaryDirectory() as folder:
            print(f"{case.name:<32} {measure(case, Path(folder))}", flush=True)


if __name__ == "__main__":
    main()
