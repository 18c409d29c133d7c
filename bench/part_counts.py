"""(c) Counts: calls to AWS, bytes and write units, of the hot path at the wire and of a request's whole life."""

import json
import re
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from aggregator.billing.account_item import AMOUNT
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.keys import ENTRY_PREFIX
from aggregator.billing.model import bucket_for
from aggregator.billing.settle_batch import settle_batch
from aggregator.billing.transaction import Order, book
from aggregator.runtime.batch import Message
from bench import lambdas
from bench.entered import entered
from bench.events import USER, authorizer_event, chat_body, chat_event
from bench.life import MORNING, ai_usage, live, quietly
from bench.part_start import one_process
from bench.units import MeteredDynamoDb, size_of
from bench.world import World
from local.paths import TEMPLATE
from local.template import load

JsonObject = dict[str, Any]

BATCHES = (1, 10, 100)
_EACH = 100


def measure(folder: Path) -> JsonObject:
    """Count at the wire what a process under the true runtime asks for, and in memory what happens behind it."""
    return {
        "hotPath": _hot_path(folder),
        "life": {
            "one account": {str(batch): _summed(live(100, batch, 1)) for batch in BATCHES},
            "each request another account": {str(batch): _summed(live(100, batch, 100)) for batch in BATCHES},
        },
        "itemBytes": item_bytes(),
        "eventBytes": {"ai_usage": len(json.dumps(ai_usage(0, USER), separators=(",", ":")))},
        "accessLogBytes": _access_log_bytes(),
    }


def _hot_path(folder: Path) -> JsonObject:
    log = folder / "functions.log"
    told: JsonObject = {}
    with World(folder / "counts") as world, ExitStack() as cleanup:
        process = one_process(lambdas.CHAT, world.environment(), folder, cleanup)
        told["start"] = _by_action(world, 1)
        for kind, body in (("plain", chat_body()), ("stream", chat_body(stream=True, tokens=10))):
            process.invoke(chat_event(body))
            world.forget()
            logged = log.stat().st_size
            for number in range(_EACH):
                process.invoke(chat_event(body, number))
            told[kind] = _by_action(world, _EACH) | {
                "logBytes": (log.stat().st_size - logged) / _EACH,
                "functionsEntered": entered(
                    lambdas.CHAT, world.environment(), chat_event(body), folder / "counted.log"
                ),
            }
        authorizer = one_process(lambdas.AUTHORIZER, world.environment(), folder, cleanup)
        world.forget()
        logged = log.stat().st_size
        authorizer.invoke(authorizer_event(world.key.text))
        told["authorizer, first of a key"] = _by_action(world, 1) | {"logBytes": log.stat().st_size - logged}
    return told


def _by_action(world: World, requests: int) -> JsonObject:
    counts = world.counts()
    actions = sorted({name.partition(".")[0] for name in counts})
    sent = sum(count for name, count in counts.items() if name.endswith("request_bytes"))
    received = sum(count for name, count in counts.items() if name.endswith("answer_bytes"))
    return {
        "calls": {action: counts[f"{action}.calls"] / requests for action in actions},
        "bytesSent": sent / requests,
        "bytesReceived": received / requests,
    }


def _summed(steps: JsonObject) -> JsonObject:
    return {
        "steps": steps,
        "writeUnits": round(sum(step["writeUnits"] for step in steps.values()), 3),
        "readUnits": round(sum(step["readUnits"] for step in steps.values()), 3),
    }


def item_bytes() -> JsonObject:
    """The items that a request writes: an account with every bucket an hour can have, and a usage's ledger entry."""
    metered = MeteredDynamoDb()
    store = GrantStore(metered, "billing")
    order = Order("c", USER, "credit", 10**12, MORNING.isoformat())
    book(store, order, now_epoch_seconds=0, sleep=lambda _: None)
    for minutes in range(0, 65, 5):
        store.hold(USER, 9_852_000, bucket_for((MORNING + timedelta(minutes=minutes)).timestamp()))
    account = metered.engine.items[f"ACCOUNT#{USER}", "BALANCE"]
    usage = ai_usage(0, USER)
    with quietly():
        settle_batch(store, [Message("m", usage)], lambda _: None)
    entry = metered.engine.items[f"ACCOUNT#{USER}", f"{ENTRY_PREFIX}{usage['requestId']}"]
    buckets = sum(1 for name in account if name.startswith(AMOUNT))
    return {"account": size_of(account), "accountBuckets": buckets, "entry": size_of(entry)}


def _access_log_bytes() -> int:
    """A line of API Gateway's access log, with a value of usual length for each of its variables."""
    written = load(TEMPLATE)["Resources"]["Api"]["Properties"]["AccessLogSetting"]["Format"]
    return len(re.sub(r"\$context\.[\w.]+", lambda found: _USUAL.get(found[0], "x" * 12), written))


_USUAL = {
    "$context.requestId": "x" * 36,
    "$context.extendedRequestId": "x" * 16,
    "$context.requestTimeEpoch": "x" * 13,
    "$context.xrayTraceId": "x" * 35,
    "$context.httpMethod": "POST",
    "$context.path": "/api/v1/chat/completions",
    "$context.resourcePath": "/v1/chat/completions",
    "$context.status": "200",
    "$context.identity.userAgent": "OpenAI/Python 3.54.0",
    "$context.authorizer.principalId": "x" * 36,
    "$context.responseLength": "900",
    "$context.responseLatency": "2050",
    "$context.integrationLatency": "2040",
    "$context.integration.status": "200",
    "$context.authorizer.status": "200",
    "$context.authorizer.latency": "2",
    "$context.error.responseType": "-",
    "$context.tlsVersion": "TLSv1.3",
}
