"""A second, independent ledger: a dozen lines that say what the real one must come to."""

from dataclasses import dataclass, field


@dataclass
class Oracle:
    """One account, request by request; no buckets of sums, no transactions, no conditions."""

    available: int = 0
    held: dict[str, tuple[int, int]] = field(default_factory=dict)  # request -> (amount, deadline)
    charged: dict[str, int] = field(default_factory=dict)
    loss: int = 0
    postings: int = 0

    def credit(self, amount: int) -> None:
        self.available += amount
        self.postings += amount

    def reserve(self, request: str, most: int, least: int, deadline: int, lapsed_before: int) -> int | None:
        if self.available < most:
            free = sum(amount for amount, end in self.held.values() if end < lapsed_before)
            if self.available + free < least:
                return None
            self.sweep(lapsed_before)
        amount = min(most, self.available)
        self.available -= amount
        self.held[request] = (amount, deadline)
        return amount

    def sweep(self, lapsed_before: int) -> None:
        for request, (amount, end) in list(self.held.items()):
            if end < lapsed_before:
                self.available += amount
                del self.held[request]

    def settle(self, request: str, cost: int) -> None:
        if request in self.charged:
            return
        if request in self.held:
            amount, _ = self.held.pop(request)
            self.charged[request] = min(cost, amount)
            self.available += amount - self.charged[request]
        else:
            self.charged[request] = min(cost, self.available)
            self.available -= self.charged[request]
        self.loss += cost - self.charged[request]
        self.postings -= self.charged[request]
