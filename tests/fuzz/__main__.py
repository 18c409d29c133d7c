"""`make fuzz`: random HTTP answers, events and signatures, read by us and by others, for as long as is asked.

Each difference is told with its seed, which makes it again, and the least of the input that still shows it.
"""

import argparse
import os
import time

from tests.fuzz import event_streams, http_reading, server_events, signatures

_KINDS = {
    "HTTP answers, with llhttp": http_reading.of_seed,
    "event streams, with botocore": event_streams.of_seed,
    "server-sent events, with OpenAI's SDK": server_events.of_seed,
    "signatures, with botocore": signatures.difference,
}
_TURN = 200


def main(seconds: float, seed: int) -> int:
    """Take the kinds in turns; return how many differences there were."""
    ends, tried, found = time.monotonic() + seconds, 0, dict.fromkeys(_KINDS, 0)
    print(f"from seed {seed}, for {seconds:g} s")
    while time.monotonic() < ends:
        for kind, difference in _KINDS.items():
            for each in range(seed + tried, seed + tried + _TURN):
                if told := difference(each):
                    found[kind] += 1
                    print(f"\n{kind}: {told}")
        tried += _TURN
    for kind, count in found.items():
        print(f"{kind}: {tried} tried, {count} differences")
    return sum(found.values())


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=600)
    options.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(5)))
    asked = options.parse_args()
    raise SystemExit(min(1, main(asked.seconds, asked.seed)))
