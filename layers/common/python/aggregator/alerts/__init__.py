"""Alerts: what a user wants to hear of, once each, at an address of theirs."""
