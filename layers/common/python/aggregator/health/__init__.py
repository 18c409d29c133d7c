"""Whether each thing a request needs answers."""
