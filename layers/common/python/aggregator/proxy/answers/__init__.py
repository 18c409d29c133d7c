"""Answers that are kept: under an Idempotency-Key, in the response cache."""
