"""All mutants, by what they would cost."""

from tests.mutants import auth, books, limits, money, routing

MUTANTS = (*money.MUTANTS, *books.MUTANTS, *limits.MUTANTS, *routing.MUTANTS, *auth.MUTANTS)
