"""Prices by version, so that any entry can be recomputed from its usage and the version it was charged at."""

from collections.abc import Iterable

from aggregator.billing.price import Price


class Prices:
    """Every version of every price: by model, provider and version."""

    def __init__(self, prices: Iterable[tuple[str, str, Price]]) -> None:
        self._prices = {(model, provider, price.version): price for model, provider, price in prices}

    def of(self, model: str, provider: str, version: str) -> Price | None:
        """One version of a price; a marked-up one (`7@110%@120%@pro#3`) is made from the one it marks up."""
        base, *marks = version.split("@")
        price = self._prices.get((model, provider, base))
        if price is None:
            return None
        for mark in marks:
            if mark.endswith("%"):
                price = price.scaled(int(mark.removesuffix("%")))
            else:  # the plan, which is in the name alone
                price = price._replace(version=f"{price.version}@{mark}")
        return price
