"""The events that other services rely on; frozen once published."""
