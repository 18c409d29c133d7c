"""`python -m local`: the embedded run, until Ctrl-C. `make run` calls this."""

import argparse
import re
import signal
import sys
import threading
from collections.abc import Callable

from local.deploy import DeployError
from local.folder import FolderTakenError
from local.http_server import PortTakenError
from local.package import BuildError
from local.paths import TEMPLATE, local_dir
from local.process import StartError
from local.run import Run
from local.seed import SeedError
from local.template import TemplateError, load

_EXPECTED = (StartError, BuildError, TemplateError, DeployError, SeedError)


def _as_in_the_template(name: str) -> Callable[[str], str]:
    """A parameter's own pattern says what it takes; CloudFormation would ask it."""

    def taken(text: str) -> str:
        parameter = load(TEMPLATE)["Parameters"][name]
        if not re.fullmatch(parameter["AllowedPattern"], text):
            raise argparse.ArgumentTypeError(parameter["ConstraintDescription"])
        return text

    return taken


def main() -> int:
    """Run until stopped; 1 if it cannot start, or something that it started ended."""
    parser = argparse.ArgumentParser(prog="python -m local", description="The platform on this machine")
    parser.add_argument(
        "--port", type=int, default=8000, help="port of the API on 127.0.0.1; 0 takes a free one"
    )
    parser.add_argument(
        "--cors-origins",
        type=_as_in_the_template("CorsOrigins"),
        default="",
        metavar="ORIGINS",
        help="whose pages may call the API, separated by commas: http://localhost:5173",
    )
    parser.add_argument(
        "--clock", action="store_true", help="start each minute what the template starts each minute"
    )
    parser.add_argument(
        "--otlp-endpoint",
        type=_as_in_the_template("OtlpEndpoint"),
        default="",
        metavar="URL",
        help="where requests are told as OpenTelemetry: http://127.0.0.1:4318",
    )
    options = parser.parse_args()
    port: int = options.port
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: it is ignored in what a script starts with &
        signal.signal(number, signal.default_int_handler)
    try:
        run = Run(local_dir(), port, options.cors_origins, options.otlp_endpoint, clock=options.clock)
        with run:
            print("Starting the platform:", flush=True)
            print(run.start(), flush=True)
            run.watch(stop)
    except KeyboardInterrupt:
        print("\nStopped. Nothing is left running, and nothing was kept.", flush=True)
        return 0
    except PortTakenError as taken:
        print(f"{taken}. Try another: make run PORT={port + 1}", file=sys.stderr)
        return 1
    except FolderTakenError as taken:
        print(
            f"{taken}. Stop it, or give this one a folder: AGGREGATOR_LOCAL_DIR=/some/folder make run PORT={port}",
            file=sys.stderr,
        )
        return 1
    except _EXPECTED as failed:
        print(f"\n{failed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
