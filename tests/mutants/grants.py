"""Credit that ends: who pays, what expires, and that nothing is spent twice."""

from tests.mutants.mutant import Mutant

GRANTS = ("tests/unit/billing/test_grants.py",)
CODES = ("tests/unit/billing/test_codes.py",)
EXPIRING = ("tests/unit/billing/test_expiring.py",)
SETTLED = (*GRANTS, *EXPIRING)

BOOKS = ("tests/unit/billing/test_grants_in_the_books.py",)

MUTANTS = (
    Mutant(
        "what is left of grants is held against nothing",
        "billing/reconcile.py",
        "    if left != account.granted_nano_usd:\n",
        "    if False:\n",
        BOOKS,
    ),
    Mutant(
        "grants are not held against the ledger",
        "billing/reconcile.py",
        "if of.whole and quiet and of.granted_nano_usd",
        "if False and of.granted_nano_usd",
        BOOKS,
    ),
    Mutant(
        "a code is redeemed by one more than it is for",
        "billing/codes/store.py",
        "redeemed < most AND",
        "redeemed <= most AND",
        CODES,
    ),
    Mutant(
        "a code that is disabled meanwhile is redeemed all the same",
        "billing/codes/store.py",
        " AND attribute_not_exists(disabled)",
        "",
        CODES,
    ),
    Mutant(
        "a user redeems a code as often as it is asked",
        "billing/codes/redeem.py",
        'key=f"code:{code_id}",',
        "key=asked.id,",
        CODES,
    ),
    Mutant(
        "guessing is not bounded",
        "billing/codes/redeem.py",
        "if not codes.take_try(asked.user_id, moment):",
        "if False:",
        CODES,
    ),
    Mutant(
        "a grant pays for what came after its end",
        "billing/grants.py",
        "if part and came_at < grant.ends_at:",
        "if part:",
        GRANTS,
    ),
    Mutant(
        "a grant that ends later pays first",
        "billing/grants.py",
        "key=lambda grant: (grant.ends_at, grant.id))",
        "key=lambda grant: (grant.ends_at, grant.id), reverse=True)",
        GRANTS,
    ),
    Mutant(
        "a grant pays as often as it is asked",
        "billing/grants.py",
        "self.grants[n] = grant._replace(left_nano_usd=grant.left_nano_usd - part)",
        "pass",
        GRANTS,
    ),
    Mutant(
        "paid credit pays more than there is",
        "billing/grants.py",
        "part = min(owed, self._paid)",
        "part = owed",
        GRANTS,
    ),
    Mutant(
        "what is held expires",
        "billing/grants.py",
        "keeps = min(grant.left_nano_usd, max(claimed, 0))",
        "keeps = 0",
        EXPIRING,
    ),
    Mutant(
        "one hold keeps every grant that ended",
        "billing/grants.py",
        "        kept += keeps\n",
        "",
        EXPIRING,
    ),
    Mutant(
        "a grant expires at its end, by whatever clock",
        "billing/grants.py",
        "now_epoch_seconds - CLOCK_SKEW_SECONDS, UTC))\n    expired",
        "now_epoch_seconds, UTC))\n    expired",
        EXPIRING,
    ),
    Mutant(
        "more expires than comes back",
        "billing/grants.py",
        "part = min(grant.left_nano_usd - keeps, most_nano_usd)",
        "part = grant.left_nano_usd - keeps",
        SETTLED,
    ),
    Mutant(
        "settling takes an account for one without grants",
        "billing/writes.py",
        'self._conditions.append(f"attribute_not_exists({GRANTED})")',
        "pass",
        GRANTS,
    ),
    Mutant(
        "grants that changed meanwhile are written as they were",
        "billing/writes.py",
        'self._conditions.append(f"{GRANTS_VERSION} = :seen")',
        "pass",
        GRANTS,
    ),
    Mutant(
        "a debit takes what was granted",
        "billing/transaction.py",
        "spendable = min(account.spendable(now_epoch_seconds), account.paid_nano_usd)",
        "spendable = account.spendable(now_epoch_seconds)",
        GRANTS,
    ),
    Mutant(
        "a refund wakes a grant that has ended",
        "billing/refund.py",
        "if grant_id and ends[grant_id] <= refund.occurred_at:",
        "if grant_id and ends[grant_id] < refund.occurred_at:",
        GRANTS,
    ),
    Mutant(
        "each refund begins with paid credit again",
        "billing/refund.py",
        "skipped, owed = before_nano_usd, refund.amount_nano_usd",
        "skipped, owed = 0, refund.amount_nano_usd",
        GRANTS,
    ),
    Mutant(
        "a grant is given as often as it is asked for under one key",
        "billing/grant_writes.py",
        "if key is not None:",
        "if False:",
        GRANTS,
    ),
    Mutant(
        "a grant that is still held is looked at no more",
        "billing/expire.py",
        "if due.grant_id in seen[due.user_id]:",
        "if False:",
        EXPIRING,
    ),
)
