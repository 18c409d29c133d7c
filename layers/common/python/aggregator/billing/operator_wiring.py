"""Collaborators of what operators look at; apart from `wiring.py`, since settling starts without pydantic."""

import os
import time

from aggregator.billing.accounts import Balances, BalancesQuery, balances
from aggregator.billing.books_store import BooksStore
from aggregator.billing.reconciled import Reconciliations, ReconciliationsQuery, reconciliations
from aggregator.billing.run_store import RunStore
from aggregator.runtime.boto_client import BotoClient

LOOK_SECONDS = 5
"""How long one answer looks through the list of accounts."""


def all_balances(query: BalancesQuery) -> Balances:
    """See `accounts.balances`."""
    until = time.monotonic() + LOOK_SECONDS
    books = BooksStore(BotoClient("dynamodb"), os.environ["BILLING_TABLE"])
    return balances(books, query, time.time(), lambda: time.monotonic() < until)


def last_reconciliations(query: ReconciliationsQuery) -> Reconciliations:
    """See `reconciled.reconciliations`."""
    runs = RunStore(BotoClient("dynamodb"), os.environ["BILLING_TABLE"], time.time)
    return reconciliations(runs, query)
