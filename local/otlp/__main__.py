"""`python -m local.otlp`: receive telemetry on this machine and print it, until Ctrl-C. `make otlp` calls this."""

import argparse
import sys
import threading

from local.otlp.server import Receiver


def main() -> int:
    """Receive until stopped; 1 if the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m local.otlp", description="An OTLP receiver that prints")
    parser.add_argument("--port", type=int, default=4318, help="port on 127.0.0.1; OTLP's own is 4318")
    try:
        receiver = Receiver(parser.parse_args().port, is_talkative=True)
    except OSError as taken:
        print(f"The port cannot be had: {taken}", file=sys.stderr)
        return 1
    with receiver:
        print(
            f"Receives OTLP at {receiver.url}; send it there with make run OTLP_ENDPOINT={receiver.url}",
            flush=True,
        )
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("\nStopped.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
