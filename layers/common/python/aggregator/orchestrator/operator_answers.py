"""Answers to operators: the catalogue as they set it, and what was changed.

Prices are US dollars for a million tokens, as decimal strings; inside they are integers of nano-dollars.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from aggregator.billing.money import to_usd
from aggregator.billing.price import AMOUNTS
from aggregator.errors import NotFound
from aggregator.orchestrator.change_catalogue import Changed
from aggregator.orchestrator.store import Version
from aggregator.proxy.conditions import Condition
from aggregator.runtime.schema import Moment, Response

MAX_CHANGES = 100

# What tells a price, and a tier of one, from other parts of the catalogue.
_DATED = frozenset({"effectiveAt", "aboveInputTokens"})


class CatalogueVersion(Response):
    """The catalogue after a change. `changed` is false if all was so already, and no version was made."""

    version: int
    changed: bool

    @classmethod
    def of(cls, changed: Changed) -> "CatalogueVersion":
        """What a change came to."""
        return cls(version=changed.version, changed=changed.changed)


class CatalogueEntry(CatalogueVersion):
    """The same, with the entry as it stands now: all that operators and the data file say of it."""

    entry: dict[str, Any]

    @classmethod
    def of_entry(cls, changed: Changed, kind: str, entry_id: str) -> "CatalogueEntry":
        """What a change of one entry came to.

        Raises:
            NotFound: there is no such entry.
        """
        if entry_id not in changed.body[kind]:
            raise NotFound(f"The catalogue has no {entry_id} among its {kind}.")
        entry = _shown(changed.body[kind][entry_id])
        return cls(version=changed.version, changed=changed.changed, entry=entry)


class OpenCircuit(Response):
    """A route that is left alone because it kept failing: since when, and until when nobody tries it."""

    upstream_model: str
    since: Moment
    until: Moment


class ProviderState(Response):
    """A provider as requests find it: how many keys are set for it (never a key), and its open circuits."""

    keys: int
    circuits: list[OpenCircuit]

    @classmethod
    def of(cls, found: Condition) -> "ProviderState":
        """A condition as it is shown."""
        return cls(
            keys=found.keys,
            circuits=[
                OpenCircuit(
                    upstream_model=each.upstream_model,
                    since=datetime.fromtimestamp(each.opened.since, UTC),
                    until=datetime.fromtimestamp(each.opened.until, UTC),
                )
                for each in found.circuits
            ],
        )


class CatalogueProviders(Response):
    """All providers, as they stand at a version of the catalogue; `state` is how requests find each, by its id."""

    version: int
    data: list[dict[str, Any]]
    state: dict[str, ProviderState]

    @classmethod
    def of(
        cls, version: int, entries: Iterable[Mapping[str, Any]], found: Mapping[str, Condition]
    ) -> "CatalogueProviders":
        """Entries and conditions as they are shown."""
        return cls(
            version=version,
            data=[_shown(entry) for entry in entries],
            state={provider: ProviderState.of(condition) for provider, condition in found.items()},
        )


class CatalogueChange(Response):
    """One version: who made it, when, and what it did to the one before it."""

    version: int
    action: str
    changed_at: Moment
    by_key_id: str
    by_user_id: str
    added: list[str]
    changed: list[str]
    removed: list[str]
    fields: dict[str, Any]

    @classmethod
    def of(cls, version: Version) -> "CatalogueChange":
        """A version as it is shown."""
        change = version.change
        return cls(
            version=version.number,
            action=change.action,
            changed_at=change.at,
            by_key_id=change.by,
            by_user_id=change.by_user,
            added=list(change.added),
            changed=list(change.changed),
            removed=list(change.removed),
            fields=_shown(change.fields),
        )


class CatalogueChanges(Response):
    """Versions, newest first; `nextCursor` is the `cursor` of the next page, null on the last."""

    data: list[CatalogueChange]
    next_cursor: int | None

    @classmethod
    def of(cls, versions: list[Version], limit: int) -> "CatalogueChanges":
        """A page."""
        more = versions[-1].number if len(versions) == limit and versions[-1].number > 1 else None
        return cls(data=[CatalogueChange.of(each) for each in versions], next_cursor=more)


def _shown(value: Any) -> Any:
    """A part of the catalogue with its prices as decimal strings."""
    match value:
        case list():
            return [_shown(each) for each in value]
        case Mapping() if _DATED & value.keys():
            return {name: _priced(name, part) for name, part in value.items()}
        case Mapping():
            return {name: _shown(part) for name, part in value.items()}
        case _:
            return value


def _priced(name: str, part: Any) -> Any:
    """A part of a price: of its rates and fees, what is an amount is a decimal string."""
    if isinstance(part, int) and name in AMOUNTS:
        return to_usd(part)
    if isinstance(part, Mapping) and name == "tools":
        return {tool: to_usd(amount) for tool, amount in part.items()}
    if isinstance(part, Mapping) and name == "serviceTiers":
        return {
            tier: {each: _priced(each, rate) for each, rate in rates.items()} for tier, rates in part.items()
        }
    return _shown(part)
