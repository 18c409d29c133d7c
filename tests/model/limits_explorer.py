"""Every interleaving of requests of keys that share what the key over them may spend: in a minute, and in a day; or
what their team may in a month, and each member in it.

The real store and the real rules run at every step, on DynamoDB in memory; one step is one AWS call. Answers are lost,
calls are repeated, processes die, and the minute passes. An independent count says what was spent.

    python -m tests.model.limits_explorer            states explored, for the protocol as it is
    python -m tests.model.limits_explorer --broken   the shortest way to spend too much in each broken variant
"""

import sys
from ast import literal_eval
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from aggregator.auth.caller import DAILY_BUDGET_NANO_USD, USD_PER_MINUTE, Caller, Over, Team
from aggregator.proxy.limits import rules
from aggregator.proxy.limits.counts import Full, Stored, owners_of
from aggregator.proxy.limits.rules import Demand, Taken
from aggregator.proxy.limits.store import LimitStore
from aggregator.runtime.aws import JsonObject
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.model.calls import without_clause
from tests.model.search import OncePerTable, explored
from tests.model.world import Items

NOON = datetime(2026, 11, 23, 12, 0, 13, tzinfo=UTC)
TIMES = (NOON, NOON + timedelta(seconds=60))
MAKER = {USD_PER_MINUTE: 5, DAILY_BUDGET_NANO_USD: 8}
CHILD = {USD_PER_MINUTE: 4}
MOST, LEAST, SPENT = (4, 3, 2), (2, 1, 2), (1, 3, 2)
KEYS = ("c1", "c2", "c1")
USERS = {"c1": "u1", "c2": "u2"}
TEAM, MEMBER = 6, 5
TRIES = 2

LINE_COUNTS = "a line that counts"
TEAM_COUNTS = "a team that counts"
BOUND_COUNTS = "a bound that counts"
RULES = frozenset({LINE_COUNTS, BOUND_COUNTS})
CLAUSES = {
    "take: room": r"\(attribute_not_exists\(#c",
    "take: ticket": r"NOT contains",
    "back: ticket": r"contains",
}
BROKEN = (*CLAUSES, *sorted(RULES))
BROKEN_IN_TEAM = (*CLAUSES, BOUND_COUNTS, TEAM_COUNTS)


@dataclass(frozen=True)
class Ask:
    """One request: `state` is want, running, undo, over, done, refused or dead; `taken_at` is of TIMES."""

    state: str = "want"
    tries: int = 0
    seen: str = "{}"
    granted: int = 0
    taken_at: int = 0
    spent: int = 0


@dataclass(frozen=True)
class World:
    """Everything that is the case at one moment. `exact`: nobody died, and no return was given up."""

    items: Items = ()
    asks: tuple[Ask, ...] = (Ask(),) * len(MOST)
    time: int = 0
    exact: bool = True


class Weakened:
    """DynamoDB that forgets one clause."""

    def __init__(self, inner: MemoryDynamoDb, without: str) -> None:
        self._inner = inner
        self._write, _, _ = without.partition(":")
        self._clause = CLAUSES.get(without)

    def call(self, action: str, request: JsonObject) -> JsonObject:
        """Drop the clause that the variant is without, then carry out the call."""
        write = "take" if "SET expires_at" in request["UpdateExpression"] else "back"
        if self._clause is not None and write == self._write:
            request = without_clause(request, self._clause)
        return self._inner.call(action, request)


def caller_of(n: int, without: str, *, in_team: bool = False) -> Caller:
    """Who asks: one of two keys that a key made, or that charge a team, each of another member."""
    if in_team:
        key_id, budget = KEYS[n], None if without == TEAM_COUNTS else TEAM
        return Caller(key_id, USERS[key_id], limits=CHILD, team=Team("t", budget, MEMBER))
    over = () if without == LINE_COUNTS else (Over("k1", MAKER),)
    return Caller(key_id=KEYS[n], user_id="u", limits=CHILD, over=over)


def demand_of(n: int, taken_at: int) -> Demand:
    """What it asks for."""
    return Demand(f"r{n}", TIMES[taken_at], 600, 1, MOST[n], LEAST[n])


class Explorer:
    """Breadth-first search over worlds; `without` names what a deliberately broken variant leaves out."""

    def __init__(self, without: str = "", *, in_team: bool = False) -> None:
        self._without = without
        self._in_team = in_team
        self._do = OncePerTable(self._carried_out)

    def run(self) -> tuple[int, str | None, list[str]]:
        """Explore; return the number of states, what was violated (None: nothing), and the shortest way to it."""
        return explored(World(), self._steps, violation_in_team if self._in_team else violation)

    def _steps(self, world: World) -> Iterator[tuple[str, World]]:
        for n, ask in enumerate(world.asks):
            if ask.state == "want":
                yield from self._take_steps(world, n, ask)
            elif ask.state == "running":
                over = replace(ask, state="over", spent=min(SPENT[n], ask.granted))
                yield f"r{n} has spent {over.spent}", _with(world, n, over)
                dead = replace(ask, state="dead", spent=ask.granted)
                yield f"r{n} dies", replace(_with(world, n, dead), exact=False)
            elif ask.state in ("over", "undo"):
                yield from self._back_steps(world, n, ask)
        if world.time + 1 < len(TIMES) and not self._in_team:  # a month is what it is about
            yield "the minute passes", replace(world, time=world.time + 1)

    def _take_steps(self, world: World, n: int, ask: Ask) -> Iterator[tuple[str, World]]:
        caller, demand = caller_of(n, self._without, in_team=self._in_team), demand_of(n, world.time)
        stored = _thawed(ask.seen)
        if ask.tries == TRIES or rules.refusal_of(owners_of(caller), stored, demand) is not None:
            yield f"r{n} is refused", _with(world, n, replace(ask, state="refused"))
            return
        for times in (1, 2):  # the client repeats what a fault answered, though it was carried out
            items, outcome = self._do(world.items, "take", n, world.time, ask.seen, times)
            if isinstance(outcome, int):
                granted = replace(ask, state="running", granted=outcome, taken_at=world.time, seen="{}")
                yield f"r{n} takes {outcome}, sent {times}x", _with(world, n, granted, items)
                lost = replace(granted, state="undo", tries=0)
                yield f"r{n} takes {outcome}, and its answer is lost", _with(world, n, lost, items)
            else:
                yield f"r{n} finds it full", _with(world, n, replace(ask, tries=ask.tries + 1, seen=outcome))

    def _back_steps(self, world: World, n: int, ask: Ask) -> Iterator[tuple[str, World]]:
        items, _ = self._do(world.items, "back", n, ask, world.time)
        done = replace(ask, state="done", tries=0)
        yield f"r{n} gives back", _with(world, n, done, items)
        yield (
            f"r{n} dies before it gives back",
            replace(_with(world, n, replace(ask, state="dead")), exact=False),
        )
        if ask.tries < TRIES:
            again = replace(ask, tries=TRIES)
            yield f"r{n} gives back, its answer is lost, and it does so again", _with(world, n, again, items)

    def _carried_out(self, table: MemoryDynamoDb, action: str, *arguments: Any) -> Any:
        store = LimitStore(Weakened(table, self._without), "proxy")
        return getattr(self, f"_{action}")(store, *arguments)

    def _take(self, store: LimitStore, n: int, taken_at: int, seen: str, times: int) -> int | str:
        caller, demand = caller_of(n, self._without, in_team=self._in_team), demand_of(n, taken_at)
        wanted = rules.take_of(caller, demand, _thawed(seen))
        granted = wanted.amount_nano_usd
        if self._without == BOUND_COUNTS:
            wanted = wanted._replace(counters=tuple(each._replace(adds=1) for each in wanted.counters))
        try:
            for _ in range(times):
                store.take(wanted)
        except Full as full:
            return _seen(full.stored)
        return granted

    def _back(self, store: LimitStore, n: int, ask: Ask, time: int) -> None:
        caller, demand = caller_of(n, self._without, in_team=self._in_team), demand_of(n, ask.taken_at)
        take = rules.take_of(caller, demand._replace(at_most_nano_usd=ask.granted), {})
        taken: Taken = rules.taken_of(caller, demand, take, {})._replace(at_most_nano_usd=ask.granted)
        back = rules.back_of(taken, spent_nano_usd=ask.spent, used_tokens=None, now=TIMES[time], ends=None)
        store.give_back(taken, back)


def violation(world: World) -> str | None:
    """What is wrong with a world, if anything."""
    counted = _counted(world.items)
    if min(counted.values(), default=0) < 0:
        return f"a count is below zero: {dict(counted)}"
    for key, limits in (("k1", MAKER), ("c1", CHILD), ("c2", CHILD)):
        asks = [ask for n, ask in enumerate(world.asks) if key in ("k1", KEYS[n])]
        for limit, most in limits.items():
            windows = [[0, 1]] if limit == DAILY_BUDGET_NANO_USD else [[0], [1]]
            for window in windows:
                spent = sum(_spends(ask) for ask in asks if ask.taken_at in window)
                if spent > most:
                    return f"{spent} are spent of {most} by {key} ({limit})"
    if world.exact and all(ask.state in ("done", "refused") for ask in world.asks):
        spent = sum(ask.spent for ask in world.asks)
        if counted.get("d#2026-11-23", 0) != spent:
            return f"{counted.get('d#2026-11-23', 0)} are counted of {spent} that were spent"
    return None


def violation_in_team(world: World) -> str | None:
    """The same of a team: what it spends in the month, and each member, and each key in a minute."""
    counted = _counted(world.items)
    if min(counted.values(), default=0) < 0:
        return f"a count is below zero: {dict(counted)}"
    spent = {key: sum(_spends(ask) for n, ask in enumerate(world.asks) if KEYS[n] == key) for key in USERS}
    for whose, all_of_it, most in (
        ("the team", sum(spent.values()), TEAM),
        *((k, v, MEMBER) for k, v in spent.items()),
    ):
        if all_of_it > most:
            return f"{all_of_it} are spent of {most} by {whose} in the month"
    for key in USERS:
        for minute in (0, 1):
            asks = [ask for n, ask in enumerate(world.asks) if KEYS[n] == key and ask.taken_at == minute]
            if sum(map(_spends, asks)) > CHILD[USD_PER_MINUTE]:
                return f"{key} spends more than it may in a minute"
    if world.exact and all(ask.state in ("done", "refused") for ask in world.asks):
        left = {"m#2026-11": sum(spent.values())} | {f"m#2026-11#@{USERS[k]}": v for k, v in spent.items()}
        if any(counted.get(name, 0) != value for name, value in left.items()):
            return f"{dict(counted)} are counted of {left}"
    return None


def _spends(ask: Ask) -> int:
    """What a request has spent, or may spend yet."""
    return ask.granted if ask.state == "running" else ask.spent


@cache
def _counted(items: Items) -> Mapping[str, int]:
    stored = {name: literal_eval(value) for _, values in items for name, value in values}
    return {name: int(value["N"]) for name, value in stored.items() if name[:2] in ("u#", "d#", "m#")}


def _seen(stored: Stored) -> str:
    return repr(
        {
            name: sorted(value) if isinstance(value, set | frozenset) else value
            for name, value in sorted(stored.items())
        }
    )


def _thawed(seen: str) -> Stored:
    stored: Stored = literal_eval(seen)
    return stored


def _with(world: World, n: int, ask: Ask, items: Items | None = None) -> World:
    asks = (*world.asks[:n], ask, *world.asks[n + 1 :])
    return replace(world, asks=asks, items=world.items if items is None else items)


def main(arguments: list[str]) -> int:
    """Print what was explored; exit 1 if the outcome is not the expected one."""
    missed = 0
    explored_ones = [(each, False) for each in BROKEN] + [(each, True) for each in BROKEN_IN_TEAM]
    for without, in_team in explored_ones if "--broken" in arguments else (("", False), ("", True)):
        states, wrong, way = Explorer(without, in_team=in_team).run()
        missed += (wrong is None) == bool(without)
        said = ("a team: " if in_team else "") + (f"without {without}: " if without else "")
        sys.stdout.write(f"{said}{states} states, {wrong or 'no violation'} {'; '.join(way)}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
