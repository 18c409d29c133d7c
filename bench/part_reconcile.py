"""(g) Reconciling: a long history once, then a day of it. The true function, on a table that makes its entries up.

The first run opens and closes all books; then one day passes, on which every account is used, and the second run reads
that. A thirtieth of the accounts is due to be read whole in either; it is counted apart.
"""

import json
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from aggregator.billing.reconcile_run import first_message, is_due_whole
from bench.cost import prices_of, share_seconds
from bench.lambdas import ours
from bench.ledger_server import LedgerServer
from bench.part_start import one_process
from bench.runtime_api import body_of
from bench.world import REGION

JsonObject = dict[str, Any]

CALL_SECONDS = 0.004
"""What a call to DynamoDB takes in the cloud, as docs/scale.md assumes it; here it takes a tenth of that."""

_MEMORY_MB = 128


def measure(folder: Path, *, quick: bool) -> JsonObject:
    """A million entries in ten thousand accounts and half a million in one; in a hurry a twentieth of that."""
    accounts, entries, large = (500, 100, 25_000) if quick else (10_000, 100, 500_000)
    now = datetime.now(UTC)
    days = [(now - timedelta(days=back)).date().isoformat() for back in (2, 1)]
    with LedgerServer() as server, ExitStack() as cleanup:
        users = [f"{n:08d}-7f0e-4a57-9a53-0d1c7c0e6b11" for n in range(accounts)]
        big = next(
            name for name in (f"large-{n}" for n in range(100)) if not is_due_whole(name, now.timestamp())
        )
        for user in [*users, big]:
            server.open(user)
        process = one_process(ours("billing/reconcile_accounts"), _environment(server), folder, cleanup)
        told: JsonObject = {"accounts": accounts + 1}
        for name, day, each, of_large in (
            ("first", days[0], entries, large),
            ("second", days[1], entries // 10, large // 10),
        ):
            begin = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)
            for user in users:
                server.write(user, day, begin, each)
            server.write(big, day, begin, of_large)
            told[name] = _run(server, process, day, written=accounts * each + of_large)
    assert process.used is not None
    told["peakMb"] = round(process.used.peak_mb, 1)
    return told


def _run(server: LedgerServer, process: Any, day: str, written: int) -> JsonObject:
    """One daily run, message by message."""
    server.counts.clear()
    server.items = {key: stored for key, stored in server.items.items() if key[0] != f"RECONCILE#{day}"}
    server.queue.append({"detail": first_message(day)})
    start, cpu, invocations = perf_counter(), process.cpu_ms(), 0
    while server.queue:
        answer = body_of(process.invoke(_event(server.queue.popleft())).answer)
        if json.loads(answer) != {"batchItemFailures": []}:
            raise RuntimeError(f"reconcile_accounts answered {answer[:300]!r}")
        invocations += 1
    cpu_ms = process.cpu_ms() - cpu
    found = [key for key in server.items if key[0] == f"RECONCILE#{day}" and key[1].startswith("FINDING#")]
    if found:
        raise RuntimeError(f"{len(found)} accounts do not fit, {server.items[found[0]]} for one")
    counts = server.counts
    calls = sum(n for name, n in counts.items() if name.startswith("calls."))
    seconds = share_seconds(cpu_ms, _MEMORY_MB) + calls * CALL_SECONDS
    price = prices_of()
    usd = {
        "reads": counts["read_half_units"] / 2 * price["dynamodb_read_unit"],
        "writes": counts["write_units"] * price["dynamodb_write_unit"],
        "Lambda": invocations * price["lambda_request"]
        + seconds * _MEMORY_MB / 1024 * price["lambda_gb_second"],
        "queue": 3 * invocations * price["queue_request"],
    }
    return {
        "entriesWritten": written,
        "entriesRead": counts["entries"],
        "entriesReadOfTheDay": counts[f"entries.{day}"],
        "readUnits": counts["read_half_units"] / 2,
        "writeUnits": counts["write_units"],
        "calls": calls,
        "invocations": invocations,
        "secondsHere": round(perf_counter() - start, 1),
        "cpuSeconds": round(cpu_ms / 1000, 1),
        "lambdaSeconds": round(seconds),
        "usd": {name: round(each, 5) for name, each in usd.items()},
        "usdADay": round(sum(usd.values()), 4),
    }


def _event(message: JsonObject) -> bytes:
    record = {"messageId": "059f36b4-87a3-44ab-83d2-661975550001", "body": json.dumps(message)}
    return json.dumps({"Records": [record | {"eventSource": "aws:sqs"}]}).encode()


def _environment(server: LedgerServer) -> dict[str, str]:
    url = f"http://127.0.0.1:{server.port}"
    return {
        "ENVIRONMENT": "local",
        "LOG_LEVEL": "INFO",
        "BILLING_TABLE": "billing",
        "ORCHESTRATOR_TABLE": "orchestrator",
        "RECONCILE_QUEUE_URL": f"{url}/queue",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_SESSION_TOKEN": "T" * 900,
        "AWS_ENDPOINT_URL": url,
    }
