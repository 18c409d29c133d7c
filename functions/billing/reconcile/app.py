"""Schedule: recompute every account from its entries, and every charge from its usage; drift alarms."""

from aggregator.billing.reconcile_report import reporting
from aggregator.billing.wiring import examine

handler = reporting(examine)
