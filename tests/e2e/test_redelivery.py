"""Usage events come again, in any order, with poison among them, or while settling is broken: each is charged once."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.caller import UserCaller, eventually
from tests.e2e.conftest import NewUser
from tests.e2e.queues import Queues
from tests.e2e.stack import Stack
from tests.faults.usage import body_of

# A revoked key is watched meanwhile: see revocation.py.
pytestmark = pytest.mark.usefixtures("revocation")

JsonObject = dict[str, Any]

ROOT = Path(__file__).parents[2]
EVENTS = 300
BROKEN_EVENTS = 200
POISONED = 12
USERS = 4
COST_USD = Decimal("0.000006")
PATIENCE_SECONDS = 300


@pytest.fixture
def queues(stack: Stack) -> Iterator[Queues]:
    """The queues; afterwards they are as they were."""
    queues = Queues(stack)
    names = ["VisibilityTimeout"]
    before = queues.sqs.get_queue_attributes(QueueUrl=queues.queue, AttributeNames=names)["Attributes"]
    yield queues
    queues.sqs.set_queue_attributes(QueueUrl=queues.queue, Attributes=before)


@pytest.fixture
def users(new_user: NewUser) -> list[UserCaller]:
    return [new_user(credit="1.00") for _ in range(USERS)]


def poisoned(event: JsonObject, kind: int) -> str:
    """An event's message, spoiled in one of four ways."""
    match kind % 4:
        case 0:
            return f"not JSON: {event['requestId']}"
        case 1:
            return body_of(event | {"version": 99})
        case 2:
            return body_of(event | {"costNanoUsd": event["costNanoUsd"] - 1})
        case _:
            return body_of(event | {"usage": event["usage"] | {"outputTokens": -10}})


def request_in(body: str) -> str:
    """Which request a message is about."""
    if body.startswith("not JSON: "):
        return body.removeprefix("not JSON: ")
    request_id: str = json.loads(body)["detail"]["requestId"]
    return request_id


def charges(users: list[UserCaller]) -> list[Decimal]:
    """What the ledger charged these users, an entry each."""
    return [
        -Decimal(entry["amount"])
        for user in users
        for entry in user.get(f"/billing/transactions/{user.user_id}?limit=1000").json["entries"]
        if entry["type"] == "usage"
    ]


def requests_counted(user: UserCaller) -> int:
    """How many requests of a user the metrics have."""
    counted: int = user.get("/analytics/metrics").json["totals"]["requests"]
    return counted


def run(stack: Stack, *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, "AGGREGATOR_LOCAL_DIR": str(stack.folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def write_event(folder: Path, event: JsonObject) -> str:
    """A file with an event, as an archive has it."""
    file = folder / "events.json"
    file.write_text(json.dumps(event), encoding="utf-8")
    return str(file)


def report(figures: str) -> None:
    """Show figures with `pytest -rP`."""
    sys.stdout.write(figures + "\n")


def assert_sound(stack: Stack) -> None:
    report = run(stack, "local.reconcile")
    assert report.returncode == 0, report.stdout + report.stderr
    assert "drift 0 nano-USD" in report.stdout


@pytest.mark.promise("once")
def test_300_events_in_any_order_and_number_with_poison_among_them_are_charged_once_each(
    stack: Stack, queues: Queues, users: list[UserCaller]
) -> None:
    rng = random.Random(7)
    events = queues.requests(users, EVENTS)
    rng.shuffle(events)
    spoiled, good = events[:POISONED], events[POISONED:]
    poison = [poisoned(event, n) for n, event in enumerate(spoiled) for _ in range(rng.randint(1, 2))]
    bodies = [body_of(event) for event in good for _ in range(rng.randint(1, 5))] + poison
    rng.shuffle(bodies)

    started = time.monotonic()
    queues.try_again_after(4)
    queues.send(bodies)
    depths = eventually(queues.depths, lambda found: found == (0, len(poison)), seconds=PATIENCE_SECONDS)
    dead = queues.take_dead()
    charged_before_the_repair = charges(users)
    repaired = {event["requestId"]: event for event in spoiled}
    queues.send(body_of(repaired[request_in(body)]) for body in dead)
    eventually(queues.depths, lambda found: found == (0, 0), seconds=PATIENCE_SECONDS)
    charged = charges(users)

    report(
        f"{EVENTS} events in {len(bodies)} messages, {len(poison)} of them poison: "
        f"{len(charged)} entries after {time.monotonic() - started:.0f} s"
    )
    assert depths == (0, len(poison))
    assert sorted(dead) == sorted(poison)
    assert charged_before_the_repair == [COST_USD] * (EVENTS - POISONED)
    assert charged == [COST_USD] * EVENTS
    assert queues.depths() == (0, 0)
    assert {user.balance()["held"] for user in users} == {"0.00"}
    assert_sound(stack)


@pytest.mark.promise("once")
def test_what_died_while_settling_was_broken_is_charged_once_it_is_redriven(
    stack: Stack, queues: Queues, users: list[UserCaller]
) -> None:
    events = queues.requests(users, BROKEN_EVENTS)
    started = time.monotonic()
    queues.try_again_after(2)

    with queues.settling_into("no-such-table"):
        queues.send(body_of(event) for event in events)
        depths = eventually(
            queues.depths, lambda found: found[0] == 0 and found[1] >= BROKEN_EVENTS, seconds=PATIENCE_SECONDS
        )
        charged_while_broken = charges(users)
    report(f"{depths} on queue and dead letter queue after {time.monotonic() - started:.0f} s")
    moved = run(stack, "local.redrive", "billing-usage")
    eventually(queues.depths, lambda found: found == (0, 0), seconds=PATIENCE_SECONDS)
    charged = charges(users)

    report(f"redriven: {len(charged)} entries after {time.monotonic() - started:.0f} s")
    # A request of another test whose answer ended meanwhile died beside them.
    on_queue, dead = depths
    assert (on_queue, dead - BROKEN_EVENTS in range(5)) == (0, True)
    assert charged_while_broken == []
    assert moved.stdout == f"billing-usage: {dead} messages moved back, 0 refused and left where they were\n"
    assert charged == [COST_USD] * BROKEN_EVENTS
    assert queues.depths() == (0, 0)
    assert {user.balance()["held"] for user in users} == {"0.00"}
    assert_sound(stack)


@pytest.mark.promise("once")
def test_what_is_replayed_from_the_archive_is_charged_and_counted_no_second_time(
    stack: Stack, queues: Queues, users: list[UserCaller]
) -> None:
    user = users[0]
    events = queues.client("events")
    bus = events.describe_event_bus(Name=stack.resources["Bus"])["Arn"]
    name = f"archive-{user.user_id}"[:40]
    archive = events.create_archive(ArchiveName=name, EventSourceArn=bus)["ArchiveArn"]
    begun = datetime.now(UTC) - timedelta(seconds=5)
    for _ in range(3):
        user.chat("Say hello")
    charged = eventually(lambda: charges([user]), lambda found: len(found) == 3)
    counted = eventually(lambda: requests_counted(user), lambda found: found == 3)
    left = user.balance()

    events.start_replay(
        ReplayName=name,
        EventSourceArn=archive,
        EventStartTime=begun,
        EventEndTime=datetime.now(UTC) + timedelta(seconds=1),
        Destination={"Arn": bus},
    )
    eventually(lambda: events.describe_replay(ReplayName=name)["State"], lambda state: state == "COMPLETED")
    eventually(queues.waiting, lambda found: found == 0, seconds=PATIENCE_SECONDS)
    events.delete_archive(ArchiveName=name)

    assert charges([user]) == charged
    assert (user.balance(), requests_counted(user)) == (left, counted)
    assert_sound(stack)


@pytest.mark.promise("books")
def test_a_request_whose_event_was_lost_is_charged_from_its_log_line(
    stack: Stack, queues: Queues, users: list[UserCaller], tmp_path: Path
) -> None:
    event = queues.requests(users, count=1)[0]
    log = tmp_path / "chat.log"
    line = {"level": "ERROR", "message": "usage_lost", "event": event}
    log.write_text(
        f'START\n{{"level": "INFO", "message": "request"}}\n{json.dumps(line)}\n', encoding="utf-8"
    )
    missing = run(stack, "local.reconcile", "--events", write_event(tmp_path, event))

    sent = run(stack, "local.replay_usage", str(log))

    charged = eventually(lambda: charges(users), lambda found: len(found) == 1)
    assert f"event without entry: {event['requestId']}" in missing.stdout
    assert missing.returncode == 1
    assert sent.stdout == "1 lost events, 1 sent\n"
    assert charged == [COST_USD]
    assert_sound(stack)
