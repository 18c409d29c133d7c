"""Bills: what of a ledger is charged for, and how it is shared out over the meters."""

from tests.mutants.mutant import Mutant

CHARGES = ("tests/unit/billing/focus/test_charges.py",)

MUTANTS = (
    Mutant(
        "a bill charges for payments",
        "billing/focus/charges.py",
        "billed = sum(each.amount_nano_usd for each in entry.postings if each.account == CASH)",
        "billed = 0",
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
)
