"""What operators ask of the ways to providers: which have a key, and which routes are left alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aggregator.proxy.routing.breaker import OpenCircuits, Opened
from aggregator.proxy.upstream.keys import ProviderKeys


@dataclass(frozen=True, slots=True)
class Circuit:
    """An open circuit of one route: the provider's name for the model, since when and until when nobody tries it."""

    upstream_model: str
    opened: Opened


@dataclass(frozen=True, slots=True)
class Condition:
    """A provider as requests find it: how many keys it has, and its open circuits. Never a key."""

    keys: int
    circuits: tuple[Circuit, ...]


def conditions(
    providers: Iterable[Mapping[str, Any]], circuits: OpenCircuits, keys: ProviderKeys
) -> dict[str, Condition]:
    """The condition of each provider, by its id.

    Raises:
        AwsError: the circuits cannot be read now.
        StoreUnavailable: the keys cannot.
    """
    opened = circuits.opened()
    return {
        provider["id"]: Condition(
            keys=len(keys.of(provider.get("secret") or provider["id"])),
            circuits=tuple(
                Circuit(name.partition("/")[2], opened[name])
                for name in sorted(opened)
                if name.partition("/")[0] == provider["id"]
            ),
        )
        for provider in providers
    }
