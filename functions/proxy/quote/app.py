"""POST /v1/quote: what a request of any surface would hold and may cost; nothing is held or answered."""

from aggregator.proxy import wiring
from aggregator.proxy.quote import quoting
from aggregator.runtime.streaming import portable

handler = portable(quoting(wiring.quoting))
