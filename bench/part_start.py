"""(a) Cold start: CPU from a process's first instruction until it is ready, and until its first answer."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from bench import lambdas
from bench.events import authorizer_event, chat_body, chat_event, http_event
from bench.lambdas import Function, FunctionProcess, ours
from bench.numbers import Spread
from bench.runtime_api import body_of
from bench.world import World

JsonObject = dict[str, Any]

COLD_SAMPLES = {
    "billing/get_balance": "billing_get_balance",
    "auth/create_api_key": "auth_create_api_key",
    "analytics/get_metrics": "analytics_get_metrics",
    "orchestrator/list_models": "orchestrator_list_models",
    "health/get_health": "health_get_health",
}
"""A function off the hot path of each domain: Powertools, pydantic and boto3."""


class Case(NamedTuple):
    """One function to start, and what to ask it first."""

    function: Function
    event: bytes
    wanted: bytes = b'"statusCode":200'


def measure(folder: Path, runs: int) -> JsonObject:
    """Start each function `runs` times to readiness and `runs` times to its first answer, all of them in turn.

    AWS and the provider are spoken to over TLS, as in the cloud: reading the certificates is a good part of a start.
    """
    with World(folder / "start", provider_over_tls=True) as world:
        environment = world.environment(tls=True) | {"BENCH_PROVIDER": f"https://127.0.0.1:{world.tls_port}"}
        chat = chat_event(chat_body())
        cases = [
            Case(lambdas.EMPTY, b"{}"),
            Case(lambdas.FLOOR, chat),
            Case(lambdas.CHAT, chat),
            Case(lambdas.AUTHORIZER, authorizer_event(world.key.text), b'"Effect":"Allow"'),
            Case(lambdas.USUAL, chat),
            *(Case(ours(name), http_event(sample), b"") for name, sample in COLD_SAMPLES.items()),
        ]
        return _in_turn(cases, environment, folder, runs)


def _in_turn(cases: Sequence[Case], environment: dict[str, str], folder: Path, runs: int) -> JsonObject:
    ready: list[list[float]] = [[] for _ in cases]
    answered: list[list[float]] = [[] for _ in cases]
    first: list[list[float]] = [[] for _ in cases]
    peak = [0.0] * len(cases)
    for _ in range(runs):
        for n, case in enumerate(cases):
            ready[n].append(start_once(case, environment, folder / "start.log", ask=False).cpu_ms)
            begun = start_once(case, environment, folder / "start.log", ask=True)
            answered[n].append(begun.cpu_ms)
            first[n].append(begun.first_answer_ms)
            peak[n] = max(peak[n], begun.peak_mb)
    return {
        case.function.name: {
            "cpuReadyMs": Spread.of(ready[n]).to_json(),
            "cpuFirstAnswerMs": Spread.of(answered[n]).to_json(),
            "firstAnswerMs": Spread.of(first[n]).to_json(),
            "peakMb": round(peak[n], 1),
        }
        for n, case in enumerate(cases)
    }


class Begun(NamedTuple):
    """What a start took; `first_answer_ms` is 0 where nothing was asked."""

    cpu_ms: float
    peak_mb: float
    first_answer_ms: float


def start_once(case: Case, environment: dict[str, str], log: Path, *, ask: bool) -> Begun:
    """Start a process until it is ready, or until it has answered once, and end it."""
    waited = 0.0
    with FunctionProcess(case.function, environment, log) as process:
        if ask:
            taken = process.invoke(case.event)
            require(body_of(taken.answer), case)
            waited = taken.whole_ms
    assert process.used is not None
    return Begun(process.used.cpu_ms, process.used.peak_mb, waited)


def require(body: bytes, case: Case) -> None:
    """Stop a bench whose functions do not do their work.

    Raises:
        RuntimeError: the answer is not the wanted one.
    """
    if case.wanted not in body.replace(b'": ', b'":'):
        raise RuntimeError(f"{case.function.name} answered {body[:500]!r}")


def one_process(
    function: Function, environment: dict[str, str], folder: Path, cleanup: ExitStack
) -> FunctionProcess:
    """A process that stays until the end of a measurement."""
    return cleanup.enter_context(FunctionProcess(function, environment, folder / "functions.log"))
