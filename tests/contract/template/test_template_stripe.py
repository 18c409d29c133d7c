"""Stripe's own event source: only where one is named, and for the events that are booked."""

from aggregator.payments import happened, stripe_event
from tests.tables import load_template


def test_the_bus_carries_what_is_booked_and_nothing_else() -> None:
    rule = load_template()["Resources"]["StripeRule"]["Properties"]

    assert rule["EventPattern"] == {"detail-type": sorted((*stripe_event.EVENTS, *happened.EVENTS))}


def test_bus_rule_and_permission_are_there_only_where_a_source_is_named() -> None:
    resources = load_template()["Resources"]

    assert {name for name, each in resources.items() if each.get("Condition") == "HasStripeSource"} == {
        "StripeBus",
        "StripeRule",
        "StripeRulePermission",
    }
    assert load_template()["Parameters"]["StripeEventSource"]["Default"] == ""
