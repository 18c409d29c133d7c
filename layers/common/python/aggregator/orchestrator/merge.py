"""What is published: the packaged data file, what an operator set beside it, and what an operator changed since.

Standard library only, pure. A published body has maps by id instead of the file's lists, and each entry says its
`origin`: `file` entries follow the file at each load, `operator` entries stay as the operator left them.
"""

from collections.abc import Mapping
from typing import Any

from aggregator.errors import InvalidRequest
from aggregator.orchestrator.check import check

JsonObject = dict[str, Any]

FILE = "file"
OPERATOR = "operator"


def merged(
    data: Mapping[str, Any], current: Mapping[str, Any] | None, overrides: JsonObject | None, *, region: str
) -> JsonObject:
    """The body to publish after loading `data` over what is published now.

    `overrides` are fields of entries to replace, or whole new entries: `{"providers": {"openai": {"baseUrl": ...}}}`.
    They are remembered: None means those of the last load. `{region}` in base URLs becomes `region`.

    Raises:
        InvalidRequest: the outcome has problems (see `check`); nothing should be published.
    """
    before: Mapping[str, Any] = current or {}
    remembered: JsonObject = before.get("overrides", {}) if overrides is None else overrides
    body = {
        "providers": _entries("providers", data, before, remembered),
        "models": _entries("models", data, before, remembered),
        "aliases": {
            alias: _alias(target)
            for alias, target in {**data["aliases"], **remembered.get("aliases", {})}.items()
        }
        | _of_operator(before.get("aliases", {})),
        "overrides": remembered,
    }
    for provider in body["providers"].values():
        if isinstance(provider.get("baseUrl"), str):
            provider["baseUrl"] = provider["baseUrl"].replace("{region}", region)
    refuse_problems(body)
    return body


def refuse_problems(body: Mapping[str, Any], entry: str | None = None) -> None:
    """Pass a body only if it may be published.

    Raises:
        InvalidRequest: it may not; the message lists every problem, and `param` is the path of the first field at
            fault in `entry` (`model gpt-4o`), the one that was changed.
    """
    problems = check(
        {
            "providers": list(body["providers"].values()),
            "models": list(body["models"].values()),
            "aliases": body["aliases"],
        }
    )
    if problems:
        param = next((problem.path for problem in problems if problem.entry == entry), None)
        raise InvalidRequest("The catalogue has problems: " + "; ".join(problems) + ".", param=param)


def _entries(
    kind: str, data: Mapping[str, Any], before: Mapping[str, Any], overrides: Mapping[str, Any]
) -> dict[str, JsonObject]:
    from_file = {entry["id"]: {**entry, "origin": FILE} for entry in data[kind]}
    for entry_id, fields in overrides.get(kind, {}).items():
        from_file[entry_id] = {**from_file.get(entry_id, {"id": entry_id, "origin": FILE}), **fields}
    return from_file | _of_operator(before.get(kind, {}))


def _alias(target: Any) -> JsonObject:
    """An alias of the file: `"gpt-4o"`, or `{"model": "gpt-4o", "strategy": "latency"}`."""
    return {**(target if isinstance(target, Mapping) else {"model": target}), "origin": FILE}


def _of_operator(entries: Mapping[str, JsonObject]) -> dict[str, JsonObject]:
    return {entry_id: dict(entry) for entry_id, entry in entries.items() if entry.get("origin") == OPERATOR}
