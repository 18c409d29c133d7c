"""Stripe's balance, as far as it is compared: what disputes took, with their fee, what came back, refunds that failed.

Sources: docs.stripe.com/api/balance_transactions/list, docs.stripe.com/reports/balance-transaction-types,
docs.stripe.com/api/disputes/object
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

JsonObject = dict[str, Any]

DISPUTE_FEE_CENTS = 1500


@dataclass
class BalanceStandIn:
    """The balance of one account: transactions, each with what moved it."""

    new_id: Callable[[str], str]
    now: Callable[[], float]
    tell: Callable[[str, JsonObject], None]
    transactions: list[tuple[JsonObject, JsonObject]] = field(default_factory=list)

    def dispute(self, payment: JsonObject, *, won: bool, cents: int | None) -> None:
        """A bank takes a payment back, which costs a fee, or, `won`, gives it again, or so much of it."""
        about = {
            "id": f"dp_{payment['id']}",
            "object": "dispute",
            "amount": payment["amount"],
            "currency": "usd",
            "created": payment["created"],
            "payment_intent": payment["id"],
        }
        moved = payment["amount"] if cents is None else cents
        if won:
            self._move("adjustment", "dispute_reversal", moved, 0, about)
        else:
            self._move("adjustment", "dispute", -moved, DISPUTE_FEE_CENTS, about)
        of_it = [each for each, source in self.transactions if source["id"] == about["id"]]
        kind = f"charge.dispute.funds_{'reinstated' if won else 'withdrawn'}"
        self.tell(kind, about | {"balance_transactions": of_it})

    def fail_refund(self, refund: JsonObject) -> None:
        """A refund does not reach its card, and comes back."""
        refund["status"] = "failed"
        self._move("refund_failure", "refund_failure", refund["amount"], 0, refund)
        self.tell("refund.failed", refund)

    def listed(self, query: dict[str, str]) -> JsonObject:
        """Transactions of a type, newest first, each with its source where that is asked for; all in one page."""
        since, is_expanded = int(query.get("created[gte]", "0")), query.get("expand[0]") == "data.source"
        wanted = [
            each | ({"source": source} if is_expanded else {})
            for each, source in self.transactions
            if each["created"] >= since and query.get("type") in {None, each["type"]}
        ]
        return {
            "object": "list",
            "url": "/v1/balance_transactions",
            "has_more": False,
            "data": wanted[::-1],
        }

    def _move(self, kind: str, category: str, amount: int, fee: int, source: JsonObject) -> None:
        transaction = {
            "id": self.new_id("txn"),
            "object": "balance_transaction",
            "type": kind,
            "reporting_category": category,
            "amount": amount,
            "fee": fee,
            "net": amount - fee,
            "currency": "usd",
            "created": int(self.now()),
            "source": source["id"],
        }
        self.transactions.append((transaction, source))
