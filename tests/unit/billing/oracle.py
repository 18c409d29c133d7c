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
        amount = most
        if self.available < 4 * most:
            free = sum(held for held, end in self.held.values() if end < lapsed_before)
            running = sum(held for held, _ in self.held.values()) - free
            if self.available + free < least:
                return None
            self.sweep(lapsed_before)
            share = self.available // (4 if running else 2)
            amount = min(most, self.available, max(share, least))
        self.available -= amount
        self.held[request] = (amount, deadline)
        return amount

    def knows(self, request: str) -> bool:
        """Whether a request's hold is still there, or it has been charged."""
        return request in self.held or request in self.charged

    def give_back(self, request: str, cost: int, *, lost: bool) -> None:
        """A hold's rest comes back with the answer; if the write is lost, it is for nobody until it lapses."""
        if request not in self.held or cost >= self.held[request][0]:
            return
        amount, deadline = self.held[request]
        self.held[request] = (cost, deadline)
        if lost:
            self.held[f"rest of {request}"] = (amount - cost, deadline)
        else:
            self.available += amount - cost

    def sweep(self, lapsed_before: int) -> None:
        for request, (amount, end) in list(self.held.items()):
            if end < lapsed_before:
                self.available += amount
                del self.held[request]

    def take(self, amount: int, lapsed_before: int) -> bool:
        if self.available < amount:
            if self.available + sum(held for held, end in self.held.values() if end < lapsed_before) < amount:
                return False
            self.sweep(lapsed_before)
        self.available -= amount
        self.postings -= amount
        return True

    def settle(self, batch: dict[str, int], lapsed_before: int) -> None:
        new = {request: cost for request, cost in batch.items() if request not in self.charged}
        late = {request: cost for request, cost in new.items() if request not in self.held}
        for request in new.keys() - late.keys():
            amount, _ = self.held.pop(request)
            self.charged[request] = min(new[request], amount)
            self.available += amount - self.charged[request]
        if self.available < sum(late.values()):
            self.sweep(lapsed_before)
        for request, cost in late.items():
            self.charged[request] = min(cost, self.available)
            self.available -= self.charged[request]
        self.loss += sum(cost - self.charged[request] for request, cost in new.items())
        self.postings -= sum(self.charged[request] for request in new)
