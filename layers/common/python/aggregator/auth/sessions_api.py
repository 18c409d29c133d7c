"""Answers of who signs out."""

from aggregator.runtime.schema import Response


class EndedSessions(Response):
    """How many sessions were ended."""

    ended: int
