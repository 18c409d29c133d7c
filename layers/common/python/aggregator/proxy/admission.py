"""Admission: what is asked of each request, whether it walks or gets an answer that was kept."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Protocol

from aggregator.auth.caller import INFERENCE, Caller
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.model import Selection
from aggregator.orchestrator.permitted import permitted, require_answer

Allows = Callable[[Mapping[str, str]], None]
"""Refuses a kept answer, by its headers, that the caller's key does not allow."""


class Admit(Protocol):
    """Asks what the walk asks, for what goes round it."""

    def __call__(self, caller: Caller, model: str, *, source_ip: str, now: datetime) -> Allows:
        """Refuse what the walk would refuse; give what tells whether an answer may be handed out."""
        ...


def admitted(caller: Caller, model: str, *, catalogue: Catalogue, source_ip: str, now: datetime) -> Selection:
    """The model that a caller asks for, with the routes it may take.

    Raises:
        Refusal: the key has expired, may not call models, not from this address, or not this one; or there is none.
    """
    caller.require_live(now)
    caller.require_scope(INFERENCE)
    caller.require_address(source_ip)
    return permitted(caller, catalogue, model)


def allows_kept(caller: Caller, catalogue: Catalogue, headers: Mapping[str, str]) -> None:
    """Refuse an answer that was kept, by its headers, if the caller's key allows neither its model nor its route.

    Raises:
        ModelNotAllowed: as `permitted` does.
    """
    named = (headers.get(f"x-aggregator-{what}", "") for what in ("provider", "model"))
    require_answer(caller, catalogue, *named)


def admission(catalogue: Callable[[datetime], Catalogue]) -> Admit:
    """Make the `Admit` over the catalogue in force at a moment."""

    def admit(caller: Caller, model: str, *, source_ip: str, now: datetime) -> Allows:
        current = catalogue(now)
        admitted(caller, model, catalogue=current, source_ip=source_ip, now=now)
        return partial(allows_kept, caller, current)

    return admit
