"""A billing table of any length behind a port, for the reconcile functions: entries are made as they are asked for.

It is no DynamoDB: it knows accounts, checkpoints and results, answers the calls that reconciling makes, and writes down
what they cost. An account's entries differ in id and day; all charge the same. Whoever sends to the queue finds its
messages in `queue`.
"""

import asyncio
import base64
import json
import math
import threading
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any, Self

from aggregator.billing.entry import settlement_of
from aggregator.billing.entry_item import to_item
from aggregator.billing.settle_batch import usage_end_of
from aggregator.contracts.ai_usage import AiUsage
from aggregator.orchestrator.store import packed
from aggregator.runtime.item import item
from bench.canned import PlainConnections, message
from bench.events import USER
from bench.life import ai_usage
from bench.units import size_of
from bench.world import catalogue
from local.ports import free_port

JsonObject = dict[str, Any]

_READ_BYTES = 4096


@dataclass
class Ledger:
    """One account: how many entries were written on each day, in order, and the item itself."""

    days: list[tuple[str, int, int]]
    """Day, the moment of its first entry in milliseconds, and how many there are."""
    stored: JsonObject


class LedgerServer:
    """The table, the queue and the catalogue. Use it as a context; `ledgers` and `queue` may be changed in between."""

    def __init__(self) -> None:
        self.port = free_port()
        self.ledgers: dict[str, Ledger] = {}
        self.items: dict[tuple[str, str], JsonObject] = {}
        self.queue: deque[JsonObject] = deque()
        self.counts: Counter[str] = Counter()
        self._users: list[str] = []
        self._places: dict[str, int] = {}
        (entry,) = settlement_of([usage_end_of(AiUsage.model_validate(ai_usage(0, USER)))], None).entries
        self.charge_nano_usd = -entry.amount_nano_usd
        stored = to_item(entry) | {"day": {"S": "2026-11-23"}}
        self.entry_bytes = size_of(stored)
        postings = {f"user:{USER}": stored["postings"]["M"].pop(f"user:{USER}")} | stored["postings"]["M"]
        text = json.dumps(stored | {"postings": {"M": postings}}, separators=(",", ":"))
        for name, slot in ((stored["sk"]["S"], "ENTRY#%s"), ("2026-11-23T", "\0"), (USER, "%s")):
            text = text.replace(name, slot)
        self._entry = text.replace('"day":{"S":"2026-11-23"}', '"day":{"S":"%s"}').replace(
            "\0", "2026-11-23T"
        )
        self._catalogue = _catalogue_items()

    def __enter__(self) -> Self:
        started = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve(started)), daemon=True).start()
        started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)

    async def _serve(self, started: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        PlainConnections(self, self.port)
        started.set()
        await self._stop.wait()

    def open(self, user_id: str) -> None:
        """Add an account without entries."""
        self.ledgers[user_id] = Ledger([], {"pk": {"S": f"ACCOUNT#{user_id}"}, "sk": {"S": "BALANCE"}})
        self._users = []

    def write(self, user_id: str, day: str, begin_ms: int, entries: int) -> None:
        """Add entries of one day, a hundredth of a second apart, and what they come to."""
        ledger, amount = self.ledgers[user_id], -self.charge_nano_usd * entries
        ledger.days.append((day, begin_ms, entries))
        before = int(ledger.stored.get("available", {"N": "0"})["N"])
        ledger.stored |= item({"available": before + amount, f"p#{day}": amount, f"n#{day}": entries})

    def of(self, action: str, body: bytes, _: int) -> bytes:
        """The answer to one call."""
        request = json.loads(body)
        self.counts[f"calls.{action}"] += 1
        match action:
            case "GetItem":
                return message(self._get(request))
            case "Query":
                return self._query(request)
            case "Scan":
                return message(self._scan(request))
            case "PutItem":
                self._put(request)
            case "UpdateItem":
                self._close(request)
            case "SendMessageBatch":
                self.queue.extend(json.loads(each["MessageBody"]) for each in request["Entries"])
        return message({})

    def _get(self, request: JsonObject) -> JsonObject:
        pk, sk = request["Key"]["pk"]["S"], request["Key"]["sk"]["S"]
        if pk == "CATALOGUE":
            return {"Item": self._catalogue[sk]}
        self.counts["read_half_units"] += 2
        if sk == "BALANCE":
            return {"Item": self.ledgers[pk.removeprefix("ACCOUNT#")].stored}
        return {"Item": self.items[pk, sk]} if (pk, sk) in self.items else {}

    def _scan(self, request: JsonObject) -> JsonObject:
        if not self._users:
            self._users = sorted(self.ledgers)
            self._places = {user: n for n, user in enumerate(self._users)}
        after = request.get("ExclusiveStartKey")
        place = self._places[after["pk"]["S"].removeprefix("ACCOUNT#")] + 1 if after else 0
        self.counts["read_half_units"] += 1
        if place == len(self._users):
            return {"Items": [], "Count": 0}
        stored = self.ledgers[self._users[place]].stored
        return {"Items": [stored], "Count": 1, "LastEvaluatedKey": {"pk": stored["pk"], "sk": stored["sk"]}}

    def _query(self, request: JsonObject) -> bytes:
        values, limit = request["ExpressionAttributeValues"], request["Limit"]
        user_id = values[":pk"]["S"].removeprefix("ACCOUNT#")
        first = values[":first"]["S"].removeprefix("ENTRY#")
        after = request.get("ExclusiveStartKey", {}).get("sk", {}).get("S", "ENTRY#").removeprefix("ENTRY#")
        texts: list[str] = []
        last = ""
        for day, begin, entries in self.ledgers[user_id].days:
            before = len(texts)
            place = max(_place_of(first, begin, follows=False), _place_of(after, begin, follows=True))
            for n in range(place, min(entries, place + limit - len(texts))):
                last = _id_of(begin, n)
                texts.append(self._entry % _filled(self._entry, user_id, last, day))
            self.counts[f"entries.{day}"] += len(texts) - before
            if len(texts) >= limit:
                break
        self.counts["entries"] += len(texts)
        self.counts["read_half_units"] += 2 * max(1, math.ceil(len(texts) * self.entry_bytes / _READ_BYTES))
        more = ""
        if len(texts) >= limit:
            key = item({"pk": f"ACCOUNT#{user_id}", "sk": f"ENTRY#{last}"})
            more = f',"LastEvaluatedKey":{json.dumps(key)}'
        return message(f'{{"Items":[{",".join(texts)}],"Count":{len(texts)}{more}}}')

    def _put(self, request: JsonObject) -> None:
        stored = request["Item"]
        self.items[stored["pk"]["S"], stored["sk"]["S"]] = stored
        self.counts["write_units"] += 1

    def _close(self, request: JsonObject) -> None:
        stored = self.ledgers[request["Key"]["pk"]["S"].removeprefix("ACCOUNT#")].stored
        values = request["ExpressionAttributeValues"]
        stored |= {"books": values[":day"], "posted": values[":amount"]}
        for name in request["ExpressionAttributeNames"].values():
            del stored[name]
        self.counts["write_units"] += 1


def _filled(text: str, user_id: str, entry_id: str, day: str) -> tuple[str, ...]:
    """What goes into the places of an entry, in their order."""
    order = _ORDER.get(text)
    if order is None:
        order = _ORDER[text] = tuple(
            "entry" if part.endswith("ENTRY#") else "day" if part.endswith('"day":{"S":"') else "user"
            for part in text.split("%s")[:-1]
        )
    return tuple({"entry": entry_id, "day": day, "user": user_id}[each] for each in order)


_ORDER: dict[str, tuple[str, ...]] = {}


def _id_of(begin_ms: int, number: int) -> str:
    return f"{begin_ms + 10 * number:012x}-c6af9ac6-7b61-11e6-9a41-93e8deadbeef"


def _place_of(entry_id: str, begin_ms: int, *, follows: bool) -> int:
    """Which of a day's entries is the first from an id on, or behind it."""
    if not entry_id:
        return 0
    behind = int(entry_id[:12], 16) - begin_ms
    return max(0, behind // 10 + 1 if follows else -(-behind // 10))


def _catalogue_items() -> dict[str, JsonObject]:
    pieces = packed(catalogue("http://127.0.0.1:1"))
    pointer = {"version": 1, "chunks": len(pieces), "changed_at": "2026-11-23T06:00:00.000Z"}
    return {"CURRENT": item(pointer)} | {
        f"SNAPSHOT#00000001#{n}": {"data": {"B": base64.b64encode(piece).decode()}}
        for n, piece in enumerate(pieces)
    }
