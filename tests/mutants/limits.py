"""Limits of keys, stored answers, and the cache: what a key may use, and who gets whose answer."""

from tests.mutants.mutant import Mutant

RULES = (
    "tests/unit/proxy/limits/test_limits.py",
    "tests/unit/proxy/limits/test_limits_in_the_walk.py",
    "tests/unit/proxy/limits/test_limits_faults.py",
    "tests/unit/proxy/limits/test_limits_of_lines.py",
    "tests/unit/proxy/limits/test_tokens_per_minute.py",
)
STORE = ("tests/integration/proxy/test_proxy_store_moto.py", "tests/unit/proxy/limits/test_limits_races.py")
IDEMPOTENCY = (
    "tests/unit/proxy/answers/test_idempotency.py",
    "tests/unit/proxy/answers/test_idempotency_at_the_edge.py",
    "tests/unit/proxy/answers/test_idempotency_faults.py",
)
CACHE = ("tests/unit/proxy/answers/test_response_cache.py",)

MONEY = ("tests/unit/proxy/limits/test_money_per_minute.py",)

TEAMS = ("tests/unit/proxy/limits/test_limits_of_teams.py",)

MUTANTS = (
    Mutant(
        "a team's month bounds nobody",
        "proxy/limits/counts.py",
        "    if team.monthly_nano_usd is not None:",
        "    if False:",
        TEAMS,
    ),
    Mutant(
        "a member's month in the team bounds nobody",
        "proxy/limits/counts.py",
        "    if team.member_monthly_nano_usd is not None:",
        "    if False:",
        TEAMS,
    ),
    Mutant(
        "members of a team share one month of a member",
        "proxy/limits/counts.py",
        'Owner(f"#@{user_id}"',
        'Owner("#@"',
        TEAMS,
    ),
    Mutant(
        "keys of a team count apart from it",
        "proxy/limits/counts.py",
        'return f"TEAM#{caller.team.team_id}"',
        "return caller.key_id",
        TEAMS,
    ),
    Mutant(
        "a team without limits of keys is not asked",
        "proxy/limits/counts.py",
        "(team.monthly_nano_usd, team.member_monthly_nano_usd) != (None, None)",
        "False",
        TEAMS,
    ),
    Mutant(
        "money per minute is never refused",
        "proxy/limits/rules.py",
        "(USD_PER_MINUTE, demand.at_least_nano_usd),",
        "(USD_PER_MINUTE, 0),",
        MONEY,
    ),
    Mutant(
        "what a minute has not left is held all the same",
        "proxy/limits/rules.py",
        "return fits if fits <= of_minute else",
        "return fits if fits else",
        MONEY,
    ),
    Mutant(
        "one request takes all that a minute has left",
        "proxy/limits/rules.py",
        "max(demand.at_least_nano_usd, of_minute // 2)",
        "max(demand.at_least_nano_usd, of_minute)",
        MONEY,
    ),
    Mutant(
        "a minute's money is not put right",
        "proxy/limits/rules.py",
        "minute_nano_usd=unspent if taken.money_minutes and not is_over else 0",
        "minute_nano_usd=0",
        MONEY,
    ),
    Mutant(
        "a minute that is over is put right",
        "proxy/limits/rules.py",
        "minute_nano_usd=unspent if taken.money_minutes and not is_over else 0",
        "minute_nano_usd=unspent if taken.money_minutes else 0",
        MONEY,
    ),
    Mutant(
        "counts of money of minutes long over stay",
        "proxy/limits/counts.py",
        '        "u#": _minute(now - timedelta(minutes=1)),',
        "",
        MONEY,
    ),
    Mutant(
        "what costs nothing counts against a minute's money",
        "proxy/limits/rules.py",
        "(amount or limit not in MONEY)",
        "(amount or limit not in BUDGETS)",
        MONEY,
    ),
    Mutant(
        "a budget is taken of what is not left of it",
        "proxy/limits/rules.py",
        "fits = max(0, min([demand.at_most_nano_usd, *left]))",
        "fits = demand.at_most_nano_usd",
        RULES,
    ),
    Mutant(
        "of two budgets the larger rest counts",
        "proxy/limits/rules.py",
        "fits = max(0, min([demand.at_most_nano_usd, *left]))",
        "fits = max(0, min([demand.at_most_nano_usd, max(left, default=demand.at_most_nano_usd)]))",
        RULES,
    ),
    Mutant(
        "one request more than the limit runs at once",
        "proxy/limits/rules.py",
        "running >= owner.most_running",
        "running > owner.most_running",
        RULES,
    ),
    Mutant(
        "a ticket means something after its expiry",
        "proxy/limits/counts.py",
        'int(ticket.partition("#")[0]) < now.timestamp()',
        "not ticket",
        RULES,
    ),
    Mutant(
        "a ticket expires before its request can be over",
        "proxy/limits/rules.py",
        "expiry = int(demand.now.timestamp() + demand.seconds) + 1 + CLOCK_SKEW_SECONDS",
        "expiry = int(demand.now.timestamp())",
        RULES,
    ),
    Mutant(
        "a minute's limit is counted by the hour",
        "proxy/limits/counts.py",
        "return str(int(moment.timestamp()) // 60)",
        "return str(int(moment.timestamp()) // 3600)",
        RULES,
    ),
    Mutant(
        "a month's budget begins anew each day",
        "proxy/limits/counts.py",
        'MONTHLY_BUDGET_NANO_USD: ("m#", _month)',
        'MONTHLY_BUDGET_NANO_USD: ("m#", _day)',
        RULES,
    ),
    Mutant(
        "a counter that is still needed is tidied away",
        "proxy/limits/counts.py",
        'name[2:].partition("#")[0] < last[name[:2]]',
        'name[2:].partition("#")[0] <= last[name[:2]]',
        RULES,
    ),
    Mutant(
        "what a request did not spend stays taken of the budgets",
        "proxy/limits/rules.py",
        "        nano_usd=unspent if taken.budgets else 0",
        "        nano_usd=0",
        RULES,
    ),
    Mutant(
        "what a request spent comes back to the budgets",
        "proxy/limits/rules.py",
        "unspent = max(0, taken.at_most_nano_usd - spent_nano_usd)",
        "unspent = taken.at_most_nano_usd",
        RULES,
    ),
    Mutant(
        "an image counts for no tokens",
        "proxy/limits/take.py",
        "+ ask.images * TOKENS_PER_IMAGE",
        "",
        RULES,
    ),
    Mutant(
        "only one of several choices counts for tokens",
        "proxy/limits/take.py",
        "(ask.max_output_tokens or 0) * ask.choices",
        "(ask.max_output_tokens or 0)",
        RULES,
    ),
    Mutant(
        "a limit is counted but not asked",
        "proxy/limits/store.py",
        'conditions.append(f"(attribute_not_exists(#c{n}) OR #c{n} <= :room{n})")',
        'conditions.append(f"(attribute_not_exists(#c{n}) OR #c{n} <= :room{n} OR #c{n} > :room{n})")',
        STORE,
    ),
    Mutant(
        "a request that is repeated takes twice",
        "proxy/limits/store.py",
        'conditions.append("NOT contains(#p0, :mine)")',
        'conditions.append("NOT contains(nothing, :mine)")',
        RULES,
    ),
    Mutant(
        "what is given back comes back twice",
        "proxy/limits/store.py",
        'conditions.append("contains(#p0, :ticket)")',
        'conditions.append("NOT contains(nothing, :ticket)")',
        STORE,
    ),
    Mutant(
        "the place of a request that holds no money stays taken",
        "proxy/walk.py",
        "        limits.give_back(do.counts, wanted.taken, used_tokens=0)\n",
        "",
        RULES,
    ),
    Mutant(
        "a minute's tokens are never put right by what was used",
        "proxy/limits/rules.py",
        "tokens=0 if is_over or not taken.minutes or used_tokens is None else taken.tokens - used_tokens",
        "tokens=0",
        RULES,
    ),
    Mutant(
        "tokens are put right in a minute that is over",
        "proxy/limits/rules.py",
        "tokens=0 if is_over or not taken.minutes or used_tokens is None else taken.tokens - used_tokens",
        "tokens=0 if not taken.minutes or used_tokens is None else taken.tokens - used_tokens",
        RULES,
    ),
    Mutant(
        "a key is free of the limits of the key that made it",
        "proxy/limits/counts.py",
        "for key_id, limits in (*line, (caller.key_id, caller.limits))",
        "for key_id, limits in ((caller.key_id, caller.limits),)",
        RULES,
    ),
    Mutant(
        "another request gets the stored answer",
        "proxy/answers/idempotency.py",
        'if stored["body_hash"] != mark.body_hash:',
        "if False:",
        IDEMPOTENCY,
    ),
    Mutant(
        "a request is carried out beside the one that has its key",
        "proxy/answers/idempotency.py",
        'if stored["request_id"] == mark.request_id:',
        'if stored["request_id"]:',
        IDEMPOTENCY,
    ),
    Mutant(
        "a request's path is no part of what its key stands for",
        "proxy/answers/wishes.py",
        'return sha256(route.encode() + b"\\n" + raw).hexdigest()',
        "return sha256(raw).hexdigest()",
        IDEMPOTENCY,
    ),
    Mutant(
        "a refusal is kept under an Idempotency-Key",
        "proxy/answers/idempotency.py",
        """    if answer.status >= 400:
        drop()
        return answer
""",
        "",
        IDEMPOTENCY,
    ),
    Mutant(
        "the cache gives answers that are too old",
        "proxy/answers/response_cache.py",
        "wish.now_epoch_seconds - kept.stored_at >= wish.seconds",
        "wish.now_epoch_seconds - kept.stored_at >= 2 * wish.seconds",
        CACHE,
    ),
    Mutant(
        "the cache gives a model that the key may not call",
        "proxy/answers/response_cache.py",
        "        wish.allows(kept.headers)\n",
        "",
        CACHE,
    ),
    Mutant(
        "the cache takes one model's answer for another's",
        "proxy/answers/response_cache.py",
        'f"{ask.surface}\\n{caller.meant_by(ask.model)}\\n{body}"',
        'f"{ask.surface}\\n{body}"',
        CACHE,
    ),
)
