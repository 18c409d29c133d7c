"""Queue billing-usage: settle each request's hold against what it cost."""

from aggregator.billing import wiring
from aggregator.billing.settle_batch import settle_batch
from aggregator.runtime.batch import each_batch

handler = each_batch(lambda messages: settle_batch(wiring.store(), messages))
