"""`python -m bench.served`: what each policy serves of each workload, against what the ideal one serves."""

import argparse
import sys

from bench.served.table import measured, printed


def main() -> int:
    """Run all workloads under all policies, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.served", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="draws of each workload")
    print(printed(measured(parser.parse_args().seeds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
