"""The AI Aggregator Platform: one API in front of many AI providers, with prepaid billing."""

__version__ = "0.1.0"
