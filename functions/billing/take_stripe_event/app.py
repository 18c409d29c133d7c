"""POST /billing/stripe-events: take an event that Stripe signed, and book what it tells of once; no key needed."""

from aggregator.payments import wiring
from aggregator.payments.api import Received
from aggregator.runtime.http import api, serve

app = api()


@app.post("/billing/stripe-events")
def take_stripe_event() -> Received:
    moved = wiring.take_signed(app.current_event.raw_event)
    return Received(entry_id=None if moved is None else moved.entry.id)


handler = serve(app)
