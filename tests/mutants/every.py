"""All mutants, by what they would cost."""

from tests.mutants import auth, books, files, limits, money, routing

MUTANTS = (*money.MUTANTS, *books.MUTANTS, *limits.MUTANTS, *routing.MUTANTS, *auth.MUTANTS, *files.MUTANTS)
