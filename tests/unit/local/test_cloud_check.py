"""The check of a deployment finds what it is there to find: each fault of the cloud fails the line that asks for it."""

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest

from local.cloud_check.__main__ import CHECKS, run
from local.cloud_check.calls import Api, CallError, Reply
from local.cloud_check.world import World

JsonObject = dict[str, Any]

PAGE = gzip.compress(b"<!doctype html>")


def reply(status: int, body: JsonObject | bytes = b"", *pieces: float, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, named, body if isinstance(body, bytes) else json.dumps(body).encode(), pieces)


GOOD: dict[str, Reply] = {
    "GET /health": reply(200, {"status": "ok", "version": "1"}),
    "POST /auth/api-keys": reply(201, {"key": "agg_dev_k", "id": "k"}),
    "GET /orchestrator/models": reply(200, {"models": [{"id": "mini"}]}),
    "POST /billing/transaction": reply(201, {"amount": "0.50"}),
    "GET /billing/balance": reply(200, {"available": "0.50"}),
    "POST /v1/chat/completions": reply(
        200, b'data: {"id": 1}\n\ndata: [DONE]\n\n', 0.1, 0.4, 0.9, x_request_id="r2"
    ),
    "GET /billing/receipts": reply(200, {"request": {"charged": "0.01"}}),
    "GET /analytics/metrics": reply(200, {"totals": {"requests": 2}}),
    "GET /console/": reply(200, PAGE, 0.1, content_encoding="gzip"),
    "DELETE /auth/api-keys": reply(200, {}),
}
CHAT = "POST /proxy/openai/chat/completions"
REFUSED = reply(402, {"error": {"code": "insufficient_quota"}})
ANSWERED = reply(201, {}, x_request_id="r1", x_aggregator_cost_usd="0.010", x_aggregator_provider="openai")


class ScriptedApi(Api):
    """Answers by the beginning of what is called; the first chat is refused, the second answered."""

    def __init__(self, answers: dict[str, Reply | Exception], chats: list[Reply]) -> None:
        super().__init__("https://api.example.com")
        self._answers, self._chats = answers, list(chats)

    def with_key(self, key: str) -> "ScriptedApi":
        assert key in {"agg_dev_k", ""}
        return self

    def call(self, method: str, path: str, body: JsonObject | None = None) -> Reply:  # noqa: ARG002
        asked = f"{method} {path}"
        if asked == CHAT:
            return self._chats.pop(0)
        (found,) = [each for begins, each in self._answers.items() if asked.startswith(begins)]
        if isinstance(found, Exception):
            raise found
        return found


def told(answers: dict[str, Reply | Exception], chats: list[Reply] | None = None) -> tuple[int, list[str]]:
    moments = iter(range(10_000))
    world = World(
        ScriptedApi({**GOOD, **answers}, chats or [REFUSED, ANSWERED]),
        None,
        "mini",
        deployed=False,
        sleep=lambda _: None,
        monotonic=lambda: float(next(moments)),
    )
    lines: list[str] = []
    return run(world, lines.append), lines


def test_a_sound_deployment_passes_and_what_only_an_account_knows_is_skipped() -> None:
    failed, lines = told({})

    assert failed == 0
    assert lines[-1] == "12 of 17 ok, 5 skipped, 0 failed"
    assert [line.split()[0] for line in lines[:-1]] == ["ok"] * 11 + ["skipped"] * 5 + ["ok"]
    assert len(CHECKS) == 17


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({"GET /health": reply(200, {"status": "down"})}, "GET /health"),
        ({"POST /auth/api-keys": reply(401)}, "POST /auth/api-keys"),
        ({"GET /orchestrator/models": reply(200, {"models": []})}, "GET /orchestrator/models"),
        ({"POST /billing/transaction": reply(403)}, "POST /billing/transaction"),
        ({"GET /billing/balance": reply(200, {"available": "0.49"})}, "GET /billing/balance"),
        ({"POST /v1/chat/completions": CallError("no answer")}, "A stream arrives"),
        (
            {"POST /v1/chat/completions": replace(GOOD["POST /v1/chat/completions"], pieces=(0.9,))},
            "A stream arrives",
        ),
        (
            {"POST /v1/chat/completions": replace(GOOD["POST /v1/chat/completions"], body=b"data: {}\n\n")},
            "A stream arrives",
        ),
        ({"GET /billing/receipts": reply(404)}, "`ai_usage`"),
        ({"GET /billing/receipts": reply(200, {"request": {"charged": "0.02"}})}, "`ai_usage`"),
        ({"GET /analytics/metrics": reply(200, {"totals": {"requests": 1}})}, "`transaction_created`"),
        ({"GET /console/": reply(200, b"<html>", 0.1)}, "The pages"),
        ({"DELETE /auth/api-keys": reply(500)}, "The key of the check"),
    ],
)
def test_what_is_not_as_it_should_be_fails_its_line(answers: dict[str, Reply | Exception], line: str) -> None:
    failed, lines = told(answers)

    assert failed >= 1
    assert any(each.startswith(f"FAILED   {line}") for each in lines), lines


@pytest.mark.parametrize(
    ("chats", "line"),
    [
        ([ANSWERED, ANSWERED], "A chat without money"),
        ([REFUSED, REFUSED], "POST /proxy/openai/chat/completions"),
    ],
)
def test_a_chat_is_refused_without_money_and_answered_with_it(chats: list[Reply], line: str) -> None:
    failed, lines = told({}, chats)

    assert failed >= 1
    assert any(each.startswith(f"FAILED   {line}") for each in lines), lines
