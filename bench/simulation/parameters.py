"""What a run is told: every number of the model, with its default and where that comes from."""

import argparse
from collections.abc import Sequence
from dataclasses import Field, dataclass, field, fields
from math import exp
from typing import Any

CHOICE, TEMPLATE, QUOTA, CODE, ASSUMED = "choice", "template.yaml", "AWS quota", "our code", "assumed"
"""Where a default comes from; what is assumed was measured by nobody here: vary it."""


def _of(default: float | str, source: str, means: str) -> Any:
    return field(default=default, metadata={"source": source, "means": means})


@dataclass(frozen=True, slots=True)
class Parameters:
    """A run. Times in the unit of the name; money in US dollars."""

    rate: float = _of(100.0, CHOICE, "requests a second (Poisson)")
    seconds: float = _of(60.0, CHOICE, "how long requests arrive")
    warmup: float = _of(15.0, CHOICE, "seconds at the start that do not count")
    seed: int = _of(1, CHOICE, "same seed, same run")
    accounts: int = _of(1000, CHOICE, "accounts that share the traffic evenly")
    burst_factor: float = _of(1.0, CHOICE, "the rate is this many times higher in bursts")
    burst_every: float = _of(30.0, CHOICE, "seconds from burst to burst")
    burst_for: float = _of(5.0, CHOICE, "seconds a burst lasts, at the end of each such time")

    gateway_rate: float = _of(500.0, TEMPLATE, "RequestsPerSecond of the stage")
    gateway_burst: float = _of(1000.0, TEMPLATE, "RequestBurst of the stage")

    concurrency: int = _of(1000, QUOTA, "concurrent executions of the account")
    scale_rate: float = _of(100.0, QUOTA, "new environments a second (1,000 in 10 s)")
    scale_burst: float = _of(1000.0, QUOTA, "new environments at once")
    ready: int = _of(
        0, CHOICE, "environments that are there at the start (provisioned, or managed instances)"
    )
    slots: int = _of(1, CHOICE, "requests at once in one environment (managed instances: more than 1)")
    memory_mb: float = _of(256.0, TEMPLATE, "HotMemoryMb")
    cold_ms: float = _of(400.0, ASSUMED, "a cold start, seen by the request that waits for it")
    own_ms: float = _of(2.2, CODE, "our own time in a warm request: the goal for CPU")

    update_ms: float = _of(5.0, ASSUMED, "one UpdateItem, there and back")
    transaction_ms: float = _of(20.0, ASSUMED, "one TransactWriteItems; as long, it holds the account item")
    stamp_gap_ms: float = _of(
        0.0, ASSUMED, "a plain write this long before a transaction reaches the item cancels it"
    )
    read_ms: float = _of(4.0, ASSUMED, "one GetItem")
    partition_units: float = _of(1000.0, QUOTA, "write units a second of one partition")
    partition: str = _of("together", CHOICE, "account item and its ledger: together, apart, or spread")
    buckets: int = _of(14, CODE, "deadline buckets in an account item: an hour's worth, and the current one")

    bus_rate: float = _of(10000.0, QUOTA, "PutEvents a second (us-east-1; less elsewhere)")
    bus_ms: float = _of(10.0, ASSUMED, "one PutEvents, there and back")
    delivery_ms: float = _of(150.0, ASSUMED, "from the bus into the queue")

    batch: int = _of(25, TEMPLATE, "QueueBatchSize")
    window: float = _of(1.0, TEMPLATE, "QueueWindowSeconds")
    pollers: int = _of(5, QUOTA, "batches that fill side by side: Lambda begins with five")
    settlers: int = _of(10, TEMPLATE, "SettleConcurrency")
    settle_own_ms: float = _of(15.0, ASSUMED, "settle's own time for a batch")
    settle_memory_mb: float = _of(256.0, TEMPLATE, "ColdMemoryMb")

    provider_ms: float = _of(2000.0, CHOICE, "mean time of a provider's answer (lognormal)")
    provider_sigma: float = _of(0.5, ASSUMED, "its spread: p99 is 3.2 medians")
    provider_rate: float = _of(0.0, CHOICE, "requests a second that a provider takes before 429; 0: no limit")
    routes: int = _of(1, CHOICE, "providers that serve the model, each with that limit")

    hold_usd: float = _of(
        0.009852, CODE, "bound of one request: gpt-4o-mini, no max_tokens (docs/data-model.md)"
    )
    cost_usd: float = _of(0.00033, ASSUMED, "what it costs: gpt-4o-mini, 1,000 tokens in, 300 out")
    balance_usd: float = _of(1000.0, CHOICE, "of each account at the start")
    lost: float = _of(0.0, CHOICE, "share of requests whose process dies after the hold")

    slice: int = _of(1, CHOICE, "credit slices: an environment holds for so many requests at once")
    slice_share: float = _of(0.01, CHOICE, "the largest part of what is available that one slice may take")
    slice_seconds: float = _of(60.0, CHOICE, "how long a slice is spent from")

    @property
    def provider_median_ms(self) -> float:
        """Median of the provider's time, from its mean and spread."""
        return self.provider_ms / exp(self.provider_sigma**2 / 2)

    @classmethod
    def parse(cls, arguments: Sequence[str]) -> "Parameters":
        """Read `--rate 1000 --accounts 1` and so on."""
        parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
        add_to(parser)
        return cls.of(parser.parse_args(arguments))

    @classmethod
    def of(cls, parsed: argparse.Namespace) -> "Parameters":
        """Take the model's numbers out of a parsed command line."""
        return cls(**{each.name: getattr(parsed, each.name) for each in fields(cls)})


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give a command line an option for each parameter."""
    for each in fields(Parameters):
        choices = ("together", "apart", "spread") if each.name == "partition" else None
        parser.add_argument(
            f"--{each.name.replace('_', '-')}",
            type=_type_of(each),
            default=each.default,
            choices=choices,
            help=f"{each.metadata['means']} [{each.default}; {each.metadata['source']}]",
        )


def explained() -> str:
    """All parameters as a table for docs/scale.md."""
    lines = ["| parameter | default | from | means |", "|---|---|---|---|"]
    for each in fields(Parameters):
        name = each.name.replace("_", "-")
        lines.append(
            f"| `--{name}` | {each.default} | {each.metadata['source']} | {each.metadata['means']} |"
        )
    return "\n".join(lines)


def _type_of(each: Field[Any]) -> type:
    return type(each.default)
