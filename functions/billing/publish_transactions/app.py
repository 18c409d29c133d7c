"""Stream of the billing table: put one `transaction_created` on the bus for each new ledger entry."""

from aggregator.billing import wiring
from aggregator.billing.publish import publish
from aggregator.runtime.batch import each_stream

handler = each_stream(lambda records: publish(wiring.bus(), wiring.bus_name(), records, wiring.set_aside()))
