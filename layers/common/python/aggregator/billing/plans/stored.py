"""Plans as items of the billing table, and back. Standard library only."""

from collections.abc import Mapping
from typing import Any

from aggregator.billing.plans.model import Plan, Terms, Version, stamp_of

JsonObject = dict[str, Any]

PLANS = "PLANS"
PLAN_PREFIX = "PLAN#"
VERSION_PREFIX = "VERSION#"
WALLET_PREFIX = "WALLET#"


def place_in_list(plan_id: str) -> JsonObject:
    """Key of a plan as it is now."""
    return {"pk": PLANS, "sk": f"{PLAN_PREFIX}{plan_id}"}


def place_of_stamp(stamp: str) -> JsonObject:
    """Key of a plan as one of its versions left it."""
    plan_id, _, number = stamp.partition("#")
    return {"pk": f"{PLAN_PREFIX}{plan_id}", "sk": f"{VERSION_PREFIX}{number}"}


def place_of_wallet(plan_id: str, wallet_id: str) -> JsonObject:
    """Key of the note that a wallet is on a plan, or was about to be."""
    return {"pk": f"{PLAN_PREFIX}{plan_id}", "sk": f"{WALLET_PREFIX}{wallet_id}"}


def item_of(plan: Plan) -> JsonObject:
    """A plan as one item, without its key: the same in the list and for ever under its stamp."""
    return {
        "plan_id": plan.plan_id,
        "version": plan.latest.number,
        "versions": [_said(version) for version in plan.versions],
    }


def plan_of(stored: Mapping[str, Any]) -> Plan:
    """Read what `item_of` wrote."""
    plan_id = stored["plan_id"]
    return Plan(plan_id, tuple(_version(plan_id, said) for said in stored["versions"]))


def stamp_in(stored: Mapping[str, Any]) -> str:
    """The stamp of a plan as it is stored."""
    return stamp_of(stored["plan_id"], stored["version"])


def event_of(plan: Plan) -> JsonObject:
    """The detail of `plan_changed` v1 for a plan's latest version; it is compared with the one written before."""
    latest = plan.latest
    told = _told(latest)
    before = [each for each in plan.versions if each.number < latest.number]
    was = _told(max(before, key=lambda each: each.number)) if before else {}
    return {
        "version": 1,
        "planId": plan.plan_id,
        "planVersion": latest.number,
        **told,
        "effectiveFrom": latest.effective_from,
        "occurredAt": latest.created_at,
        "by": {"keyId": latest.by_key_id, "userId": latest.by_user_id},
        "changes": {
            name: {"from": was.get(name), "to": each}
            for name, each in told.items()
            if not before or was[name] != each
        },
    }


def _told(version: Version) -> JsonObject:
    terms = version.terms
    return {
        "name": terms.name,
        "pricePercent": terms.price_percent,
        "limits": dict(terms.limits),
        "allowedModels": None if terms.allowed_models is None else list(terms.allowed_models),
        "monthlyCreditNanoUsd": terms.monthly_credit_nano_usd,
    }


def _said(version: Version) -> JsonObject:
    terms = version.terms
    said: JsonObject = {
        "number": version.number,
        "name": terms.name,
        "percent": terms.price_percent,
        "from": version.effective_from,
        "created_at": version.created_at,
        "by_key_id": version.by_key_id,
        "by_user_id": version.by_user_id,
    }
    if terms.limits:
        said["limits"] = dict(terms.limits)
    if terms.allowed_models is not None:
        said["models"] = list(terms.allowed_models)
    if terms.monthly_credit_nano_usd:
        said["credit"] = terms.monthly_credit_nano_usd
    return said


def _version(plan_id: str, said: Mapping[str, Any]) -> Version:
    models = said.get("models")
    terms = Terms(
        name=said["name"],
        price_percent=said["percent"],
        limits=said.get("limits", {}),
        allowed_models=None if models is None else tuple(models),
        monthly_credit_nano_usd=said.get("credit", 0),
    )
    return Version(
        plan_id=plan_id,
        number=said["number"],
        terms=terms,
        effective_from=said["from"],
        created_at=said["created_at"],
        by_key_id=said["by_key_id"],
        by_user_id=said["by_user_id"],
    )
