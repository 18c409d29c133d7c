"""What a key that charges a team is held to: for the authorizer, by one read. Standard library only."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from aggregator.errors import StoreUnavailable
from aggregator.runtime.aws import Aws
from aggregator.runtime.item import item, values

VIEWER = "viewer"
"""The role of who may look and not spend."""


class Standing(NamedTuple):
    """A team, and a user's place in it: whether anything is done for it, and what a month may cost."""

    suspended: bool
    monthly_nano_usd: int | None
    member_monthly_nano_usd: int | None


def standing_of(dynamodb: Aws, table: str, team_id: str, user_id: str) -> Standing | None:
    """Read it, consistently; None if there is no such team, or the user may not spend its money.

    Raises:
        StoreUnavailable: it cannot be known now.
    """
    keys = [place_of_team(team_id), place_of_member(team_id, user_id)]
    wanted = {table: {"Keys": [item(key) for key in keys], "ConsistentRead": True}}
    answer = dynamodb.call("BatchGetItem", {"RequestItems": wanted})
    if answer.get("UnprocessedKeys"):
        raise StoreUnavailable("The team cannot be read now.", retry_after_seconds=1)
    found = {(each["pk"], each["sk"]): each for each in map(values, answer["Responses"].get(table, ()))}
    team, member = (found.get((key["pk"], key["sk"])) for key in keys)
    if team is None or member is None or not may_spend(member):
        return None
    return Standing(
        suspended=team["state"] == "suspended",
        monthly_nano_usd=team.get("monthlyBudgetNanoUsd"),
        member_monthly_nano_usd=member.get("monthlyBudgetNanoUsd"),
    )


def may_spend(member: Mapping[str, Any]) -> bool:
    """Whether a stored member may have keys that charge the team."""
    return bool(member["role"] != VIEWER)


def place_of_team(team_id: str) -> dict[str, str]:
    """Key of a team in the identity table."""
    return {"pk": "TEAMS", "sk": f"TEAM#{team_id}"}


def place_of_member(team_id: str, user_id: str) -> dict[str, str]:
    """Key of a user's place in a team."""
    return {"pk": f"TEAM#{team_id}", "sk": f"MEMBER#{user_id}"}
