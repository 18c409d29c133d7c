"""`python -m local.standin --port N`: the stand-in provider, until Ctrl-C."""

import argparse
import sys

from local.standin.server import StandIn


def main() -> int:
    """Serve until stopped; 1 when the port is taken."""
    parser = argparse.ArgumentParser(
        prog="python -m local.standin", description="OpenAI-compatible stand-in provider"
    )
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    port = parser.parse_args().port
    try:
        StandIn(port).serve()
    except OSError as error:
        print(f"stand-in provider cannot listen on 127.0.0.1:{port}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
