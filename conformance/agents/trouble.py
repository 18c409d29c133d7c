"""What goes wrong in a user's day with an agent: is it told in our words, and does the agent stop?"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from conformance.accounts import Api
from conformance.agents.agents import Agent
from conformance.agents.cells import Ran, desk

WRONG_KEY = "agg_local_1xX4gy4XvjTZ_4gNNRyxnXHomlvIl14Q6fC3ojCjf"
"""A key as ours are, of no stack that runs."""

_MOST_REQUESTS = 6
"""Codex asks five times more whatever it is told, within seven seconds; the others stop at once."""
_INTERRUPTED_WITHIN_SECONDS = 30


@dataclass
class Trouble:
    """What went wrong, and what the agent made of it. `shown` is the message that its user reads."""

    agent: str
    name: str
    requests: int
    seconds: float
    shown: str
    wrong: list[str] = field(default_factory=list)


def troubles(agent: Agent, api: Api, model: str) -> Iterator[Trouble]:
    """All of them, one after the other."""
    yield _told(agent, api, model, "a wrong key", "This API key is not valid", key=WRONG_KEY)
    yield _told(agent, api, model, "an empty balance", "Add credit", credit_usd=None)
    yield _dead_provider(agent, api, model)
    yield _interrupted(agent, api, model)


def _told(
    agent: Agent,
    api: Api,
    model: str,
    name: str,
    words: str,
    *,
    key: str = "",
    credit_usd: str | None = "20.00",
) -> Trouble:
    with desk(agent, api, model, key=key, credit_usd=credit_usd) as at:
        ran = at.run("say hello")
    found = _trouble(agent, name, ran, words)
    if found.requests > _MOST_REQUESTS:
        found.wrong.append(f"it asked {found.requests} times")
    return found


def _dead_provider(agent: Agent, api: Api, model: str) -> Trouble:
    with desk(agent, api, model) as at:
        ran = at.run("Now:\n[[standin status=503]] say hello")
    return _trouble(agent, "a dead provider", ran, "")


def _interrupted(agent: Agent, api: Api, model: str) -> Trouble:
    """Ctrl-C in mid-stream: it ends, what was said is charged, and no money stays held."""
    with desk(agent, api, model) as at:
        ran = at.run("Now:\n[[standin no-tool tokens=2000 token-delay=100ms]] say it", interrupt_after=2.0)
        ids = {each.request_id for each in ran.asked if each.status == 200}
        entries, balance = api.settled(at.account.user_id, ids, len(ids))
    outcomes = sorted({entry["request"]["outcome"] for entry in entries})
    found = Trouble(
        agent.name, "Ctrl-C in mid-stream", _posts(ran), ran.seconds, f"charged as {', '.join(outcomes)}"
    )
    if ran.exit is None or ran.seconds > _INTERRUPTED_WITHIN_SECONDS:
        found.wrong.append(f"it ended with {ran.exit} after {ran.seconds:.0f} s")
    if len(entries) != len(ids) or float(balance["held"]):
        found.wrong.append(
            f"{len(entries)} of {len(ids)} requests are in the ledger, {balance['held']} is held"
        )
    return found


def _trouble(agent: Agent, name: str, ran: Ran, words: str) -> Trouble:
    said = [each.said for each in ran.asked if each.status and each.status >= 400 and each.said]
    shown = _line_with(ran.output, words)
    found = Trouble(agent.name, name, _posts(ran), ran.seconds, shown)
    if not said:
        found.wrong.append("nothing was refused")
    if not shown:
        found.wrong.append(f"'{words}' is not in what it shows: {ran.output[-600:]}")
    if ran.exit is None:
        found.wrong.append("it did not end")
    return found


def _posts(ran: Ran) -> int:
    return sum(each.method == "POST" for each in ran.asked)


def _line_with(output: str, words: str) -> str:
    """The part of what was printed that holds the words."""
    place = output.find(words)
    return "" if place < 0 else output[place : place + 140].replace("\n", " ").replace("|", "/")
