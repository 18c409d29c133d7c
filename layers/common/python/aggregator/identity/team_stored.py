"""Teams, places in them and audit entries as items of the identity table, and back. Standard library only."""

from aggregator.identity.standing import place_of_member, place_of_team
from aggregator.identity.stored import AUDIT
from aggregator.identity.team import Member, Team, TeamChange
from aggregator.runtime.aws import JsonObject
from aggregator.runtime.clock import from_iso, iso


def item_of_team(team: Team) -> JsonObject:
    """A team as the item `TEAMS` / `TEAM#<teamId>`; what is None is absent."""
    return _present(
        {
            **place_of_team(team.team_id),
            "teamId": team.team_id,
            **team.described(),
            "createdAt": iso(team.created_at),
            "createdBy": team.created_by,
            "updatedAt": iso(team.updated_at),
            "version": team.version,
        }
    )


def team_of(stored: JsonObject) -> Team:
    """Read what `item_of_team` wrote."""
    return Team(
        team_id=stored["teamId"],
        name=stored["name"],
        created_at=from_iso(stored["createdAt"]),
        created_by=stored["createdBy"],
        updated_at=from_iso(stored["updatedAt"]),
        monthly_budget_nano_usd=stored.get("monthlyBudgetNanoUsd"),
        state=stored["state"],
        version=stored["version"],
        plan=stored.get("plan"),
    )


def item_of_member(member: Member) -> JsonObject:
    """A place as the item `TEAM#<teamId>` / `MEMBER#<userId>`; what is None is absent."""
    return _present(
        {
            **place_of_member(member.team_id, member.user_id),
            "teamId": member.team_id,
            "userId": member.user_id,
            **member.described(),
            "addedAt": iso(member.added_at),
            "updatedAt": iso(member.updated_at),
            "version": member.version,
        }
    )


def member_of(stored: JsonObject) -> Member:
    """Read what `item_of_member` wrote."""
    return Member(
        team_id=stored["teamId"],
        user_id=stored["userId"],
        role=stored["role"],
        added_at=from_iso(stored["addedAt"]),
        updated_at=from_iso(stored["updatedAt"]),
        monthly_budget_nano_usd=stored.get("monthlyBudgetNanoUsd"),
        version=stored["version"],
    )


def entry_of_team(change: TeamChange) -> JsonObject:
    """A change as an item of the audit trail."""
    return _present(
        {
            "pk": f"TEAM#{change.team_id}",
            "sk": f"{AUDIT}{iso(change.occurred_at)}#{change.change_id}",
            "changeId": change.change_id,
            "teamId": change.team_id,
            "action": change.action,
            "occurredAt": iso(change.occurred_at),
            "byKeyId": change.by_key_id,
            "byUserId": change.by_user_id,
            "memberUserId": change.member_user_id,
            "changes": change.changes,
        }
    )


def team_change_of(stored: JsonObject) -> TeamChange:
    """Read what `entry_of_team` wrote."""
    return TeamChange(
        change_id=stored["changeId"],
        team_id=stored["teamId"],
        action=stored["action"],
        occurred_at=from_iso(stored["occurredAt"]),
        by_key_id=stored["byKeyId"],
        by_user_id=stored["byUserId"],
        member_user_id=stored.get("memberUserId"),
        changes=stored["changes"],
    )


def _present(fields: JsonObject) -> JsonObject:
    return {name: each for name, each in fields.items() if each is not None}
