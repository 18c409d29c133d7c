"""Time added by a fallback: `python -m bench.fallback`. Medians of calls of the stand-in, over kept connections.

A provider that fails in a way that may pass is asked once more after 0 to 0.2 s of jitter; one that is busy for longer
is left at once.
"""

import statistics
import time

from aggregator.proxy.call import call
from aggregator.proxy.model import Way
from aggregator.proxy.upstream.http import HttpUpstream
from local.standin import StandIn
from tests.fakes.chat_world import FakeKeys, ask, provider, way

CALLS = 101
CASES = {
    "the first provider answers": "hello",
    "the first one is busy for longer (429)": "[[standin on=first status=429 retry-after=60]] hello",
    "the first one fails twice (500)": "[[standin on=first status=500]] hello",
    "the first one breaks off twice": "[[standin on=first cut-plain]] hello",
}


def main() -> None:
    """Print a line for each case."""
    with StandIn() as standin:
        root = standin.base_url.removesuffix("/v1")
        ways = [
            way(name, provider=provider(name, base_url=f"{root}/{name}/v1")) for name in ("first", "second")
        ]
        upstream = HttpUpstream(this_machine=True)
        direct = 0.0
        for name, text in CASES.items():
            milliseconds, attempts = _median(upstream, ways, text)
            direct = direct or milliseconds
            print(
                f"{name:40} {milliseconds:7.2f} ms   +{milliseconds - direct:7.2f} ms   {attempts} attempts"
            )
        upstream.close()


def _median(upstream: HttpUpstream, ways: list[Way], text: str) -> tuple[float, int]:
    taken = []
    for _ in range(CALLS):
        began = time.perf_counter()
        answer = call(
            ask(messages=[{"role": "user", "content": text}]),
            ways,
            upstream=upstream,
            keys=FakeKeys(),
            deadline=time.monotonic() + 60,
            monotonic=time.monotonic,
            sleep=time.sleep,
        )
        list(answer.chunks)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken), answer.attempts


if __name__ == "__main__":
    main()
