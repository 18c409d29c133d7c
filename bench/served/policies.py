"""What a request may hold, by each policy: the platform's, what it was before, the ideal, and two others' on paper.

The others' rules are read from what they publish, and stand here without their systems' delays: LiteLLM's from its
source (litellm/proxy/spend_tracking/budget_reservation.py at 0165b7d), OpenRouter's from the text of its refusal
("requires more credits, or fewer max_tokens: you requested up to N tokens, but can only afford M") and from reports
of it, by which an absent cap counts as the model's whole output. Whether OpenRouter sees running requests is not
published; it is taken to see what has been settled.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from aggregator.billing.cost import cost_of, most_it_can_cost, output_tokens_that_fit
from aggregator.billing.model import Hold
from aggregator.billing.money import NanoUsd
from aggregator.billing.price import Price
from aggregator.orchestrator.model import Route
from bench.served.workloads import Call

MODEL_CAP = 64_000
"""What the models of these workloads can say at the most, where nobody caps them (128,000 is cut to what they do)."""
AROUND = 64
LEAST_USEFUL = 16
"""As `aggregator.proxy.bound` had both before holds fitted."""

LITELLM_CAP = 16_384


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that runs: what is held for it, and what its answer is cut at."""

    hold: Hold
    cap: int


class Policy(ABC):
    """One wallet under one policy. `settles_at_once`: what is held is released, and the cost taken, with the answer."""

    name: str
    settles_at_once = True

    def __init__(self, balance_nano_usd: NanoUsd, price: Price, via: Route) -> None:
        self.available = balance_nano_usd
        self.price = price
        self.via = via

    @abstractmethod
    def admit(self, call: Call, now: float) -> Admitted | None:
        """Hold for a request, or refuse it."""

    def answered(self, admitted: Admitted, cost: NanoUsd) -> Admitted:
        """The answer has ended: what comes back before it is settled does so now. What is held from now on."""
        return admitted

    def settled(self, admitted: Admitted, cost: NanoUsd) -> None:
        """Its usage has arrived: what was held is released, and the cost taken."""
        self.available += admitted.hold.amount_nano_usd - cost

    def _most(self, input_tokens: int, cap: int) -> NanoUsd:
        return most_it_can_cost(input_tokens=input_tokens, output_tokens=cap, images=0, price=self.price)


class Ideal(Policy):
    """Knows what each request will cost, and takes them in order."""

    name = "ideal"

    def admit(self, call: Call, now: float) -> Admitted | None:
        """Hold exactly what it will cost."""
        cost = cost_of(call.usage, self.price)
        if cost > self.available:
            return None
        self.available -= cost
        return _admitted(cost, MODEL_CAP)


class Whole(Policy):
    """The platform at 7057aa8: hold the whole bound by bytes until it is settled; only what has no cap is cut."""

    name = "whole bound"
    settles_at_once = False

    def admit(self, call: Call, now: float) -> Admitted | None:
        """Hold the bound, or what is there if the client set no cap."""
        tokens = call.input_bytes + AROUND
        most = self._most(tokens, call.cap or MODEL_CAP)
        least = self._most(tokens, call.cap or LEAST_USEFUL)
        held = min(most, self.available)
        if held < least:
            return None
        self.available -= held
        fits = output_tokens_that_fit(held, input_tokens=tokens, images=0, price=self.price)
        return _admitted(held, min(call.cap or MODEL_CAP, fits))


class LiteLlm(Policy):
    """LiteLLM's reservation: the greatest estimate, or all that is left; the answer is not cut for it."""

    name = "LiteLLM, on paper"

    def admit(self, call: Call, now: float) -> Admitted | None:
        """Reserve; whatever is left lets one more through."""
        if self.available <= 0:
            return None
        input_cost = call.usage.input_tokens * self.price.input
        cap = min(call.cap or LITELLM_CAP, MODEL_CAP)
        estimate = -(-(input_cost + cap * self.price.output) // 1_000_000)
        held = min(estimate, self.available)
        self.available -= held
        return _admitted(held, call.cap or MODEL_CAP)


class OpenRouter(Policy):
    """OpenRouter's pre-flight check: can the settled balance pay the prompt and the whole cap? Nothing is held."""

    name = "OpenRouter, on paper"

    def admit(self, call: Call, now: float) -> Admitted | None:
        """Compare, and hold nothing."""
        needed = call.usage.input_tokens * self.price.input + (call.cap or MODEL_CAP) * self.price.output
        if -(-needed // 1_000_000) > self.available:
            return None
        return _admitted(0, call.cap or MODEL_CAP)


def _admitted(held_nano_usd: NanoUsd, cap: int) -> Admitted:
    return Admitted(Hold(held_nano_usd, "", None), cap)
