"""All mutants, by what they would cost."""

from tests.mutants import auth, books, bounds, files, limits, money, prices, routing, tools, usage

MUTANTS = (
    *prices.MUTANTS,
    *bounds.MUTANTS,
    *tools.MUTANTS,
    *usage.MUTANTS,
    *money.MUTANTS,
    *books.MUTANTS,
    *limits.MUTANTS,
    *routing.MUTANTS,
    *auth.MUTANTS,
    *files.MUTANTS,
)
