"""Change the catalogue as an operator does: read what is live, edit it, check it, make it the next version."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from aggregator.auth.caller import ADMIN, Caller
from aggregator.errors import Conflict, StoreUnavailable
from aggregator.orchestrator.load_catalogue import ATTEMPTS, Publishing, difference
from aggregator.orchestrator.merge import refuse_problems
from aggregator.orchestrator.price_versions import remembering
from aggregator.orchestrator.store import Change

JsonObject = dict[str, Any]

_MOST_FIELDS_BYTES = 100_000


class Announcer(Protocol):
    """Who is told of a change."""

    def announce(self, version: int, change: Change) -> None:
        """Tell others; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Edit:
    """One change to make: what it does to a body, how it is called, and which entry it is about (`model gpt-4o`).

    `apply` gets a copy of what is live, and returns what shall be; it may raise a Refusal.
    """

    action: str
    apply: Callable[[JsonObject], JsonObject]
    entry: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """The catalogue after a change; `changed` is False if all was so already, and no version was made."""

    version: int
    changed: bool
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants a change, when, and over which version only, if over one only."""

    by: Caller
    now: datetime
    expected_version: int | None = None


def change_catalogue(edit: Edit, order: Order, *, store: Publishing, announcer: Announcer) -> Changed:
    """Make what `edit` says the next version, live everywhere within the readers' refresh; the change is on record.

    Raises:
        MissingScope: the caller is no admin.
        Conflict: another version is live than the one expected, or others kept changing the catalogue.
        InvalidRequest: the outcome would have problems; `param` is the field.
        Refusal: what the edit itself refuses. In each case what was live stays.
    """
    order.by.require_scope(ADMIN)
    for attempt in range(1, ATTEMPTS + 1):
        live = store.pointer()
        if live is None:
            raise StoreUnavailable("The model catalogue is not loaded yet.", retry_after_seconds=5)
        if order.expected_version not in {None, live.version}:
            raise Conflict(f"The catalogue is at version {live.version} by now: read it again.")
        current = store.snapshot(live)
        body = remembering(current, edit.apply(deepcopy(current)))
        if body == current:
            return Changed(live.version, changed=False, body=current)
        refuse_problems(body, edit.entry)
        change = _change(current, body, edit, order)
        try:
            made = store.publish(body, change, after=live)
        except Conflict:
            if attempt == ATTEMPTS:
                raise
            continue
        announcer.announce(made.version, change)
        return Changed(made.version, changed=True, body=body)
    raise AssertionError("the last attempt returns or raises")


def _change(before: JsonObject, after: JsonObject, edit: Edit, order: Order) -> Change:
    change = difference(before, after, by=order.by.key_id, now=order.now)
    fields = {name: _fields(before, after, name) for name in sorted(change.touched)}
    if (
        len(str(fields)) > _MOST_FIELDS_BYTES
    ):  # a roll-back may touch everything; both versions are kept whole
        fields = {}
    return change._replace(action=edit.action, by_user=order.by.user_id, fields=fields)


def _fields(before: JsonObject, after: JsonObject, name: str) -> JsonObject:
    """What each field of an entry was and is, for those that differ; what was not there is null."""
    old, new = _entry(before, name), _entry(after, name)
    return {
        field: {"from": old.get(field), "to": new.get(field)}
        for field in (*old, *(each for each in new if each not in old))
        if old.get(field) != new.get(field)
    }


def _entry(body: JsonObject, name: str) -> JsonObject:
    kind, _, entry_id = name.partition(" ")
    entry: JsonObject = body[{"model": "models", "provider": "providers", "alias": "aliases"}[kind]].get(
        entry_id, {}
    )
    return entry
