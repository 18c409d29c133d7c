"""Queue reconcile: list accounts, examine them, and close the books over what fits."""

from aggregator.billing import reconcile_wiring as wiring
from aggregator.runtime.batch import each_batch

handler = each_batch(wiring.work)
