"""`GET /analytics/metrics` over 92 days, as the function answers it, on a table that makes cells up as they are read.

`python -m bench.metrics COMBINATIONS [--group-by key,model]` asks until the days are packed and once more, and prints a
line of JSON for each answer: status, CPU in milliseconds, cells and pages read, days packed, bytes of the answer and a
digest of it, and the largest resident memory of this process so far. The CPU of making cells up is left out.
`--ahead` packs the days first, as `analytics/pack_days` does, and prints a line for that.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from aggregator.analytics import wiring
from aggregator.analytics.cube import ALL, ALL_USERS
from aggregator.analytics.pack_days import pack_days
from aggregator.analytics.store import CubeStore
from aggregator.auth.caller import Caller
from bench.cost import FULL_CPU_MB
from bench.process import peak_mb
from local.paths import ROOT

JsonObject = dict[str, Any]

FIRST_DAY = "2026-08-01"
LAST_DAY = "2026-11-01"
DAYS = 92
MEMORY_MB = 256

_HOUR = "HOUR#2026-08-01T00"
_PAGE_BYTES = 1_000_000
_CELL_BYTES = 650
_MOST_ASKED = 12


class MadeUpCube:
    """One user's cells: so many combinations of key and model in each hour; what is packed is kept."""

    def __init__(self, combinations: int) -> None:
        cells = [_cell(number) for number in range(combinations)]
        self._hour = json.dumps(cells, separators=(",", ":"))[1:-1]
        self._cells_an_hour = combinations
        self._hours_a_page = max(1, _PAGE_BYTES // (_CELL_BYTES * combinations))
        self._packs: dict[str, JsonObject] = {}
        self.cells = self.pages = 0
        self.making_seconds = 0.0

    @property
    def packed(self) -> int:
        """How many days are packed."""
        return len(self._packs)

    def call(self, action: str, request: JsonObject) -> JsonObject:
        """See `Aws.call`."""
        if action == "GetItem":
            return {}
        values = request["ExpressionAttributeValues"]
        if action == "UpdateItem":
            key = request["Key"]["sk"]
            if not key["S"].startswith("DAY#"):
                return {}
            self._packs[key["S"]] = {"sk": key, "packed_late": {"N": "0"}, "sums": values[":sums"]}
            return {}
        if values[":partition"]["S"] in {ALL, ALL_USERS}:
            return {"Items": _ONE_CELL_A_DAY if "ProjectionExpression" in request else []}
        self.pages += 1
        first, last = values[":first"]["S"], values[":last"]["S"]
        if first.startswith("DAY#"):
            return {"Items": [self._packs[key] for key in sorted(self._packs) if first <= key <= last]}
        began = time.process_time()
        after = request.get("ExclusiveStartKey", {"sk": {"S": first}})["sk"]["S"]
        text = self._page(_moment(after), _moment(last))
        self.making_seconds += time.process_time() - began
        page: JsonObject = json.loads(text)  # as the client does
        self.cells += len(page["Items"])
        return page

    def _page(self, hour: datetime, last: datetime) -> str:
        parts: list[str] = []
        while hour <= last and len(parts) < self._hours_a_page:
            parts.append(self._hour.replace(_HOUR, f"HOUR#{_text(hour)}"))
            hour += timedelta(hours=1)
        more = f',"LastEvaluatedKey":{{"sk":{{"S":"HOUR#{_text(hour)}"}}}}' if hour <= last else ""
        return f'{{"Items":[{",".join(parts)}]{more}}}'


def _cell(number: int) -> JsonObject:
    """A busy cell: fifty figures, forty of them of its two histograms."""
    dealt = random.Random(number)  # noqa: S311 (no secret)
    figures = {f"{letter}{bucket}": dealt.randint(1, 999) for letter in "lt" for bucket in range(20, 40)}
    figures |= {
        name: dealt.randint(1, 10**7) for name in ("requests", "streams", "input", "cachedInput", "output")
    }
    figures |= {
        "reasoning": 4567,
        "cost": 12_345_678_901,
        "o:completed": 123,
        "o:client_gone": 3,
        "errors": 2,
    }
    key = f"{_HOUR}#k_7Qm2ZbX9Lw{number % 5}#openai#gpt-4o-mini-{number // 5}#200"
    return {"sk": {"S": key}, **{name: {"N": str(amount)} for name, amount in figures.items()}}


def _moment(sort_key: str) -> datetime:
    return datetime.strptime(sort_key[5:18], "%Y-%m-%dT%H")  # noqa: DTZ007 (hours of a made-up table)


def _text(hour: datetime) -> str:
    return hour.strftime("%Y-%m-%dT%H")


_ONE_CELL_A_DAY = [
    {"sk": {"S": f"HOUR#{_text(_moment(_HOUR) + timedelta(days=number))}#ann"}} for number in range(DAYS)
]


def _handler() -> Callable[[JsonObject, Any], JsonObject]:
    spec = importlib.util.spec_from_file_location("app", ROOT / "functions/analytics/get_metrics/app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Callable[[JsonObject, Any], JsonObject] = module.handler
    return handler


def _event(group_by: str) -> JsonObject:
    event: JsonObject = json.loads(
        (ROOT / "events/apigateway/analytics_get_metrics.json").read_text(encoding="utf-8")
    )
    query = {"from": FIRST_DAY, "to": LAST_DAY, "granularity": "day"} | (
        {"groupBy": group_by} if group_by else {}
    )
    event["queryStringParameters"] = query
    event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()}
    event["requestContext"]["authorizer"] = Caller(key_id="k1", user_id="ann").to_context()
    return event


def main() -> None:
    """Ask, and print what each answer took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("combinations", type=int)
    parser.add_argument("--group-by", default="")
    parser.add_argument("--ahead", action="store_true")
    asked = parser.parse_args()
    os.environ |= {
        "POWERTOOLS_METRICS_NAMESPACE": "bench",
        "POWERTOOLS_SERVICE_NAME": "bench",
        "LOG_LEVEL": "ERROR",
    }
    cube = MadeUpCube(asked.combinations)
    store = CubeStore(cube, "T")
    wiring.reader = lambda: store  # type: ignore[assignment]
    if asked.ahead:
        began = time.process_time()
        done = pack_days(store, datetime.fromisoformat(f"{LAST_DAY}T02:00Z"), lambda: True)
        cpu_ms = 1000 * (time.process_time() - began - cube.making_seconds)
        print(
            json.dumps(
                {
                    "daysPacked": done.packed,
                    "msADayAtShare": round(cpu_ms / DAYS * FULL_CPU_MB / MEMORY_MB),
                    "peakMb": round(peak_mb(os.getpid()), 1),
                }
            ),
            flush=True,
        )
    handler, event = _handler(), _event(asked.group_by)
    context = SimpleNamespace(
        function_name="bench", memory_limit_in_mb=MEMORY_MB, invoked_function_arn="arn", aws_request_id="r"
    )
    whole = 0
    for _ in range(_MOST_ASKED):
        cube.cells = cube.pages = 0
        cube.making_seconds, began = 0.0, time.process_time()
        answer = handler(event, context)
        cpu_ms = 1000 * (time.process_time() - began - cube.making_seconds)
        said = {
            "status": answer["statusCode"],
            "cpuMs": round(cpu_ms),
            "secondsAtShare": round(cpu_ms / 1000 * FULL_CPU_MB / MEMORY_MB, 2),
            "cells": cube.cells,
            "pages": cube.pages,
            "packed": cube.packed,
            "bytes": len(answer["body"]),
            "digest": hashlib.sha256(answer["body"].encode()).hexdigest(),
            "peakMb": round(peak_mb(os.getpid()), 1),
        }
        print(json.dumps(said), flush=True)
        whole += said["status"] == 200
        if whole == 2:
            return


if __name__ == "__main__":
    main()
