"""How an account lies in the table. Standard library only.

`available`; for each deadline bucket `hold#<bucket>` (the money in it) and `holds#<bucket>` (for how many requests);
`alert_below`, where the user wants to hear of a low balance; `suspended`, where its user may reserve nothing, and
`user_version`, the version of the user that said so or the contrary; both with `#<userId>` after it in a team's wallet,
for a member who is suspended; `on_plan`, the stamp of its plan, where it has one, and `plan_version`, the version of
the user or team that said so; `granted`, what of its money is left of grants, while anything is, and `grants`, the
number of changes of them; `lapsed_amount` and `lapsed_requests`, what was
ever returned of lapsed holds. Amounts are nano-US-dollars.

`p#<day>` and `n#<day>` are what entries written on that UTC day come to, and how many they are; `books` is the day up
to which the books are closed, and `posted` what all entries up to it come to.
"""

from collections.abc import Mapping
from typing import Any

from aggregator.billing.model import Account, Held, Posted
from aggregator.runtime import item

AMOUNT = "hold#"
COUNT = "holds#"
ALERT_BELOW = "alert_below"
SUSPENDED = "suspended"
USER_VERSION = "user_version"
ON_PLAN = "on_plan"
PLAN_VERSION = "plan_version"
GRANTED = "granted"
GRANTS_VERSION = "grants"
LAPSED_AMOUNT = "lapsed_amount"
LAPSED_REQUESTS = "lapsed_requests"
POSTED = "p#"
ENTRIES = "n#"
CLOSED_ON = "books"
CLOSED_AMOUNT = "posted"


def account_of(user_id: str, stored: Mapping[str, Any]) -> Account:
    """Read an account, from the table or from its stream; nothing stored is an empty one."""
    values = item.values(stored)
    days = [name.removeprefix(POSTED) for name in values if name.startswith(POSTED)]
    buckets = [name.removeprefix(AMOUNT) for name in values if name.startswith(AMOUNT)]
    return Account(
        user_id=user_id,
        available_nano_usd=values.get("available", 0),
        holds={bucket: Held(values[AMOUNT + bucket], values.get(COUNT + bucket, 0)) for bucket in buckets},
        alert_below_nano_usd=values.get(ALERT_BELOW),
        swept=Held(values.get(LAPSED_AMOUNT, 0), values.get(LAPSED_REQUESTS, 0)),
        days={day: Posted(values[POSTED + day], values.get(ENTRIES + day, 0)) for day in days},
        closed_on=values.get(CLOSED_ON),
        closed_nano_usd=values.get(CLOSED_AMOUNT, 0),
        granted_nano_usd=values.get(GRANTED, 0),
        grants_version=values.get(GRANTS_VERSION, 0),
        suspended=SUSPENDED in values,
        suspended_members=frozenset(
            name.removeprefix(f"{SUSPENDED}#") for name in values if name.startswith(f"{SUSPENDED}#")
        ),
        plan=values.get(ON_PLAN),
    )
