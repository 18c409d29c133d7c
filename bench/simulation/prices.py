"""List prices in us-east-1 as their sources had them, and what a run costs at them. docs/scale.md names the sources."""

from collections.abc import Sequence
from math import inf

from bench.simulation.parameters import Parameters
from bench.simulation.quotas import LOG_BYTES
from bench.simulation.tally import GATEWAY_THROTTLED, SERVED, Tally

MILLION = 1_000_000
SECONDS_A_MONTH = 30 * 24 * 3600

Tiers = Sequence[tuple[float, float]]
"""Each tier: up to how many a month, and the price of one."""

GATEWAY: Tiers = ((333e6, 3.50e-6), (1e9, 2.80e-6), (20e9, 2.38e-6), (inf, 1.51e-6))
LAMBDA_GB_SECOND: Tiers = ((7.5e9, 0.0000133334), (18.75e9, 0.0000133334 * 0.9), (inf, 0.0000133334 * 0.8))
LAMBDA_REQUEST = 0.20e-6
WRITE_UNIT = 0.625e-6
READ_UNIT = 0.125e-6
BUS_EVENT = 1.00e-6
QUEUE_REQUEST = 0.40e-6
LOG_BYTE = 0.50e-9
M7G_LARGE_HOUR = 0.0816
"""2 vCPU and 8 GiB; managed instances cost 15 % more."""
MANAGED = 1.15

_MESSAGES_A_RECEIVE = 10


def tiered(amount: float, tiers: Tiers) -> float:
    """Price of an amount in a month, each part of it at its tier."""
    total = start = 0.0
    for end, price in tiers:
        total += max(0.0, min(amount, end) - start) * price
        start = end
    return total


def per_million(parameters: Parameters, tally: Tally) -> dict[str, float]:
    """US dollars for a million served requests, first tiers: the walk and settle, not record, logs and data out.

    What API Gateway throttles costs nothing.
    """
    served = tally.ends[SERVED] or 1
    all_walks = tally.calls["bus"] + tally.calls["straight to the queue"] or 1
    gigabytes, settle_gigabytes = parameters.memory_mb / 1024, parameters.settle_memory_mb / 1024
    messages = sum(tally.batches) or 1
    batches = len(tally.batches)
    queue_requests = 1 + 2 / _MESSAGES_A_RECEIVE
    gb_second = LAMBDA_GB_SECOND[0][1]
    units = (tally.calls["reserve units"] + tally.calls["settle units"]) / all_walks * WRITE_UNIT
    parts = {
        "API Gateway": (tally.arrived - tally.ends[GATEWAY_THROTTLED]) / served * GATEWAY[0][1],
        "Lambda, chat": LAMBDA_REQUEST + tally.seconds_run / served * gigabytes * gb_second,
        "Lambda, settle": batches / messages * LAMBDA_REQUEST
        + tally.settle_seconds_run / messages * settle_gigabytes * gb_second,
        "DynamoDB, billing": units + tally.calls["read"] / messages * READ_UNIT,
        "bus": BUS_EVENT,
        "queue": queue_requests * QUEUE_REQUEST,
    }
    return {name: price * MILLION for name, price in parts.items()}


def month(rate: float, memory_mb: float = 256, seconds: float = 2.017) -> dict[str, float]:
    """US dollars a month at a steady rate, tiers included: the parts that a rate decides."""
    requests = rate * SECONDS_A_MONTH
    return {
        "API Gateway": tiered(requests, GATEWAY),
        "Lambda, chat": requests * LAMBDA_REQUEST
        + tiered(requests * seconds * memory_mb / 1024, LAMBDA_GB_SECOND),
        "DynamoDB, billing": requests * 5 * WRITE_UNIT,
        "DynamoDB, analytics": requests * 6.4 * WRITE_UNIT,
        "bus": 2 * requests * BUS_EVENT,
        "queues": 2 * requests * (1 + 2 / _MESSAGES_A_RECEIVE) * QUEUE_REQUEST,
        "logs": requests * LOG_BYTES * LOG_BYTE,
    }


def managed_instances(concurrency: float, per_vcpu: int, headroom: float = 0.5) -> tuple[float, float]:
    """How many vCPUs so many requests at once need, and what they cost a month on m7g.large.

    `headroom`: the part of the slots that is to be in use, so that traffic can double within five minutes.
    """
    vcpus = concurrency / per_vcpu / headroom
    return vcpus, vcpus / 2 * M7G_LARGE_HOUR * MANAGED * SECONDS_A_MONTH / 3600
