"""What a team's budgets count in this month: for who looks at it, not for requests, which bring their counts along."""

from datetime import datetime
from typing import NamedTuple

from aggregator.auth.caller import MONTHLY_BUDGET_NANO_USD
from aggregator.billing.money import NanoUsd
from aggregator.proxy.limits.counts import MEMBER, TEAM, Owner, Stored
from aggregator.proxy.limits.store import limits_key
from aggregator.runtime.aws import Aws
from aggregator.runtime.item import values


class TeamMonth(NamedTuple):
    """The item in which a team's keys count, as it is at `now`."""

    stored: Stored
    now: datetime

    def of_team(self) -> NanoUsd:
        """What the team's budget counts: what requests cost, and what those that run may come to."""
        return self._counted(Owner("", {}, TEAM))

    def of_member(self, user_id: str) -> NanoUsd:
        """What a member's counts, likewise."""
        return self._counted(Owner(f"#@{user_id}", {}, MEMBER))

    def _counted(self, owner: Owner) -> NanoUsd:
        return int(self.stored.get(owner.window(MONTHLY_BUDGET_NANO_USD, self.now), 0))


class TeamCounts:
    """The counts of teams in the proxy's table."""

    def __init__(self, aws: Aws, table: str) -> None:
        self._aws = aws
        self._table = table

    def month(self, team_id: str, now: datetime) -> TeamMonth:
        """What is counted of a team's month, by one consistent read."""
        answer = self._aws.call(
            "GetItem",
            {"TableName": self._table, "Key": limits_key(f"TEAM#{team_id}"), "ConsistentRead": True},
        )
        return TeamMonth(values(answer.get("Item") or {}), now)
