"""A stand-in of Stripe for the embedded run and the tests."""
