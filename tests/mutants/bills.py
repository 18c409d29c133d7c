"""Bills: what of a ledger is charged for, over which meters; and what providers charge beyond it."""

from tests.mutants.mutant import Mutant

MARGIN = ("tests/unit/billing/margin/test_run.py",)
CHARGES = ("tests/unit/billing/focus/test_charges.py",)

MUTANTS = (
    Mutant(
        "a bill charges for payments",
        "billing/focus/charges.py",
        "paid = sum(each.amount_nano_usd for each in entry.postings if each.account in _PAYMENT)",
        "paid = 0",
        CHARGES,
    ),
    Mutant(
        "a bill loses what is left over of what its meters share",
        "billing/focus/charges.py",
        "shares[weights.index(max(weights))] += amount - sum(shares)",
        "pass",
        CHARGES,
    ),
    Mutant(
        "a bill counts reasoning among the output as well",
        "billing/focus/meters.py",
        "yield OUTPUT, usage.output_tokens - usage.reasoning_tokens",
        "yield OUTPUT, usage.output_tokens",
        CHARGES,
    ),
    Mutant(
        "a bill forgets what grants paid",
        "billing/focus/charges.py",
        "total.granted[grant_id] += paid",
        "pass",
        CHARGES,
    ),
    Mutant(
        "a model that costs less hides what leaks of another",
        "billing/margin/model.py",
        "return sum(max(0, row.leak_nano_usd) for row in self.rows)",
        "return sum(row.leak_nano_usd for row in self.rows)",
        MARGIN,
    ),
    Mutant(
        "a user's markup is taken for what we owe the provider",
        "billing/margin/owed.py",
        'listed = prices.of(said["model"], said["provider"], said["priceVersion"].partition("@")[0])',
        'listed = prices.of(said["model"], said["provider"], said["priceVersion"])',
        MARGIN,
    ),
)
