"""What goes wrong in a user's day with an agent: what it shows, how often it asks again, what is held and charged."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from conformance.accounts import Api
from conformance.agents.agents import Agent
from conformance.agents.cells import Desk, Ran, desk
from conformance.agents.unlucky import COVERED, NOWHERE, UNLUCKY

JsonObject = dict[str, Any]

WRONG_KEY = "agg_local_1xX4gy4XvjTZ_4gNNRyxnXHomlvIl14Q6fC3ojCjf"
"""A key as ours are, of no stack that runs."""

_CREDIT = Decimal("20.00")
_INTERRUPTED_WITHIN_SECONDS = 60
_AT_ONCE = 5


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong; `words` are those of the platform that the user then reads.

    `told` says it to the stand-in, `model` is the ending of the model's name. It is `free` where nothing may be
    charged. Who `gets_round` it has an answer in the end, and shows no fault.
    """

    name: str
    words: str
    told: str = ""
    model: str = ""
    key: str = ""
    credit_usd: str | None = str(_CREDIT)
    free: bool = True
    gets_round: tuple[str, ...] = ()


_ALL = ("Claude Code", "Codex", "opencode")
FAULTS = (
    Fault("a wrong key", "This API key is not valid", key=WRONG_KEY),
    Fault("an empty balance", "0.00 USD are available", credit_usd=None),
    Fault("connections are refused", "nothing was charged", model=NOWHERE),
    Fault("the same, and there is a second provider", "", model=COVERED, free=False, gets_round=_ALL),
    Fault("500", "nothing was charged", told="status=500", model=UNLUCKY),
    Fault("503", "nothing was charged", told="status=503", model=UNLUCKY),
    Fault("it never begins to answer", "nothing was charged", told="hang", model=UNLUCKY),
    Fault(
        "the stream breaks off",
        "ended the stream too early",
        told="cut=3",
        model=UNLUCKY,
        free=False,
        gets_round=("Claude Code",),
    ),
    Fault(
        "the stream falls silent",
        "fell silent",
        told="hang-after=3",
        model=UNLUCKY,
        free=False,
        gets_round=("Claude Code",),
    ),
)


@dataclass
class Trouble:
    """What went wrong, and what the agent made of it. `shown` is the message that its user reads."""

    agent: str
    name: str
    requests: int
    seconds: float
    shown: str
    charged_usd: Decimal = Decimal(0)
    wrong: list[str] = field(default_factory=list)


def troubles(agents: list[Agent], api: Api, models: dict[str, str]) -> Iterator[Trouble]:
    """All of them, by agent; `models` has one of each house. Several at once, for they are mostly waited for."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting = [
            [
                *(pool.submit(_told, agent, api, models[agent.house], fault) for fault in FAULTS),
                pool.submit(_interrupted, agent, api, models[agent.house]),
            ]
            for agent in agents
        ]
        for each in waiting:
            yield from (done.result() for done in each)


def _told(agent: Agent, api: Api, model: str, fault: Fault) -> Trouble:
    text = f"Now:\n[[standin {fault.told}]] say hello" if fault.told else "say hello"
    with desk(agent, api, model + fault.model, key=fault.key, credit_usd=fault.credit_usd) as at:
        ran = at.run(text)
        found = Trouble(agent.name, fault.name, _posts(ran), ran.seconds, shown_with(ran.output, fault.words))
        _count(found, api, at, ran)
    if agent.name in fault.gets_round:
        found.shown = "the answer"
        if ran.exit != 0:
            found.wrong.append(f"it ended with {ran.exit}: {ran.output[-600:]}")
    elif not found.shown:
        found.wrong.append(f"'{fault.words}' is not in what it shows: {ran.output[-600:]}")
    if fault.free and found.charged_usd:
        found.wrong.append(f"{found.charged_usd} USD were charged")
    if ran.exit is None:
        found.wrong.append("it did not end")
    return found


def _interrupted(agent: Agent, api: Api, model: str) -> Trouble:
    """Ctrl-C in mid-stream: it ends, what was said is charged, and no money stays held."""
    with desk(agent, api, model) as at:
        ran = at.run("Now:\n[[standin no-tool tokens=2000 token-delay=100ms]] say it", interrupt_after=2.0)
        found = Trouble(agent.name, "Ctrl-C in mid-stream", _posts(ran), ran.seconds, "")
        outcomes = _count(found, api, at, ran)
    found.shown = f"charged as {', '.join(outcomes)}"
    if ran.exit is None or ran.seconds > _INTERRUPTED_WITHIN_SECONDS:
        found.wrong.append(f"it ended with {ran.exit} after {ran.seconds:.0f} s")
    return found


def _count(found: Trouble, api: Api, at: Desk, ran: Ran) -> list[str]:
    """What its user was charged; every answer that began is in the ledger once, and nothing stays held."""
    ids = {each.request_id for each in ran.asked if each.status == 200}
    entries, balance = api.settled(at.account.user_id, ids, len(ids))
    credit = _CREDIT if at.credited else Decimal(0)
    found.charged_usd = credit - Decimal(balance["total"])
    charged = -sum((Decimal(entry["amount"]) for entry in entries), Decimal(0))
    if len(entries) != len(ids) or Decimal(balance["held"]):
        found.wrong.append(
            f"{len(entries)} of {len(ids)} requests are in the ledger, {balance['held']} is held"
        )
    if charged != found.charged_usd:
        found.wrong.append(f"{found.charged_usd} USD were charged, {charged} of them for answers that began")
    return sorted({entry["request"]["outcome"] for entry in entries})


def _posts(ran: Ran) -> int:
    return sum(each.method == "POST" for each in ran.asked)


def shown_with(output: str, words: str) -> str:
    """The text that holds the words, of what was printed: a line, or a string of JSON; nothing if none does."""
    place = output.rfind(words) if words else -1
    if place < 0:
        return ""
    begin = max(output.rfind(mark, 0, place) for mark in '"\n') + 1
    ends = [at for mark in '"\n' if (at := output.find(mark, place)) >= 0]
    return output[begin : min(ends, default=len(output))].rstrip("\\").replace("|", "/")
