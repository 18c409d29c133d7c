"""A ledger as a bill in the FinOps Open Cost and Usage Specification (FOCUS)."""
