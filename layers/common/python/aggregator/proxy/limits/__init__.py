"""Limits of keys: rules, taking and giving back, their store."""
