"""Load the packaged data file into the table: at each deployment, and by hand."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from aggregator.errors import Conflict
from aggregator.orchestrator.merge import merged
from aggregator.orchestrator.price_versions import remembering
from aggregator.orchestrator.store import Change, Pointer

JsonObject = dict[str, Any]

DATA_FILE = Path(__file__).with_name("catalogue.json")
ATTEMPTS = 5


class Publishing(Protocol):
    """What loading needs of the store."""

    def pointer(self) -> Pointer | None:
        """What is live."""
        ...

    def snapshot(self, pointer: Pointer) -> JsonObject:
        """The whole catalogue at a version."""
        ...

    def publish(self, body: JsonObject, change: Change, *, after: Pointer | None) -> Pointer:
        """Make `body` the next version."""
        ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load came to; `changed` is False if all was as the file says already, and no version was made."""

    version: int
    changed: bool
    models: int
    providers: int

    def to_json(self) -> JsonObject:
        """As the function answers."""
        return {
            "version": self.version,
            "changed": self.changed,
            "models": self.models,
            "providers": self.providers,
        }


def load_catalogue(
    store: Publishing,
    data: Mapping[str, Any],
    *,
    overrides: JsonObject | None,
    region: str,
    by: str,
    now: datetime,
) -> Loaded:
    """Publish `data` merged with what operators set and changed (see `merge.merged`).

    Raises:
        InvalidRequest: the outcome would have problems; what was live stays.
        Conflict: others kept changing the catalogue meanwhile, or a price version would change; what was live stays.
    """
    for attempt in range(1, ATTEMPTS + 1):
        live = store.pointer()
        current = None if live is None else store.snapshot(live)
        body = remembering(current, merged(data, current, overrides, region=region))
        if live is not None and body == current:
            return Loaded(live.version, changed=False, **_counted(body))
        try:
            made = store.publish(body, difference(current, body, by=by, now=now), after=live)
        except Conflict:
            if attempt == ATTEMPTS:
                raise
            continue
        return Loaded(made.version, changed=True, **_counted(body))
    raise AssertionError("the last attempt returns or raises")


def packaged() -> JsonObject:
    """The data file as it was shipped."""
    data: JsonObject = json.loads(DATA_FILE.read_text(encoding="utf-8"))
    return data


def difference(
    before: Mapping[str, Any] | None, after: Mapping[str, Any], *, by: str, now: datetime
) -> Change:
    """What changed from one body to the next, by the names of the entries."""
    old, new = _named(before or {}), _named(after)
    return Change(
        by=by,
        at=now,
        added=tuple(name for name in new if name not in old),
        changed=tuple(name for name in new if name in old and new[name] != old[name]),
        removed=tuple(name for name in old if name not in new),
    )


def _named(body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{kind.removesuffix('es') if kind == 'aliases' else kind.removesuffix('s')} {entry_id}": entry
        for kind in ("providers", "models", "aliases")
        for entry_id, entry in body.get(kind, {}).items()
    }


def _counted(body: Mapping[str, Any]) -> dict[str, int]:
    return {"models": len(body["models"]), "providers": len(body["providers"])}
