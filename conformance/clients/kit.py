"""What the clients' scripts share: the checks' frame, what is asked, and questions about the own requests.

Standard library only: it is imported by each client's own interpreter. Settings come from the environment:
BASE_URL (no path), API_KEY, POOR_KEY, WRONG_KEY, MODEL, CLAUDE_MODEL, ONE_ROUTE (the latter at one provider),
EMBEDDING_MODEL, OBSERVER_URL; IMAGE_URL and THOUGHTS_UNTOLD where a provider wants it; ONLY names the checks to run,
if not all.
"""

import asyncio
import inspect
import json
import os
import time
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version
from typing import Any

BASE_URL = os.environ.get("BASE_URL", "")
API_KEY = os.environ.get("API_KEY", "")
POOR_KEY = os.environ.get("POOR_KEY", "")
WRONG_KEY = os.environ.get("WRONG_KEY", "")
MODEL = os.environ.get("MODEL", "")
CLAUDE_MODEL = os.environ.get("CLAUDE_MODEL", "")
ONE_ROUTE = os.environ.get("ONE_ROUTE", "")
TELLS_THOUGHTS = not os.environ.get("THOUGHTS_UNTOLD")
"""Whether the provider says how many of its tokens were thought."""
EMBEDDING_MODEL = os.environ.get("EMBEDDING_MODEL", "")
V1 = f"{BASE_URL}/v1"
PROXY = f"{BASE_URL}/proxy/openai"
ANTHROPIC_PROXY = f"{BASE_URL}/proxy/anthropic"

HELLO = "Good morning"
LONG = "[[standin tokens=500 token-delay=10ms]] Tell me everything"
LEAST_PIECES = 5
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
DATA_URI = f"data:image/png;base64,{PIXEL}"
IMAGE_URL = os.environ.get("IMAGE_URL") or "https://images.example.com/cat.png"
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
RESULTS = {"get_weather": "17 degrees and sunny", "get_time": "half past nine"}
FAULTS: dict[str, tuple[str, str | None, str, int]] = {
    "wrong_key": (WRONG_KEY, None, HELLO, 401),
    "no_money": (POOR_KEY, None, HELLO, 402),
    "no_model": (API_KEY, "no-such-model", HELLO, 404),
    "rate_limit": (API_KEY, None, "[[standin status=429]] Hello", 429),
    "provider_fault": (API_KEY, None, "[[standin status=500]] Hello", 502),
}
WAIT_SECONDS = 3
NEVER_RETRIED = ("wrong_key", "no_money", "no_model")

Check = Callable[[], Any]


def tool(name: str) -> dict[str, Any]:
    """A tool about a city, as chat completions have it."""
    return {"type": "function", "function": {"name": name, "description": name, "parameters": WEATHER}}


class Checks:
    """Collects a client's checks and runs them, one JSON line each; whatever else is printed goes to stderr.

    A check returns the words for its cell, or raises: then it failed. It may be a coroutine function.
    """

    def __init__(self, title: str, *packages: str) -> None:
        self._title = title
        self._packages = packages
        self._checks: dict[str, Check] = {}
        self._absent: dict[str, str] = {}

    def check(self, check: Check) -> Check:
        """Take a function as the check of its name."""
        self._checks[check.__name__] = check
        return check

    def absent(self, *names: str, why: str = "not in this client") -> None:
        """Say what the client does not do."""
        self._absent |= dict.fromkeys(names, why)

    def faults(
        self, ask: Callable[[str, str | None, str], Any], errors: Mapping[str, type[Exception]]
    ) -> None:
        """Add the checks of errors: `ask(key, model, text)` has to fail, with the error in `errors`.

        The model is None for the usual one.
        """
        for name in FAULTS:
            self._checks[name] = partial(_refused, name, ask, errors[name])

    def retry(self, ask: Callable[[str, str | None, str], Any], model: str | None = None) -> None:
        """Add the check that a failed first try is made up for by the client, and charged once.

        What the provider wants to wait for long, the platform leaves to the client: with a `model` of one route, the
        first try at the provider is the client's first.
        """

        async def retry() -> str:
            mark = at()
            once = f"[[standin status=429 retry-after={WAIT_SECONDS} times=1 id={uuid.uuid4().hex}]] {HELLO}"
            answer = await now(ask(API_KEY, model, once))
            assert HELLO in str(answer), answer
            return retried(mark)

        self._checks["retry"] = retry

    def run(self) -> None:
        """Run all; exits with 0 whatever they come to."""
        out = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        _say(out, client=self._title, versions={name: version(name) for name in self._packages})
        for name, why in self._absent.items():
            _say(out, check=name, ok=None, detail=why)
        asyncio.run(self._run(out))

    async def _run(self, out: Any) -> None:
        only = os.environ.get("ONLY", "").split() or self._checks
        for name, check in self._checks.items():
            if name not in only:
                continue
            start = time.monotonic()
            try:
                detail, ok = await now(check()), True
            except Exception as failed:
                detail, ok = f"{type(failed).__name__}: {failed}"[:600], False
            _say(out, check=name, ok=ok, detail=str(detail or ""), seconds=round(time.monotonic() - start, 2))


async def now(result: Any) -> Any:
    """A result, waited for if it is one to wait for."""
    return await result if inspect.isawaitable(result) else result


def answered(text: Any, said: str = HELLO) -> str:
    """`text`, if it is the provider's answer to `said`."""
    assert isinstance(text, str) and said in text, f"not the answer to {said!r}: {text!r}"
    return text


def pieces(found: list[str], said: str = HELLO) -> str:
    """The words for a stream, if it came in pieces that make the answer to `said`."""
    answered("".join(found), said)
    assert len(found) >= LEAST_PIECES, f"only {len(found)} pieces"
    return f"{len(found)} pieces"


def saw_image(text: Any) -> str:
    """The words for an image, if the provider says that it got one."""
    assert "image" in str(text), f"no image arrived: {text!r}"
    return "the image arrived"


def used(text: Any, *names: str) -> str:
    """The words for tools, if the answer has the results of these."""
    for name in names or ("get_weather",):
        assert RESULTS[name] in str(text), f"{name}'s result is not in {text!r}"
    return f"{len(names or (1,))} called and answered"


def vectors(found: list[list[float]]) -> str:
    """The words for embeddings, if these are two different ones of full length."""
    assert len(found) == 2 and found[0] != found[1], "not two different vectors"
    assert {len(each) for each in found} == {1536}, [len(each) for each in found]
    assert all(isinstance(number, float) for number in found[0]), "not numbers"
    return "2 vectors of 1536"


def at() -> int:
    """How many requests were made so far."""
    return int(_observed("mark")["mark"])


def exchanges_since(mark: int) -> list[dict[str, Any]]:
    """The requests after a mark."""
    found: list[dict[str, Any]] = _observed(f"since/{mark}")["exchanges"]
    return found


def statuses_since(mark: int) -> list[int]:
    """The statuses of requests after a mark."""
    return [each["status"] for each in exchanges_since(mark)]


def bill_since(mark: int) -> dict[str, Any]:
    """What the requests after a mark came to, once settled: each charged what its tokens cost, and nothing held."""
    bill = _observed(f"bill/{mark}")
    assert bill["fair"] and not bill["missing"] and bill["held"] == "0.00", bill
    return bill


def counted(mark: int, input_tokens: int, output_tokens: int) -> str:
    """The words for usage, if the ledger has the same tokens for the requests after a mark."""
    bill = bill_since(mark)
    theirs, ours = (input_tokens, output_tokens), (bill["inputTokens"], bill["outputTokens"])
    assert theirs == ours, f"the client counts {theirs}, the ledger {ours}"
    assert bill["entries"] >= 1, bill
    return f"{input_tokens} + {output_tokens} tokens in {bill['entries']} requests, {bill['charged']} USD"


def left(mark: int) -> str:
    """The words for a stream that was left, if the provider was hung up on and the account is settled."""
    bill = bill_since(mark)
    assert bill["outcomes"] == ["client_gone"], bill
    assert bill["outputTokens"] < 500, bill
    return f"charged {bill['outputTokens']} of 500 tokens, 0 held"


def created(mark: int) -> str:
    """The words for requests under /proxy/openai, if each chat was answered with 201."""
    found = exchanges_since(mark)
    chats = [each for each in found if each["path"].endswith("/chat/completions")]
    assert found and all(each["path"].startswith("/proxy/") for each in found), found
    assert all(each["status"] == 201 for each in chats), found
    return "taken: " + ", ".join(
        sorted({f"{each['status']} {each['path'].rsplit('/', 1)[1]}" for each in found})
    )


def retried(mark: int) -> str:
    """The words for two tries of which one was charged, and whether the second waited as it was told to."""
    first, second, *more = exchanges_since(mark)
    statuses = (first["status"], second["status"])
    assert not more and statuses[0] == 429 and statuses[1] < 300, exchanges_since(mark)
    bill = bill_since(mark)
    assert bill["entries"] == 1 and not bill["twice"], bill
    waited = second["at"] - first["at"]
    how = "as told by Retry-After" if waited >= WAIT_SECONDS else "not as told by Retry-After"
    return f"2 tries ({statuses[0]}, {statuses[1]}), {waited:.0f} s apart, {how}; 1 charge of {bill['charged']} USD"


def same(mark: int, first: Any, second: Any) -> str:
    """The words for two requests with one Idempotency-Key, if they had one answer and one charge."""
    keys = {each["idempotency_key"] for each in exchanges_since(mark)}
    assert len(exchanges_since(mark)) == 2 and len(keys) == 1 and None not in keys, keys
    assert _unpaid(first) == _unpaid(second), (first, second)
    ids = {each["request_id"] for each in exchanges_since(mark)}
    assert len(ids) == 2, ids
    bill = _observed(f"bill/{mark}/1")
    assert bill["entries"] == 1 and bill["fair"] and not bill["twice"], bill
    return f"1 charge of {bill['charged']} USD"


_RECEIPT = ("cost_usd", "hold_usd", "balance_usd", "request_id")


def _unpaid(said: Any) -> Any:
    """What was said, without its receipt: an answer that is given again costs nothing, and says so."""
    if isinstance(said, dict):
        return {name: _unpaid(value) for name, value in said.items() if name not in _RECEIPT}
    return [_unpaid(each) for each in said] if isinstance(said, list) else said


async def _refused(name: str, ask: Callable[[str, str | None, str], Any], error: type[Exception]) -> str:
    key, model, text, status = FAULTS[name]
    mark = at()
    try:
        answer = await now(ask(key, model, text))
    except error as refused:
        raised = refused
    else:
        raise AssertionError(f"no error: {answer!r}")
    statuses = statuses_since(mark)
    assert statuses and set(statuses) == {status}, f"{raised!r} after {statuses}"
    assert name not in NEVER_RETRIED or len(statuses) == 1, f"{len(statuses)} tries"
    tries = "1 try" if len(statuses) == 1 else f"{len(statuses)} tries"
    return f"{type(raised).__name__}, {tries}"


def _say(out: Any, **line: Any) -> None:
    out.write(json.dumps(line) + "\n")
    out.flush()


def _observed(question: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{os.environ['OBSERVER_URL']}/{question}", timeout=60) as answer:  # noqa: S310
        said: dict[str, Any] = json.load(answer)
    return said
