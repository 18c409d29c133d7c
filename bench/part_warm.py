"""(b) Warm chats, plain and streamed, in turn: straight to the mock, through us, and through the peers."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import lambdas, peers
from bench.events import authorizer_event, chat_body, chat_event, message_body, message_event
from bench.instructions import CHUNKS_MORE, FEW, MANY
from bench.numbers import Spread
from bench.part_start import Case, one_process
from bench.targets import DIRECT, Samples, Target, direct, function, in_turn, peer, told
from bench.world import World

JsonObject = dict[str, Any]

OURS, MESSAGES = "ours", "ours, a Messages request"
FEW_CHUNKS, MANY_CHUNKS = 10, 200
CHUNK_GAP = "2ms"
COUNTED_GAP = "50ms"
"""The same where instructions are counted: the process takes thirty times as long over a chunk."""

BODIES = {
    "plain": chat_body(),
    "stream": chat_body(stream=True, tokens=FEW_CHUNKS),
    "few chunks": chat_body(f"[[standin token-delay={CHUNK_GAP} tokens={FEW_CHUNKS}]] hello", stream=True),
    "many chunks": chat_body(f"[[standin token-delay={CHUNK_GAP} tokens={MANY_CHUNKS}]] hello", stream=True),
    FEW: chat_body(f"[[standin token-delay={COUNTED_GAP} tokens=5]] hello", stream=True),
    MANY: chat_body(f"[[standin token-delay={COUNTED_GAP} tokens={5 + CHUNKS_MORE}]] hello", stream=True),
}
EVENTS = {kind: chat_event(body) for kind, body in BODIES.items()}
MESSAGE_EVENTS = {
    "plain": message_event(message_body()),
    "stream": message_event(message_body(stream=True, tokens=FEW_CHUNKS)),
}
"""The same, asked of Claude in its own dialect: prompt and answer as long as the chat's."""

_ASKED_ONE_BY_ONE = {DIRECT, OURS, "portkey", "litellm", "tensorzero"}


def measure(folder: Path, missing: dict[str, str], *, rounds: int, plain: int, streamed: int) -> JsonObject:
    """Ask each target `plain` and `streamed` times in each of `rounds`, after a warm-up.

    Of us, time runs from an event handed to the process to its answer taken from it; of others, over their port.
    """
    counts = {"plain": plain, "stream": streamed}
    with ExitStack() as cleanup:
        world = cleanup.enter_context(World(folder / "warm"))
        secure = cleanup.enter_context(World(folder / "warm-tls", provider_over_tls=True))
        running = peers.start_all(world.mock_url, folder, cleanup, missing)
        targets = [
            direct(world, BODIES, cleanup),
            _floor(world, folder, cleanup),
            chat(OURS, world.environment(), folder, cleanup),
            _over_tls(secure, folder, cleanup),
            messages(MESSAGES, world.environment(), folder, cleanup),
            _authorizer(world, folder, cleanup),
            *(peer(each, BODIES) for each in running),
        ]
        in_turn(targets, counts, missing, rounds=1)
        measured = in_turn(targets, counts, missing, rounds=rounds)
        chunked = [each for each in targets if each.name in _ASKED_ONE_BY_ONE]
        chunks = in_turn(chunked, {"few chunks": 4, "many chunks": 4}, missing, rounds=max(2, rounds // 2))
        starts = {each.name: round(each.start_seconds, 1) for each in running}
    return {
        "kinds": told(measured, ratios_to=OURS),
        "perChunkCpuMs": per_chunk(chunks),
        "peerStartSeconds": starts,
    }


def per_chunk(samples: Mapping[str, Mapping[str, Samples]]) -> JsonObject:
    """CPU that a chunk more costs, of chunks that come one by one."""
    few, many = samples["few chunks"], samples["many chunks"]
    return {
        name: Spread.of(
            [
                (after - before) / (MANY_CHUNKS - FEW_CHUNKS)
                for before, after in zip(few[name].cpu, many[name].cpu, strict=True)
            ]
        ).to_json()
        for name in many
        if name in few and name != DIRECT
    }


def chat(
    name: str,
    environment: dict[str, str],
    folder: Path,
    cleanup: ExitStack,
    *,
    code: lambdas.Function = lambdas.CHAT,
    events: Mapping[str, bytes] = EVENTS,
) -> Target:
    """The chat function, of today or as `code` has it."""
    process = one_process(code, environment, folder, cleanup)
    return function(name, Case(code, b"", b'"choices"'), process, events)


def messages(name: str, environment: dict[str, str], folder: Path, cleanup: ExitStack) -> Target:
    """The function of Messages, asked for a model that speaks it."""
    process = one_process(lambdas.MESSAGES, environment, folder, cleanup)
    return function(name, Case(lambdas.MESSAGES, b"", b'"stop_reason"'), process, MESSAGE_EVENTS)


def _over_tls(secure: World, folder: Path, cleanup: ExitStack) -> Target:
    """Plain chats alone: what answers over TLS has no streams."""
    events = {"plain": EVENTS["plain"]}
    return chat("ours over TLS", secure.environment(tls=True), folder, cleanup, events=events)


def _floor(world: World, folder: Path, cleanup: ExitStack) -> Target:
    environment = world.environment() | {"BENCH_PROVIDER": world.mock_url}
    process = one_process(lambdas.FLOOR, environment, folder, cleanup)
    case = Case(lambdas.FLOOR, b"", b"choices")
    return function("the floor", case, process, {"plain": EVENTS["plain"]})


def _authorizer(world: World, folder: Path, cleanup: ExitStack) -> Target:
    process = one_process(lambdas.AUTHORIZER, world.environment(), folder, cleanup)
    case = Case(lambdas.AUTHORIZER, b"", b'"Effect":"Allow"')
    return function("the authorizer", case, process, {"plain": authorizer_event(world.key.text)})
