"""All mutants, by what they would cost."""

from tests.mutants import auth, limits, money, routing

MUTANTS = (*money.MUTANTS, *limits.MUTANTS, *routing.MUTANTS, *auth.MUTANTS)
