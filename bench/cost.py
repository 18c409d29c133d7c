"""`make cost`: what chats cost in the cloud, part by part, from what the bench measured and the list prices.

Figures come from results.json, prices from prices.json, and what cannot be measured here from the options, whose
defaults are said in the table. Nothing here is a bill: it is arithmetic on measured counts.
"""

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench.idle import write
from local.paths import TEMPLATE
from local.template import load

JsonObject = dict[str, Any]

_HERE = Path(__file__).parent
RESULTS = _HERE / "results.json"

MILLION = 1_000_000
MONTH_SECONDS = 30 * 24 * 3600
FULL_CPU_MB = 1769
"""Memory at which a function has one CPU; below it, a share. Source: Lambda developer guide, "Configure memory"."""

_CONSUMERS = (
    "BillingSettleUsageFunction",
    "BillingPublishTransactionsFunction",
    "AnalyticsRecordEventsFunction",
)

_EVENT_ENVELOPE_BYTES = 300
_LOG_OVERHEAD_BYTES = 26
_INDEX_BYTES = 100
_COMPRESSED = 0.15
_MESSAGES_A_CALL = 10
_DAILY_METRICS = 5
"""What the reconcile writes where there is nothing to find: drift, findings, lapsed holds, money held and lapsed."""
_QUEUE_RECEIVES = 5 * MONTH_SECONDS / 20
"""Of a queue that a function is fed from: five pollers, a long poll of 20 seconds at a time."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is asked of the platform. `batch`: messages that settling and recording take at once."""

    requests: float = 10 * MILLION
    upstream_seconds: float = 2.0
    memory_mb: int = 256
    cold_memory_mb: int = 256
    batch: int = 10
    accounts_in_batch: int = 1
    aws_calls_ms: float = 25.0
    cold_share: float = 0.001
    authorizer_miss_share: float = 0.05
    traced_share: float = 0.01
    archive_days: int = 30


class Model:
    """The cost model: measured figures and prices, for scenarios."""

    def __init__(self, figures: JsonObject, prices: JsonObject) -> None:
        self._figures = figures
        self._price: dict[str, float] = {name: each["usd"] for name, each in prices["prices"].items()}
        self._allowances: JsonObject = prices["allowances"]

    def parts(self, of: Scenario) -> dict[str, float]:
        """US dollars for a million chats, by part."""
        return {name: MILLION * usd for name, usd in self._per_chat(of)}

    def fixed(self) -> dict[str, float]:
        """US dollars a month without a single request, at list prices."""
        price = self._price
        secrets, queues = _count("AWS::SecretsManager::Secret"), _polled_queues()
        return {
            f"{secrets} secrets": secrets * price["secret_month"],
            f"{_alarms()} alarms": _alarms() * price["alarm_month"],
            f"{queues} queues polled while empty": queues * _QUEUE_RECEIVES * price["queue_request"],
            f"{_DAILY_METRICS} metrics of the daily check": _DAILY_METRICS * price["metric_month"] / 24,
        }

    def in_full(self) -> dict[str, float]:
        """What `Observability=full` costs a month on top, at list prices: an alarm for each metric that it reads."""
        price, read, composite = self._price, _read_in_full(), _composites()
        return {
            f"{read} metrics read by further alarms": read * price["alarm_month"],
            f"{composite} composite alarms": composite * price["composite_alarm_month"],
        }

    def fixed_after_allowances(self) -> float:
        """The same, less what every account has for nothing each month."""
        allowed, price = self._allowances, self._price
        alarms = max(0, _alarms() - allowed["alarms"]) * price["alarm_month"]
        receives = (
            max(0.0, _polled_queues() * _QUEUE_RECEIVES - allowed["queue_requests"]) * price["queue_request"]
        )
        secrets = _count("AWS::SecretsManager::Secret") * price["secret_month"]
        return float(secrets + alarms + receives)

    def _per_chat(self, of: Scenario) -> Iterator[tuple[str, float]]:
        price, hot = self._price, self._figures["counts"]["hotPath"]
        warm = self._figures["warm"]["kinds"]["plain"]
        yield "API Gateway", price["api_request"]
        seconds = of.upstream_seconds + of.aws_calls_ms / 1000
        seconds += share_seconds(warm["ours over TLS"]["cpuMs"]["median"], of.memory_mb)
        yield "Lambda: chat", self._invocation(seconds, of.memory_mb)
        start = self._figures["start"]["proxy/create_chat_completion"]["cpuReadyMs"]["median"] / 1000
        yield "Lambda: starts", of.cold_share * start * _gb(of.memory_mb) * price["lambda_gb_second"]
        decided = 0.01 + share_seconds(warm["the authorizer"]["cpuMs"]["median"], of.memory_mb)
        decision = self._invocation(decided, of.memory_mb) + price["dynamodb_read_unit"]
        yield "authorizer, where its answer is not cached", of.authorizer_miss_share * decision
        yield "Lambda: settle, publish, record", self._consumers(of)
        written, read = self._units(of)
        yield "DynamoDB: writes", written * price["dynamodb_write_unit"]
        yield "DynamoDB: reads", read * price["dynamodb_read_unit"]
        entry = self._figures["counts"]["itemBytes"]["entry"] + _INDEX_BYTES
        kept = price["dynamodb_gb_month"] + price["dynamodb_pitr_gb_month"]
        yield "DynamoDB: a month of the ledger and its backup", entry / 1e9 * kept
        yield "EventBridge: 2 events", 2 * price["bus_event"]
        event = self._figures["counts"]["eventBytes"]["ai_usage"] + _EVENT_ENVELOPE_BYTES
        archived = price["archive_gb"] + price["archive_gb_month"] * of.archive_days / 30
        yield "EventBridge: archive", _archived_events() * event / 1e9 * archived
        carried = 1 + 2 / min(of.batch, _MESSAGES_A_CALL)
        yield "SQS: 2 queues", 2 * carried * price["queue_request"]
        logged = self._log_bytes(of, hot)
        yield "CloudWatch Logs", logged / 1e9 * (price["log_gb"] + _COMPRESSED * price["log_gb_month"])
        yield "X-Ray", (of.traced_share + _traced_consumers() / of.batch) * price["trace"]

    def _invocation(self, seconds: float, memory_mb: int) -> float:
        return self._price["lambda_request"] + seconds * _gb(memory_mb) * self._price["lambda_gb_second"]

    def _consumers(self, of: Scenario) -> float:
        total = 0.0
        for step in ("settle", "publish", "record"):
            measured = _nearest(self._figures["consumers"][step], of.batch)
            cpu_ms = measured["cpuMsPerEvent"] * of.batch
            waiting = sum(measured["callsPerThousand"].values()) / 1000 * of.batch * of.aws_calls_ms / 2000
            seconds = share_seconds(cpu_ms, of.cold_memory_mb) + waiting
            total += self._invocation(seconds, of.cold_memory_mb) / of.batch
        return total

    def _units(self, of: Scenario) -> tuple[float, float]:
        """Write and read units of a chat's whole life, between one account in a batch and each request its own."""
        life = self._figures["counts"]["life"]
        together = _nearest(life["one account"], of.batch)
        apart = _nearest(life["each request another account"], of.batch)
        mixed = 0.0 if of.batch == 1 else (of.accounts_in_batch - 1) / (of.batch - 1)
        return tuple(
            together[name] + mixed * (apart[name] - together[name]) for name in ("writeUnits", "readUnits")
        )

    def _log_bytes(self, of: Scenario, hot: JsonObject) -> float:
        lines = hot["plain"]["logBytes"] + _LOG_OVERHEAD_BYTES
        lines += self._figures["counts"]["accessLogBytes"] + _LOG_OVERHEAD_BYTES
        lines += of.authorizer_miss_share * (
            hot["authorizer, first of a key"]["logBytes"] + _LOG_OVERHEAD_BYTES
        )
        for step in ("settle", "publish", "record"):
            measured = _nearest(self._figures["consumers"][step], of.batch)
            lines += (measured["logBytesPerBatch"] + 2 * _LOG_OVERHEAD_BYTES) / of.batch
        return float(lines)


def share_seconds(cpu_ms: float, memory_mb: int) -> float:
    """Seconds that so much CPU takes on a function's share of one."""
    return cpu_ms / 1000 * max(1.0, FULL_CPU_MB / memory_mb)


def prices_of() -> dict[str, float]:
    """List prices in US dollars, by name."""
    prices = json.loads((_HERE / "prices.json").read_text(encoding="utf-8"))["prices"]
    return {name: float(each["usd"]) for name, each in prices.items()}


def _gb(memory_mb: int) -> float:
    return memory_mb / 1024


def _nearest(by_batch: JsonObject, batch: int) -> Any:
    """The measurement at the batch size nearest to `batch`, on a logarithmic scale."""
    return by_batch[min(by_batch, key=lambda measured: abs(math.log(int(measured) / batch)))]


def _count(kind: str) -> int:
    return sum(1 for each in load(TEMPLATE)["Resources"].values() if each["Type"] == kind)


def _watching(stack: str, kind: str) -> list[JsonObject]:
    resources = load(TEMPLATE.parent / "stacks" / stack)["Resources"].values()
    return [each for each in resources if each["Type"] == f"AWS::CloudWatch::{kind}"]


def _alarms() -> int:
    return sum("Condition" not in each for each in _watching("observability.yaml", "Alarm"))


def _read_in_full() -> int:
    """Metrics that alarms read in full only: one each, or all of its math."""
    further = [each for each in _watching("observability.yaml", "Alarm") if each.get("Condition") == "IsFull"]
    return sum(
        sum("MetricStat" in query for query in each["Properties"].get("Metrics", [])) or 1
        for each in (*further, *_watching("objectives.yaml", "Alarm"))
    )


def _composites() -> int:
    stacks = ("observability.yaml", "objectives.yaml")
    return sum(len(_watching(stack, "CompositeAlarm")) for stack in stacks)


def _polled_queues() -> int:
    """Of those that are there by default."""
    always = (each for each in load(TEMPLATE)["Resources"].values() if "Condition" not in each)
    sources = (source for each in always for source in each.get("Properties", {}).get("Events", {}).values())
    return sum(1 for source in sources if source["Type"] == "SQS")


def _traced_consumers() -> int:
    """Consumers that X-Ray samples by itself: one trace a second of each, which is all of them in most accounts."""
    resources = load(TEMPLATE)["Resources"]
    return sum(1 for name in _CONSUMERS if resources[name]["Properties"].get("Tracing") != "PassThrough")


def _archived_events() -> int:
    """How many of a chat's two events the archive keeps: both, unless its pattern says otherwise."""
    pattern = load(TEMPLATE)["Resources"]["BusArchive"]["Properties"].get("EventPattern")
    return 2 if pattern is None or "transaction_created" in pattern.get("detail-type", ()) else 1


def model() -> Model:
    """The model over what was measured last.

    Raises:
        FileNotFoundError: nothing was; run `make bench`.
    """
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    prices = json.loads((_HERE / "prices.json").read_text(encoding="utf-8"))
    return Model(results["figures"], prices)


def table(of: Scenario, costs: Model) -> str:
    """The costs of a scenario, as text."""
    parts = costs.parts(of)
    total = sum(parts.values())
    whose = f"batches of {of.batch} of {of.accounts_in_batch} account(s)"
    fixed = sum(costs.fixed().values())
    lines = [
        f"A million chats, each {of.upstream_seconds:g} s upstream, {of.memory_mb} MB; {whose}",
        "",
        *(f"  {name:<50} {usd:>8.3f}  {usd / total:>5.0%}" for name, usd in parts.items()),
        f"  {'together, US dollars':<50} {total:>8.2f}",
        "",
        "Each month, without a request",
        *(f"  {name:<50} {usd:>8.3f}" for name, usd in costs.fixed().items()),
        f"  {'together, US dollars':<50} {fixed:>8.2f}",
        f"  {'less what every account has for nothing':<50} {costs.fixed_after_allowances():>8.2f}",
        "",
        "With Observability=full, on top",
        *(f"  {name:<50} {usd:>8.3f}" for name, usd in costs.in_full().items()),
        f"  {'together, US dollars':<50} {sum(costs.in_full().values()):>8.2f}",
        "",
        f"{of.requests:,.0f} chats a month: {of.requests / MILLION * total + fixed:,.2f} US dollars",
        "",
        "If it were otherwise, a million chats",
        *(f"  {name:<50} {sum(costs.parts(other).values()):>8.2f}" for name, other in _others(of)),
    ]
    return "\n".join(lines)


def _others(of: Scenario) -> Iterator[tuple[str, Scenario]]:
    yield "128 MB for the hot functions: no large prompts", replace(of, memory_mb=128)
    yield "each request of a batch another account's", replace(of, accounts_in_batch=of.batch)
    yield "batches of 1 (less than one chat a second)", replace(of, batch=1, accounts_in_batch=1)
    yield "batches of 100", replace(of, batch=100, accounts_in_batch=1)
    yield "10 s upstream", replace(of, upstream_seconds=10.0)
    yield "30 s upstream", replace(of, upstream_seconds=30.0)
    yield "every request traced", replace(of, traced_share=1.0)
    yield "every request asks the authorizer", replace(of, authorizer_miss_share=1.0)


def main() -> None:
    """Print the table, or bring the documents' costs of a month without a request up to date."""
    parser = argparse.ArgumentParser(prog="make cost", description=__doc__)
    for name, default in asdict(Scenario()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parser.add_argument(
        "--documents", action="store_true", help="write what stays each month into the documents"
    )
    asked = vars(parser.parse_args())
    try:
        if asked.pop("documents"):
            return write(model().fixed(), model().fixed_after_allowances())
        print(table(Scenario(**asked), model()))
    except FileNotFoundError:
        parser.exit(1, "There are no measured figures yet: make bench\n")


if __name__ == "__main__":
    main()
