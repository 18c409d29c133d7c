"""A plan and its versions: pure rules. Standard library only.

| of a plan      | is                                                                                        |
|----------------|-------------------------------------------------------------------------------------------|
| its price      | a factor on the price that a key pays, in per cent: 120 is a markup of a fifth            |
| its limits     | those of a key: each of the wallet's keys has the stricter of its own and the plan's      |
| its models     | those of a key as well: what both allow may be called                                     |
| its credit     | what the wallet is given in each UTC month                                                |

A change is a new version from a moment on; old ones stay as they were. Of the versions whose moment has come, that of
the latest moment is in force, and of two with the same moment the later one.

What a wallet names is a stamp, `pro#000003`: the plan as its third version left it, with the versions that may come
into force after that. It never changes, so whoever has read it once knows at each moment what is in force.
"""

from collections.abc import Mapping
from typing import NamedTuple

from aggregator.billing.money import NanoUsd

LIST_PRICE_PERCENT = 100


class Terms(NamedTuple):
    """What a version says. `limits` has the names of a key's; without `allowed_models` all may be called."""

    name: str
    price_percent: int = LIST_PRICE_PERCENT
    limits: Mapping[str, int] = {}
    allowed_models: tuple[str, ...] | None = None
    monthly_credit_nano_usd: NanoUsd = 0


class Version(NamedTuple):
    """Terms from a moment on. Versions count from 1; moments are ISO 8601 text."""

    plan_id: str
    number: int
    terms: Terms
    effective_from: str
    created_at: str
    by_key_id: str
    by_user_id: str

    @property
    def name(self) -> str:
        """What entries and events call it: `pro#3`."""
        return f"{self.plan_id}#{self.number}"


class Plan(NamedTuple):
    """A plan as its latest version left it: with all versions that can be in force from then on."""

    plan_id: str
    versions: tuple[Version, ...]

    @property
    def latest(self) -> Version:
        """The version that was written last, in force or not yet."""
        return max(self.versions, key=lambda version: version.number)

    @property
    def stamp(self) -> str:
        """What names this plan as it is here, for ever; stamps of one plan sort by age."""
        return stamp_of(self.plan_id, self.latest.number)

    def in_force(self, moment: str) -> Version:
        """What holds at a moment; whoever has this plan in hand comes after it was written, whatever the clock says."""
        moment = max(moment, self.latest.created_at)
        return max(
            (version for version in self.versions if version.effective_from <= moment),
            key=lambda version: (version.effective_from, version.number),
        )

    def has(self, terms: Terms, effective_from: str | None, now: str) -> bool:
        """Whether these terms hold at a moment already, now if none is said: then there is nothing to write."""
        return self.in_force(effective_from or now).terms == terms

    def followed_by(
        self, terms: Terms, effective_from: str | None, *, now: str, by_key_id: str, by_user_id: str
    ) -> "Plan":
        """The plan with one version more, in force at once if no moment is said; what can never be again goes."""
        now = max(now, self.latest.created_at)
        version = Version(
            plan_id=self.plan_id,
            number=self.latest.number + 1,
            terms=terms,
            effective_from=max(effective_from or now, now),
            created_at=now,
            by_key_id=by_key_id,
            by_user_id=by_user_id,
        )
        holds = self.in_force(now)
        ahead = (each for each in self.versions if each.effective_from > now)
        return Plan(self.plan_id, (holds, *ahead, version))


def first_of(plan_id: str, terms: Terms, *, now: str, by_key_id: str, by_user_id: str) -> Plan:
    """A new plan; its first version is in force at once, for there is none before it."""
    return Plan(plan_id, (Version(plan_id, 1, terms, now, now, by_key_id, by_user_id),))


def stamp_of(plan_id: str, number: int) -> str:
    """See `Plan.stamp`."""
    return f"{plan_id}#{number:06d}"


def plan_id_of(stamp: str) -> str:
    """Of which plan a stamp is."""
    return stamp.partition("#")[0]


def stricter(own: Mapping[str, int], of_plan: Mapping[str, int]) -> Mapping[str, int]:
    """Limits that keep both: of each the lower one."""
    if not of_plan:
        return own
    return {**of_plan, **{name: min(most, of_plan.get(name, most)) for name, most in own.items()}}
