"""All mutants, by what they would cost."""

from tests.mutants import (
    auth,
    bills,
    books,
    bounds,
    files,
    grants,
    limits,
    money,
    plans,
    prices,
    routing,
    signin,
    tools,
    usage,
)

MUTANTS = (
    *prices.MUTANTS,
    *bounds.MUTANTS,
    *tools.MUTANTS,
    *usage.MUTANTS,
    *money.MUTANTS,
    *books.MUTANTS,
    *grants.MUTANTS,
    *bills.MUTANTS,
    *limits.MUTANTS,
    *plans.MUTANTS,
    *routing.MUTANTS,
    *auth.MUTANTS,
    *signin.MUTANTS,
    *files.MUTANTS,
)
