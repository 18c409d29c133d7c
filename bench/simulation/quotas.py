"""What gives way first: for each limit, what the platform asks of it at a given rate, by arithmetic alone.

`make simulate ARGS=--limits` prints it. The sources of the quotas are in docs/scale.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from bench.simulation.parameters import Parameters

UPSTREAM_SECONDS = 2.0
KEEP_SECONDS = 30.0
LIMITS_ITEM_BYTES, TICKET_BYTES = 106, 23
MARK_BYTES, MARK_SECONDS, RECORD_ENTRIES = 8, 10, 25
RECONCILE_ENTRY_SECONDS = 0.00048
"""To reconcile one entry: 69 microseconds of CPU, measured, on 256 MB's share of a core, and a page of 500 in 4 ms."""
LOG_BYTES = 207 + 546
"""One line of the chat function and one of the access log; tests hold the first."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit: `asks` is how much of it a rate needs, `has` what there is."""

    name: str
    unit: str
    has: float
    asks: Callable[[float], float]
    kind: str

    def gives_way_at(self) -> float:
        """The rate at which all of it is used, to three digits; needs grow with the rate."""
        low, high = 0.0, 1e9
        while high - low > low / 1000 + 1e-6:
            middle = (low + high) / 2
            low, high = (middle, high) if self.asks(middle) <= self.has else (low, middle)
        return low


def limits(parameters: Parameters) -> list[Limit]:
    """All limits, for traffic spread over many accounts, except where the name says otherwise."""
    p = parameters
    seconds = UPSTREAM_SECONDS + (p.own_ms + p.update_ms + p.bus_ms) / 1000
    batch_spread = (p.settle_own_ms + p.batch * (p.transaction_ms + p.read_ms)) / 1000
    record_batch = (p.settle_own_ms + p.transaction_ms) / 1000
    hot = 1 + 2 + 2 / p.batch
    return [
        Limit("stage throttle", "requests/s", p.gateway_rate, lambda r: r, "template.yaml"),
        Limit("API Gateway, account", "requests/s", 10_000, lambda r: r, "quota"),
        Limit("Lambda, concurrent executions", "at once", p.concurrency, lambda r: r * seconds, "quota"),
        Limit("one account: partition, not split", "units/s", 1000, lambda r: r * hot, "hard"),
        Limit("one account: ledger on its own partition", "units/s", 1000, lambda r: r * 2, "hard"),
        Limit("one account: item on its own partition", "units/s", 1000, lambda r: r * (1 + 2 / p.batch), "hard"),
        Limit("one account: transactions one at a time", "of each second", 1,
              lambda r: r / p.batch * p.transaction_ms / 1000, "assumed time"),
        Limit("one key with a budget or a limit of requests at once", "units/s", 1000, _limited_key, "hard"),
        Limit("settle, many accounts", "at once", p.settlers, lambda r: r / p.batch * batch_spread, "template.yaml"),
        Limit("record", "at once", 2, lambda r: r / p.batch * record_batch, "template.yaml"),
        Limit("reconcile: a day's entries within a day", "at once", 2,
              lambda r: r * RECONCILE_ENTRY_SECONDS, "template.yaml"),
        Limit("analytics: one user's marks and cell", "units/s", 1000, _one_users_marks, "hard"),
        Limit("analytics: partition ALL_USERS, many users", "units/s", 1000, lambda r: r * 2, "hard"),
        Limit("analytics: partition ALL, 5 models in a batch", "units/s", 1000, lambda r: r * 2 * 5 / p.batch, "hard"),
        Limit("billing table, as new", "units/s", 4000, lambda r: r * 5, "grows"),
        Limit("billing table, quota", "units/s", 40_000, lambda r: r * 5, "quota"),
        Limit("analytics table, as new", "units/s", 4000, lambda r: r * (6 + 2 * 5 / p.batch), "grows"),
        Limit("analytics table, quota", "units/s", 40_000, lambda r: r * (6 + 2 * 5 / p.batch), "quota"),
        Limit("bus, PutEvents", "calls/s", p.bus_rate, lambda r: r * 1.1, "quota"),
        Limit("bus, deliveries", "events/s", 18_750, lambda r: r * 2, "quota"),
        Limit("catalogue pointer, one item", "read units/s", 3000, lambda r: r * seconds / KEEP_SECONDS, "hard"),
        Limit("Secrets Manager", "calls/s", 10_000, lambda r: r * seconds / 300, "quota"),
        Limit("OpenAI, gpt-4o-mini, tier 5", "requests/min", 30_000, lambda r: r * 60, "provider"),
        Limit("Anthropic, one model, tier 4", "requests/min", 4_000, lambda r: r * 60, "provider"),
    ]  # fmt: skip


def _limited_key(rate: float) -> float:
    """Write units of a key's counters: taken and given back, and a ticket for each running request in the item."""
    return rate * 2 * ceil((LIMITS_ITEM_BYTES + TICKET_BYTES * rate * UPSTREAM_SECONDS) / 1024)


def _one_users_marks(rate: float) -> float:
    """Write units of one user's partition at the end of ten seconds: each batch rewrites all marks of them."""
    kilobytes = ceil(MARK_BYTES * MARK_SECONDS * rate / 1024)
    return rate / RECORD_ENTRIES * 2 * (kilobytes + 1)


def table(rates: Sequence[float] = (10, 1_000, 100_000), parameters: Parameters | None = None) -> str:
    """The limits as a table: how much of each a rate uses, and where it ends; first to give way first."""
    found = sorted(limits(parameters or Parameters()), key=Limit.gives_way_at)
    lines = [
        "| limit | there is | "
        + " | ".join(f"at {rate:,.0f}/s" for rate in rates)
        + " | gives way at | what it is |",
        "|---|---|" + "---|" * (len(rates) + 2),
    ]
    for each in found:
        used = " | ".join(_share(each.asks(rate) / each.has) for rate in rates)
        end = f"{_round(each.gives_way_at()):,}/s"
        lines.append(f"| {each.name} | {each.has:,.0f} {each.unit} | {used} | {end} | {each.kind} |")
    return "\n".join(lines)


def _share(share: float) -> str:
    if share >= 1:
        return f"**{share:,.0f} times**" if share >= 10 else f"**{share:.1f} times**"
    return f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def _round(rate: float) -> int:
    return int(float(f"{rate:.3g}"))
