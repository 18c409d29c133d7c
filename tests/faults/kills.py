"""Kill the chat function's process (-9) at one step of the walk, and see what becomes of the money."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from tests.faults.chat_cases import RETURN, new_name
from tests.faults.door import Door, Reply
from tests.faults.fault_proxy import Fault, FaultProxy, Side
from tests.faults.platform import CREDIT_NANO_USD, TIGHT_NANO_USD, Platform
from tests.faults.rows import BROKEN, Happened
from tests.faults.waiting import wait_until

RUNS_EACH = 4
SECTION = "the process is killed (-9)"

# Whether what a stream said before its process died has left this machine by then.
RACE = ("502 `internal_error`", BROKEN)


@dataclass(frozen=True)
class Moment:
    """A moment of the walk: the call that is held then, or what the provider is told instead.

    `answering` is a moment at which a stream's first bytes may be on their way. `holding` tells the call from others of
    its action, and `credit` is what the user has.
    """

    name: str
    service: str = ""
    action: str = ""
    side: Side = Side.BEFORE
    directive: str = ""
    plain: bool = True
    bus_is_down: bool = False
    answering: bool = False
    holding: str = ""
    credit: int = CREDIT_NANO_USD


MOMENTS = (
    Moment("before reserve", "dynamodb", "UpdateItem", Side.BEFORE),
    Moment("after reserve, before its answer", "dynamodb", "UpdateItem", Side.AFTER),
    Moment("during the call", directive="slow=5s"),
    Moment("after the first byte", directive="token-delay=500ms", plain=False),
    Moment(
        "before the rest of a large hold is back",
        "dynamodb",
        "UpdateItem",
        Side.BEFORE,
        answering=True,
        holding=RETURN,
        credit=TIGHT_NANO_USD,
    ),
    Moment(
        "after the rest of a large hold is back, before emit",
        "dynamodb",
        "UpdateItem",
        Side.AFTER,
        answering=True,
        holding=RETURN,
        credit=TIGHT_NANO_USD,
    ),
    Moment("before emit", "events", "PutEvents", Side.BEFORE, answering=True),
    Moment("after emit, before the answer", "events", "PutEvents", Side.AFTER, answering=True),
    Moment(
        "before emit by the queue, the bus being down",
        "sqs",
        "SendMessage",
        Side.BEFORE,
        bus_is_down=True,
        answering=True,
    ),
    Moment(
        "after emit by the queue, the bus being down",
        "sqs",
        "SendMessage",
        Side.AFTER,
        bus_is_down=True,
        answering=True,
    ),
)


def kills(platform: Platform) -> Iterator[Callable[[], list[Happened]]]:
    """Every moment, plain and streamed, several times each; to be run whenever there is time."""
    for moment in MOMENTS:
        for stream in (False, True) if moment.plain else (True,):
            yield partial(_killed, platform, moment, stream)


def _killed(platform: Platform, moment: Moment, stream: bool) -> list[Happened]:
    with ExitStack() as opened:
        proxies = {}
        if moment.service:
            proxies[moment.service] = opened.enter_context(
                FaultProxy(platform.emulator.url, only=moment.holding)
            )
        if moment.bus_is_down:
            proxies["events"] = opened.enter_context(FaultProxy(platform.emulator.url))
            proxies["events"].on("PutEvents", Fault.FAILED)
        door = opened.enter_context(Door(platform, proxies, new_name()))
        victim = _Victim(platform, moment, stream, proxies, door)
        return [victim.die() for _ in range(RUNS_EACH)]


@dataclass(frozen=True)
class _Victim:
    """A chat function that dies at one moment of each chat; Lambda, as here, starts another process for the next."""

    platform: Platform
    moment: Moment
    stream: bool
    proxies: Mapping[str, FaultProxy]
    door: Door

    def die(self) -> Happened:
        """Ask once, and kill."""
        moment, user_id = self.moment, self.platform.new_user(self.moment.credit)
        text = f"[[standin {moment.directive or 'tokens=5'}]] {user_id}"
        if moment.action:
            reply = self._while_held(user_id, text)
        elif moment.plain:
            reply = self._while_the_provider_thinks(user_id, text)
        else:
            reply = self._after_the_first_byte(user_id, text)
        name = f"{moment.name}, {'a stream' if self.stream else 'plain'}"
        either = RACE if moment.answering and self.stream else ()
        at_once = self.platform.account(user_id)
        return Happened(SECTION, name, user_id, reply, at_once, either=either, credit_nano_usd=moment.credit)

    def _while_held(self, user_id: str, text: str) -> Reply:
        gate = self.proxies[self.moment.service].hold(self.moment.action, self.moment.side)
        with self._asking(user_id, text) as answer:
            gate.wait_until_reached()
            self._kill()
            gate.drop()
            return answer.result()

    def _while_the_provider_thinks(self, user_id: str, text: str) -> Reply:
        with self._asking(user_id, text) as answer:
            wait_until(lambda: self.platform.provider_was_asked(user_id))
            self._kill()
            return answer.result()

    def _after_the_first_byte(self, user_id: str, text: str) -> Reply:
        begun = self.door.begin(user_id, text, stream=True)
        blocks = begun.stream(65_536)
        first = next(blocks)
        self._kill()
        return self.door.rest(begun, blocks, first)

    @contextmanager
    def _asking(self, user_id: str, text: str) -> Iterator[Future[Reply]]:
        with ThreadPoolExecutor(1) as client:
            yield client.submit(self.door.chat, user_id, text, stream=self.stream)

    def _kill(self) -> None:
        """End the process that is at work; one that died before may still be listed."""
        pids = self.door.processes.pids()
        assert pids
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
