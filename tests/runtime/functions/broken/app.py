"""Cannot be loaded."""

raise LookupError("a table is missing")
