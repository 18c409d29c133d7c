"""The bench: what the platform costs in CPU, time, memory, calls and money, measured. See docs/performance.md."""
