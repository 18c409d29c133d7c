"""The daily run: list the accounts, examine those with open books by way of a queue, and keep what came of it.

A message asks for one of three things: to list some accounts (`list`), to examine some (`accounts`), or to go on with
an examination (`examination`). Who takes a message does what there is time for, sends the rest on, and then leaves one
result, its part, under a name that comes from the message. So a message that comes twice counts once.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aggregator.billing.books_store import Listed
from aggregator.billing.examination import Examination
from aggregator.billing.model import Account
from aggregator.billing.reconcile import Books, Finding, Reading, begin, examine
from aggregator.runtime.aws import AwsError
from aggregator.runtime.batch import Message
from aggregator.runtime.observability import count, logger

JsonObject = dict[str, Any]

ACCOUNTS_LISTED_AT_ONCE = 1000
ACCOUNTS_IN_MESSAGE = 25
RECOUNT_DAYS = 30
"""In so many days every closed ledger is read from its first entry on, a slice of the accounts a day."""

FEW_ORPHANS = 5
"""Holds that may lapse without anybody being told: a process that died is one."""

_DAY_SECONDS = 24 * 3600


class Ledgers(Books, Protocol):
    """The billing table: books, and the list of accounts."""

    def listed(self, after: str | None = None) -> Iterable[Listed]:
        """See `BooksStore.listed`."""
        ...


class Results(Protocol):
    """Where results are kept."""

    def keep_part(self, run: str, part: str, sums: JsonObject) -> None:
        """See `RunStore.keep_part`."""
        ...

    def keep_finding(self, run: str, finding: Finding) -> None:
        """See `RunStore.keep_finding`."""
        ...


@dataclass(slots=True)
class Part:
    """What one message came to. `children` are the messages that were sent on: the run is over when all left a part."""

    accounts: int = 0
    idle: int = 0
    entries: int = 0
    findings: int = 0
    orphan_holds: int = 0
    loss_nano_usd: int = 0
    not_judged: int = 0
    children: list[JsonObject] = field(default_factory=list)

    def sums(self) -> JsonObject:
        """As it is kept."""
        return {
            "accounts": self.accounts,
            "idle": self.idle,
            "entries": self.entries,
            "findings": self.findings,
            "orphan_holds": self.orphan_holds,
            "loss": self.loss_nano_usd,
            "not_judged": self.not_judged,
            "children": len(self.children),
        }


@dataclass(frozen=True, slots=True)
class Run:
    """Collaborators of one invocation. `send` puts messages on the queue."""

    ledgers: Ledgers
    results: Results
    send: Callable[[Sequence[JsonObject]], None]
    how: Reading

    def work(self, message: JsonObject) -> None:
        """Do what a message asks, send on what there was no time for, and leave its part.

        Raises:
            AwsError: an account could not be examined, or nothing be sent or kept; the same message may come again.
        """
        part = Part()
        failed: AwsError | None = None
        if "list" in message:
            self._list(message["list"], part)
        elif "examination" in message:
            self._examine(Examination.from_json(message["examination"]), message["run"], part)
        else:
            failed = self._examine_all(message, part)
        named = [
            {"run": message["run"], "part": f"{message['part']}.{n}", **each}
            for n, each in enumerate(part.children)
        ]
        if failed is not None:
            raise failed
        self.send(named)
        self.results.keep_part(message["run"], message["part"], part.sums())

    def _list(self, asked: JsonObject, part: Part) -> None:
        """Look at some accounts; those with something to read are examined by others."""
        after, orphans = asked["after"], asked["orphans"]
        held, lapsed_money = asked.get("held", 0), asked.get("lapsed", 0)
        due: list[JsonObject] = []
        for seen, listed in enumerate(self.ledgers.listed(after), 1):
            after = listed.key
            if listed.user_id is not None:
                account = listed.account or Account(listed.user_id)
                lapsed = account.lapsed(self.how.now_epoch_seconds).values()
                part.orphan_holds += sum(each.requests for each in lapsed)
                held += sum(each.amount_nano_usd for each in account.holds.values())
                lapsed_money += sum(each.amount_nano_usd for each in lapsed)
                whole = is_due_whole(listed.user_id, self.how.now_epoch_seconds)
                if whole or not is_idle(listed.account):
                    due.append({"userId": listed.user_id, "whole": whole})
                else:
                    part.idle += 1
            if seen >= ACCOUNTS_LISTED_AT_ONCE or not self.how.has_time():
                so_far = {"orphans": orphans + part.orphan_holds, "held": held, "lapsed": lapsed_money}
                part.children.append({"list": {"after": after, **so_far}})
                break
        else:
            _report_listed(orphans + part.orphan_holds, held, lapsed_money)
        for first in range(0, len(due), ACCOUNTS_IN_MESSAGE):
            part.children.append({"accounts": due[first : first + ACCOUNTS_IN_MESSAGE]})

    def _examine_all(self, message: JsonObject, part: Part) -> AwsError | None:
        """Examine each account; one that cannot be read keeps the message, and its neighbours are done all the same."""
        failed: AwsError | None = None
        accounts = message["accounts"]
        for n, asked in enumerate(accounts):
            if n and not self.how.has_time():
                part.children.append({"accounts": accounts[n:]})
                break
            try:
                self._examine(
                    begin(self.ledgers, asked["userId"], self.how, whole=asked["whole"]), message["run"], part
                )
            except AwsError as refused:
                logger.error("Account not examined", code=refused.code, user_id=asked["userId"])
                failed = refused
        return failed

    def _examine(self, examination: Examination, run: str, part: Part) -> None:
        came_to = examine(self.ledgers, examination, self.how)
        if isinstance(came_to, Examination):
            part.children.append({"examination": came_to.to_json()})
            return
        part.accounts += 1
        part.entries += came_to.entries
        part.loss_nano_usd += came_to.loss_nano_usd
        part.not_judged += not came_to.settled
        if not came_to.is_sound:
            part.findings += 1
            self.results.keep_finding(run, came_to)
            _report(came_to)


def reconcile_batch(run: Run, messages: Iterable[Message]) -> set[str]:
    """Do what messages ask; return the ids of those that must come again."""
    failed: set[str] = set()
    for message in messages:
        try:
            run.work(message.detail)
        except AwsError as refused:
            logger.error("Part not done", code=refused.code, message_id=message.id)
            failed.add(message.id)
        except (KeyError, TypeError, ValueError) as poison:
            logger.error("Poison message", reason=type(poison).__name__, message_id=message.id)
            failed.add(message.id)
    return failed


def first_message(run: str) -> JsonObject:
    """The message that a run begins with."""
    return {"run": run, "part": "0", "list": {"after": None, "orphans": 0}}


def is_idle(account: Account | None) -> bool:
    """Whether nothing was written since the books were closed, and the money is what they were closed with."""
    return (
        account is not None
        and not account.days
        and account.closed_on is not None
        and account.total_nano_usd == account.closed_nano_usd
    )


def is_due_whole(user_id: str, now_epoch_seconds: float) -> bool:
    """Whether an account's whole ledger is read today: once in `RECOUNT_DAYS` days."""
    slice_ = int.from_bytes(hashlib.sha256(user_id.encode()).digest()[:4]) % RECOUNT_DAYS
    return slice_ == int(now_epoch_seconds // _DAY_SECONDS) % RECOUNT_DAYS


def _report(finding: Finding) -> None:
    """One line and the metrics of an account that does not fit. `LedgerFindings` alarms."""
    count("LedgerFindings")
    count("LedgerDriftNanoUsd", abs(finding.drift_nano_usd))
    logger.error(
        "Ledger finding",
        user_id=finding.user_id,
        misfits=finding.misfits,
        drift_nano_usd=finding.drift_nano_usd,
        mispriced=finding.mispriced,
        mispriced_entries=finding.mispriced_entries,
    )


def _report_listed(orphan_holds: int, held_nano_usd: int, lapsed_nano_usd: int) -> None:
    """What a listing to its end comes to; the metrics are written where there is nothing to find, too.

    `HeldNanoUsd` is what all accounts held when they were listed, `LapsedNanoUsd` the part of it past its deadline.
    """
    count("OrphanHolds", orphan_holds)
    count("LedgerFindings", orphan_holds > FEW_ORPHANS)
    count("LedgerDriftNanoUsd", 0)
    count("HeldNanoUsd", held_nano_usd)
    count("LapsedNanoUsd", lapsed_nano_usd)
    logger.info("accounts listed", orphan_holds=orphan_holds)
