"""Reconciling and publishing: what these do not notice, nobody does."""

from tests.mutants.mutant import Mutant

RECONCILE = ("tests/unit/billing/test_reconcile.py",)
RUN = ("tests/unit/billing/test_reconcile_run.py",)
PUBLISH = ("tests/unit/billing/test_publish.py",)

MUTANTS = (
    Mutant(
        "a seal covers its own checkpoint alone",
        "billing/books.py",
        "self.last_id, self.before]",
        "self.last_id]",
        ("tests/unit/billing/test_reconcile.py",),
    ),
    Mutant(
        "a day that grew after it was read leaves the account all the same",
        "billing/books_store.py",
        'conditions += [f"#p{n} = :p{n}", f"#n{n} = :n{n}"]',
        "pass",
        ("tests/unit/billing/test_reconcile.py",),
    ),
    Mutant(
        "reconcile tells what it found once",
        "billing/reconcile.py",
        "is_news = bool(misfits) and misfits != examination.suspected",
        "is_news = False",
        RECONCILE,
    ),
    Mutant(
        "reconcile takes the day that runs for quiet",
        "billing/reconcile.py",
        "if now.get(day) == account.days[day]]",
        "if day in now]",
        RECONCILE,
    ),
    Mutant(
        "reconcile never judges the day that runs",
        "billing/reconcile.py",
        "for day in [*of.over(), *quiet]:",
        "for day in of.over():",
        RECONCILE,
    ),
    Mutant(
        "reconcile closes over what does not fit",
        "billing/reconcile.py",
        "if how.closes and not misfits and not _close(",
        "if how.closes and not _close(",
        RECONCILE,
    ),
    Mutant(
        "reconcile compares closed books by their sums alone",
        "billing/reconcile.py",
        "if not of.whole or of.closed == checkpoint.tally:",
        "if not of.whole or of.closed.posted == checkpoint.tally.posted:",
        RECONCILE,
    ),
    Mutant(
        "reconcile passes over entries that were put in by hand",
        "billing/examination.py",
        "None if day >= self.open_from else self.stray",
        "None",
        RECONCILE,
    ),
    Mutant(
        "reconcile takes a day for over at midnight",
        "billing/examination.py",
        "DAY_IS_OVER_AFTER_SECONDS = 3600",
        "DAY_IS_OVER_AFTER_SECONDS = 0",
        RECONCILE,
    ),
    Mutant(
        "reconcile begins to read at midnight sharp",
        "billing/examination.py",
        "_IDS_BEFORE_SECONDS = 3600",
        "_IDS_BEFORE_SECONDS = 0",
        RECONCILE,
    ),
    Mutant(
        "reconcile writes a checkpoint over another",
        "billing/books_store.py",
        '"Item": stored, "ConditionExpression": "attribute_not_exists(pk)",',
        '"Item": stored,',
        RECONCILE,
    ),
    Mutant(
        "reconcile believes a checkpoint without its seal",
        "billing/books_store.py",
        'return found if found.seal == values["seal"] else None',
        "return found",
        RECONCILE,
    ),
    Mutant(
        "reconcile never reads closed books again",
        "billing/reconcile_run.py",
        "return slice_ == int(now_epoch_seconds // _DAY_SECONDS) % RECOUNT_DAYS",
        "return False",
        RUN,
    ),
    Mutant(
        "reconcile passes over an idle account whose money was changed",
        "billing/reconcile_run.py",
        "and account.total_nano_usd == account.closed_nano_usd",
        "",
        RUN,
    ),
    Mutant(
        "an account does not count an entry",
        "billing/writes.py",
        '":entries": len(entries),',
        '":entries": 1,',
        ("tests/integration/billing/test_billing_store.py",),
    ),
    Mutant(
        "an entry that the bus will never take holds back all behind it",
        "billing/publish.py",
        "if code not in _NEVER or not _kept(set_aside, again.position, code, again.entry):",
        "if code:",
        PUBLISH,
    ),
    Mutant(
        "publishing starts again at the first of ten",
        "billing/publish.py",
        "held_back.append(again.position)",
        "held_back.append(outgoing[0].position)",
        PUBLISH,
    ),
)
