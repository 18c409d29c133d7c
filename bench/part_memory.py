"""(d) Memory of the chat function: after its start, after 1,000 requests, and over 20,000."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import lambdas
from bench.events import chat_body, chat_event
from bench.numbers import growth
from bench.part_start import one_process
from bench.world import World

JsonObject = dict[str, Any]

_STREAM_EVERY = 4


def measure(folder: Path, requests: int) -> JsonObject:
    """Resident memory over `requests`, of which every fourth is streamed; over TLS, as in the cloud."""
    with ExitStack() as cleanup:
        secure = cleanup.enter_context(World(folder / "memory-tls", provider_over_tls=True))
        over_tls = one_process(lambdas.CHAT, secure.environment(tls=True), folder, cleanup)
        started = over_tls.memory_mb()
        for number in range(min(1000, requests)):
            over_tls.invoke(chat_event(chat_body(), number))
        after_thousand = over_tls.memory_mb()
        world = cleanup.enter_context(World(folder / "memory"))
        process = one_process(lambdas.CHAT, world.environment(), folder, cleanup)
        series = [(0, process.memory_mb())]
        step = max(1, requests // 20)
        for number in range(1, requests + 1):
            body = chat_body(stream=True, tokens=20) if number % _STREAM_EVERY == 0 else chat_body()
            process.invoke(chat_event(body, number))
            if number % step == 0:
                series.append((number, process.memory_mb()))
        settled = series[1:]
        line = growth([float(at) for at, _ in settled], [mb for _, mb in settled])
        process.invoke(chat_event(chat_body("x" * 5_000_000), 0))
        after_large = process.memory_mb()
    return {
        "afterStartMb": round(started, 1),
        "afterThousandMb": round(after_thousand, 1),
        "series": [[at, round(mb, 2)] for at, mb in series],
        "grownMb": round(series[-1][1] - settled[0][1], 2),
        "growth": line.to_json(),
        "after5MbPromptMb": round(after_large, 1),
        "peak5MbPromptMb": round(process.used.peak_mb if process.used else 0.0, 1),
    }
