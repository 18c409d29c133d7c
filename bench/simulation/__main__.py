"""`make simulate ARGS="--rate 1000 --accounts 1"`: run the model and print what it came to."""

import argparse
import sys
from collections.abc import Sequence

from bench.simulation import parameters, quotas
from bench.simulation.figures import write_figures
from bench.simulation.report import printed, simulate


def main(arguments: Sequence[str]) -> int:
    """Run the model, or print its limits or parameters, or draw the figures of docs/scale.md."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--limits", action="store_true", help="what gives way first, by arithmetic")
    what.add_argument(
        "--parameters", action="store_true", help="each parameter, and where its default is from"
    )
    what.add_argument("--figures", action="store_true", help="draw the figures of docs/scale.md")
    parameters.add_to(parser)
    asked = parser.parse_args(arguments)
    chosen = parameters.Parameters.of(asked)
    if asked.limits:
        print(quotas.table(parameters=chosen))
    elif asked.parameters:
        print(parameters.explained())
    elif asked.figures:
        print(*write_figures(), sep="\n")
    else:
        print(printed(simulate(chosen)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
