"""Money coming in: top-ups by Stripe's Checkout, and what Stripe tells of payments, refunds and disputes."""
