"""Collaborators of a bill; it reads many entries, so it takes the signed client, as reconciling does."""

import os
from functools import cache

from aggregator.auth.caller import ADMIN, Caller
from aggregator.billing.focus.bill import Bill, FocusQuery, Sources, bill
from aggregator.billing.focus.columns import Wallet
from aggregator.billing.focus.ledgers import LedgerStore
from aggregator.billing.repricing import Prices
from aggregator.errors import NotFound
from aggregator.identity import wiring as identity
from aggregator.identity.teams import require_manager
from aggregator.orchestrator.price_versions import price_versions
from aggregator.orchestrator.read_catalogue import CatalogueReader
from aggregator.runtime import clock
from aggregator.runtime.signed_client import SignedClient


def focus_bill(query: FocusQuery, by: Caller) -> Bill:
    """The bill that a caller asks for, as of now.

    Raises:
        InvalidRequest: it names more than one wallet, a month to come, or a cursor that is none of ours.
        MissingScope: all wallets are an admin's to see.
        NotYours: another user's wallet, or a team's that the caller does not manage.
        NotFound: there is no such team, as far as the caller may know.
    """
    query.require_one()
    wallet_id = _wallet_of(query, by)
    now = clock.now()
    sources = Sources(_ledgers(), Prices(price_versions(_catalogue().current(now))), _wallet)
    return bill(sources, query, wallet_id, now, clock.monotonic_ms)


def _wallet_of(query: FocusQuery, by: Caller) -> str | None:
    if query.all_:
        by.require_scope(ADMIN)
        return None
    if query.team_id is not None:
        require_manager(query.team_id, by, identity.team_store())
        return identity.team_store().team(query.team_id).team_id
    wallet_id = query.user_id or by.user_id
    by.require_user(wallet_id)
    return wallet_id


def _wallet(wallet_id: str) -> Wallet:
    """Whose a wallet is; a user who was never written down is known by the id alone."""
    environment = os.environ["ENVIRONMENT"]
    try:
        return Wallet(wallet_id, identity.team_store().team(wallet_id).name, "Team", environment)
    except NotFound:
        user = identity.store().user_if_known(wallet_id)
        name = user.profile.name if user else None
        return Wallet(wallet_id, name or wallet_id, "User", environment)


@cache
def _ledgers() -> LedgerStore:
    return LedgerStore(SignedClient("dynamodb"), os.environ["BILLING_TABLE"])


@cache
def _catalogue() -> CatalogueReader:
    return CatalogueReader(SignedClient("dynamodb"), os.environ["ORCHESTRATOR_TABLE"])
