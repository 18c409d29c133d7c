"""Coding agents, unmodified and as they come, against the embedded stack: `make agents`."""
