"""What keys with limits have used: one item a key in the proxy's table.

| pk             | sk     | what                                                                                   |
|----------------|--------|----------------------------------------------------------------------------------------|
| LIMITS#<keyId> | LIMITS | `r#<minute>`: requests, `t#<minute>`: tokens, `u#<minute>`: money; `d#<day>` and       |
|                |        | `m#<month>`: money taken of the budgets; `running`: a ticket for each running request; |
|                |        | the same with `#<keyId>` after it for each key of its line (see counts.py)             |

Minutes are numbers since 1970, days `2026-11-23`, months `2026-11`, all in UTC; amounts are nano-US-dollars. DynamoDB
deletes what has expired days late, so `expires_at` is part of every condition that relies on it.
"""

from collections.abc import Mapping
from typing import Any

from aggregator.proxy.limits.counts import Full, Stored
from aggregator.proxy.limits.rules import Back, Take, Taken
from aggregator.runtime import item
from aggregator.runtime.aws import CONDITION_FAILED, Aws, AwsError, until

JsonObject = dict[str, Any]


class LimitStore:
    """What keys with limits have used, one item a key."""

    def __init__(self, aws: Aws, table: str) -> None:
        self._aws = aws
        self._table = table

    def take(self, take: Take) -> Stored:
        """Count all of `take`, or nothing of it; return the item after it.

        One conditional write of one item: such writes queue up, so they may race without limit. One that is
        repeated after a 500, though it was carried out, finds its ticket and takes nothing more.

        Raises:
            Full: one of the limits is in the way.
        """
        names: JsonObject = {}
        values: JsonObject = {":expires_at": take.expires_at}
        adds, conditions = [], []
        for n, counter in enumerate(take.counters):
            names[f"#c{n}"] = counter.attribute
            values |= {f":c{n}": counter.adds, f":room{n}": counter.most - counter.adds}
            adds.append(f"#c{n} :c{n}")
            conditions.append(f"(attribute_not_exists(#c{n}) OR #c{n} <= :room{n})")
        if take.ticket is not None:
            values |= {":ticket": {take.ticket}, ":mine": take.ticket}
            conditions.append("NOT contains(#p0, :mine)")
            for n, (attribute, most) in enumerate(take.places.items()):
                names[f"#p{n}"] = attribute
                adds.append(f"#p{n} :ticket")
                if most is not None:
                    values[f":most{n}"] = most
                    conditions.append(f"(attribute_not_exists(#p{n}) OR size(#p{n}) < :most{n})")
        try:
            answer = self._aws.call("UpdateItem", {
                "TableName": self._table,
                "Key": limits_key(take.key_id),
                "UpdateExpression": f"SET expires_at = :expires_at ADD {', '.join(adds)}",
                "ConditionExpression": " AND ".join(conditions),
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": item.item(values),
                "ReturnValues": "ALL_NEW",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            })  # fmt: skip
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            stored = item.values(refused.item or {})
            if take.ticket in stored.get(next(iter(take.places)), ()):
                return stored
            raise Full(stored) from None
        return item.values(answer["Attributes"])

    def sweep(self, key_id: str, tickets: Mapping[str, frozenset[str]]) -> None:
        """Take expired tickets away; those that are gone already do not matter."""
        self._aws.call("UpdateItem", {
            "TableName": self._table,
            "Key": limits_key(key_id),
            "UpdateExpression": "DELETE " + ", ".join(f"#p{n} :tickets{n}" for n in range(len(tickets))),
            "ExpressionAttributeNames": {f"#p{n}": attribute for n, attribute in enumerate(tickets)},
            "ExpressionAttributeValues": item.item({
                f":tickets{n}": dead for n, dead in enumerate(tickets.values())
            }),
        })  # fmt: skip

    def give_back(self, taken: Taken, back: Back) -> bool:
        """Take the ticket away, return what is not used, and tidy up; whether it was this call that did.

        Whoever calls twice finds the ticket gone, and changes nothing.
        """
        names: JsonObject = {f"#over{n}": name for n, name in enumerate(taken.over_windows)}
        values: JsonObject = {}
        parts, conditions = [], []
        if taken.ticket is not None:
            places = {f"#p{n}": attribute for n, attribute in enumerate(taken.places)}
            names |= places
            values |= {":ticket": taken.ticket} | {
                f":tickets{n}": {taken.ticket} | taken.over_tickets.get(attribute, frozenset())
                for n, attribute in enumerate(taken.places)
            }
            parts.append("DELETE " + ", ".join(f"#p{n} :tickets{n}" for n in range(len(places))))
            conditions.append("contains(#p0, :ticket)")
        if taken.ticket is not None and back.nano_usd:
            budgets = {f"#b{n}": attribute for n, attribute in enumerate(taken.budgets)}
            names |= budgets
            values[":unspent"] = back.nano_usd
            parts.append("SET " + ", ".join(f"{name} = {name} - :unspent" for name in budgets))
            conditions += [f"{name} >= :unspent" for name in budgets]
        adds = []
        for what, windows, unused in _minutes(taken, back):
            minutes = {f"#{what}{n}": attribute for n, attribute in enumerate(windows)}
            names |= minutes
            values[f":{what}"] = -unused
            adds += [f"{name} :{what}" for name in minutes]
        if adds:
            parts.append("ADD " + ", ".join(adds))
        if taken.over_windows:
            parts.append("REMOVE " + ", ".join(f"#over{n}" for n in range(len(taken.over_windows))))
        request: JsonObject = {
            "TableName": self._table,
            "Key": limits_key(taken.key_id),
            "UpdateExpression": " ".join(parts),
            "ExpressionAttributeNames": names,
        }
        if conditions:
            request["ConditionExpression"] = " AND ".join(conditions)
        if values:
            request["ExpressionAttributeValues"] = item.item(values)
        try:
            until(self._aws, back.ends).call("UpdateItem", request)
        except AwsError as refused:
            if refused.code != CONDITION_FAILED:
                raise
            return False
        return True


def _minutes(taken: Taken, back: Back) -> list[tuple[str, tuple[str, ...], int]]:
    """Counters of the minute that are put right, with a letter for their names, and by how much."""
    put_right = (("t", taken.minutes, back.tokens), ("u", taken.money_minutes, back.minute_nano_usd))
    return [each for each in put_right if each[2] and taken.ticket is not None]


def limits_key(key_id: str) -> JsonObject:
    """Key of the item in which a key counts, or `TEAM#<teamId>`."""
    return item.item({"pk": f"LIMITS#{key_id}", "sk": "LIMITS"})
