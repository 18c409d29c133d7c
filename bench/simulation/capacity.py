"""What limits a rate: token buckets that refuse, and a server that makes work wait its turn."""

from math import inf


class TokenBucket:
    """Lets `rate` units a second pass, and up to `burst` at once; refuses the rest.

    API Gateway's throttle, Lambda's scaling rate, the bus's quota and a DynamoDB partition are all of this kind.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at = 0.0

    def take(self, now: float, units: float = 1.0) -> bool:
        """Whether `units` may pass now; a refusal takes nothing."""
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < units:
            return False
        self._left -= units
        return True


class Server:
    """Does one thing after the other, first come first served: what comes waits for all before it."""

    def __init__(self) -> None:
        self._free_at = -inf

    def serve(self, now: float, seconds: float) -> float:
        """Accept work that takes `seconds`; return how long it takes with its wait."""
        self._free_at = max(now, self._free_at) + seconds
        return self._free_at - now
