"""Collaborators of promo codes."""

import os
import time

from aggregator.billing import wiring as billing
from aggregator.billing.codes import redeem as redeeming
from aggregator.billing.codes.api import Code, CodeRequest, Codes, CodesQuery, CreatedCode
from aggregator.billing.codes.model import new_text
from aggregator.billing.codes.redeem import Redemption
from aggregator.billing.codes.store import CodeStore
from aggregator.billing.grants_api import Grant
from aggregator.errors import Conflict, NotFound
from aggregator.runtime import clock
from aggregator.runtime.boto_client import BotoClient


def create(body: CodeRequest) -> CreatedCode:
    """Make a code.

    Raises:
        Conflict: there is one of this text.
    """
    text = body.code or new_text()
    code = body.to_code(text)
    if not _store().create(code):
        raise Conflict("There is a code of this text.")
    return CreatedCode(**Code.of(code, clock.now()).model_dump(by_alias=False), code=text)


def codes(query: CodesQuery) -> Codes:
    """A page of all codes."""
    return Codes.of(*_store().codes(query.limit, query.after()), clock.now())


def disable(code_id: str) -> Code:
    """Let a code be redeemed no more; what was redeemed stays.

    Raises:
        NotFound: there is none of this id.
    """
    store = _store()
    code = store.code(code_id) if store.disable(code_id) else None
    if code is None:
        raise NotFound(f"There is no code '{code_id}'.", param="codeId")
    return Code.of(code, clock.now())


def redeem(asked: Redemption) -> Grant:
    """See `redeem.redeem`."""
    given = redeeming.redeem(_store(), billing.store(), asked, clock.now(), time.sleep)
    return Grant.of(given, billing.purse_of(given.user_id), clock.now())


def _store() -> CodeStore:
    return CodeStore(BotoClient("dynamodb"), os.environ["BILLING_TABLE"])
