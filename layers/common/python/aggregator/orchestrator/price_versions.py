"""Every version of every price the catalogue knows, in force or not. Standard library only."""

from collections.abc import Iterator

from aggregator.billing.price import Price
from aggregator.orchestrator.model import Catalogue


def price_versions(catalogue: Catalogue) -> Iterator[tuple[str, str, Price]]:
    """Model, provider and price: what is needed to recompute a charge."""
    for model in catalogue.models():
        for route in model.routes:
            for dated in route.prices:
                yield model.id, route.provider.id, dated.price
