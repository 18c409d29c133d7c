"""Which provider answers: rules and their store."""
