"""What the daily reconcile came to, for operators to read: the runs of the last 90 days, newest first."""

from typing import Annotated, Protocol

from pydantic import Field

from aggregator.billing.money import to_usd
from aggregator.billing.run_store import Summary
from aggregator.errors import JsonObject
from aggregator.runtime.schema import Request, Response

MOST_RUNS = 30


class Runs(Protocol):
    """Runs of reconciling, as they are kept."""

    def runs(self, limit: int) -> list[str]:
        """See `RunStore.runs`."""
        ...

    def summary(self, run: str) -> Summary:
        """See `RunStore.summary`."""
        ...


class ReconciliationsQuery(Request):
    """How many runs, the newest first."""

    limit: int = Field(default=1, ge=1, le=MOST_RUNS)


class Unsound(Response):
    """An account that does not fit. `drift` is what it has beyond its entries, in US dollars.

    `misfits` says what does not fit. `mispriced` names the first of `mispricedEntries` entries that do not come to
    their usage at their price.
    """

    user_id: str
    drift: str
    misfits: list[str]
    mispriced: list[str]
    mispriced_entries: int

    @classmethod
    def of(cls, kept: JsonObject) -> "Unsound":
        """A finding as it was kept."""
        return cls(
            user_id=kept["user_id"],
            drift=to_usd(kept["drift"]),
            misfits=list(kept["misfits"]),
            mispriced=list(kept["mispriced"]),
            mispriced_entries=kept["mispriced_entries"],
        )


class Reconciliation(Response):
    """One run. Until it is `over`, the numbers are what it came to so far.

    `accounts` were examined, in `idle` ones nothing was written since their books were closed, `notJudged` ones were
    written to all the while. `orphanHolds` are holds whose usage never came, `loss` is what could not be charged.
    `findings` are the first 100 of the `unsound` accounts.
    """

    started_at: str
    over: bool
    accounts: int
    idle: int
    entries: int
    unsound: int
    orphan_holds: int
    loss: str
    not_judged: int
    findings: Annotated[list[Unsound], Field(max_length=100)]

    @classmethod
    def of(cls, summary: Summary) -> "Reconciliation":
        """What is kept of a run."""
        return cls(
            started_at=summary.run,
            over=summary.is_over,
            accounts=summary.accounts,
            idle=summary.idle,
            entries=summary.entries,
            unsound=summary.unsound,
            orphan_holds=summary.orphan_holds,
            loss=to_usd(summary.loss_nano_usd),
            not_judged=summary.not_judged,
            findings=[Unsound.of(each) for each in summary.findings],
        )


class Reconciliations(Response):
    """Runs, newest first; none where none began in the last 90 days."""

    data: list[Reconciliation]


def reconciliations(runs: Runs, query: ReconciliationsQuery) -> Reconciliations:
    """Read what the last runs came to."""
    return Reconciliations(data=[Reconciliation.of(runs.summary(run)) for run in runs.runs(query.limit)])
