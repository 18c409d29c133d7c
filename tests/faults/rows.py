"""What became of one request, in the words of the table."""

from dataclasses import dataclass, field

from aggregator.billing.entry import PLATFORM_LOSS, Entry
from aggregator.billing.model import Account
from tests.faults.door import Reply
from tests.faults.platform import CREDIT_NANO_USD

LEAST_BOUND_NANO_USD = 100_000
"""What every bound here is over, and every cost under: what is held is less where the rest of a hold is back."""

AFTER_THE_DEADLINE_SECONDS = 2 * 3600
BROKEN = "200, then the connection breaks"


@dataclass(frozen=True)
class Happened:
    """One request: whose, what the client saw, and the account at that moment; `tries` are the calls that came.

    `either` is what a client may see where two things race; empty where only one thing can happen.
    """

    section: str
    name: str
    user_id: str
    reply: Reply
    at_once: Account
    tries: int | None = None
    lost_events: list[dict[str, object]] = field(default_factory=list)
    either: tuple[str, ...] = ()
    credit_nano_usd: int = CREDIT_NANO_USD


@dataclass(frozen=True)
class Row:
    """One line of a section: cells as they are printed, and the money they are about in nano-US-dollars."""

    section: str
    cells: tuple[str, ...]
    charged_nano_usd: int
    entries: int
    lost_nano_usd: int

    @property
    def name(self) -> str:
        """What was done."""
        return self.cells[0]

    @property
    def line(self) -> str:
        """As it stands in the document."""
        return f"| {' | '.join(self.cells)} |"


@dataclass(frozen=True)
class BatchRow:
    """One line about a batch: cells as they are printed, entries written, and how many of its events were put."""

    section: str
    cells: tuple[str, ...]
    charged_nano_usd: int
    entries: int
    put: int

    @property
    def line(self) -> str:
        """As it stands in the document."""
        return f"| {' | '.join(self.cells)} |"


def row_of(happened: Happened, now: float, account: Account, entries: list[Entry], *, replayed: bool) -> Row:
    """Line of a request, once everything that arrived is settled."""
    charged = -sum(entry.amount_nano_usd for entry in entries)
    spendable = account.spendable(now + AFTER_THE_DEADLINE_SECONDS)
    tries = () if happened.tries is None else (str(happened.tries),)
    said = charged_words(entries)
    seen = sees(happened.reply)
    return Row(
        section=happened.section,
        cells=(
            happened.name,
            ", or ".join(happened.either) if seen in happened.either else seen,
            *tries,
            held_words(happened.at_once),
            f"nothing; once its log line is replayed: {said}" if replayed else said,
            "all of it" if spendable == happened.credit_nano_usd else f"all but {_what(entries)}",
        ),
        charged_nano_usd=charged,
        entries=len(entries),
        lost_nano_usd=happened.credit_nano_usd - charged - spendable,
    )


def sees(reply: Reply) -> str:
    """What the client has in its hands."""
    if reply.status >= 300:
        after = reply.headers.get("Retry-After")
        return f"{reply.status} `{reply.code}`" + (f", Retry-After: {after}" if after else "")
    if not reply.whole:
        return BROKEN
    return f"200, then `{reply.code}` in the stream" if reply.code else "200"


def held_words(account: Account) -> str:
    """What the account holds, counted in holds."""
    count = sum(held.requests for held in account.holds.values())
    if 0 < sum(held.amount_nano_usd for held in account.holds.values()) < LEAST_BOUND_NANO_USD:
        return "its cost"
    return {0: "nothing", 1: "the bound", 2: "the bound, twice"}[count]


def charged_words(entries: list[Entry]) -> str:
    """What the ledger says."""
    if not entries:
        return "nothing, no entry"
    (entry,) = entries
    assert entry.usage is not None
    if any(posting.account == PLATFORM_LOSS for posting in entry.postings):
        return "the bound; the rest is the platform's loss"
    if not entry.amount_nano_usd:
        return "nothing, an entry says so"
    return "what came, by our own count" if entry.usage["estimated"] else "its cost"


def _what(entries: list[Entry]) -> str:
    return {"its cost": "its cost", "what came, by our own count": "that"}.get(
        charged_words(entries), "the bound"
    )
