"""The views of the console, and what each must show of the user who spent 0.0120525 USD of 25.00.

A new view gets a line here, and with it: both sizes, both schemes, axe, no error, no other host. Lists that are long
are asked for a few rows: axe takes ten seconds for two hundred.
"""

from typing import NamedTuple


class View(NamedTuple):
    """A view by its link; `shows` are words and numbers that stand on it, as written."""

    link: str
    shows: tuple[str, ...] = ()


FOR_A_USER = (
    View("overview", ("24.9879475 USD", "0.00 USD", "0.0120525 USD", "33.3%")),
    View("playground", ("Temperature", "System prompt", "Prompt")),
    View("requests", ("gpt-4o", "claude-haiku-4-5", "0.0100375 USD", "0.002015 USD", "200 completed")),
    View("usage", ("0.0100375 USD", "0.002015 USD", "1,000", "400")),
    View("usage?by=key", ("0.0120525 USD", "1,400", "3")),
    View("models?q=gpt-4o-mini", ("gpt-4o-mini", "0.15 USD", "0.60 USD", "128,000")),
    View("models/gpt-4o-mini?q=gpt-4o-mini", ("gpt-4o-mini", "/v1/chat/completions", "Copy this request")),
    View("keys", ("test", "active", "keys:manage")),
    View("statement", ("25.00 USD", "−0.0100375 USD", "24.9879475 USD", "24.9899625 USD")),
    View("grants", ("No credit that ends was given.",)),
    View("alerts", ("https://hooks.example.com/ai", "low balance", "on its way")),
    View("teams", ("Spent this month", "1.00 USD", "0.50 USD", "sees to the members")),
)
FOR_AN_ADMIN = (
    View("overview"),
    View("playground", ("Temperature",)),
    View("requests"),
    View("usage"),
    View("models?q=gpt-4o-mini", ("gpt-4o-mini", "0.15 USD")),
    View("keys"),
    View("statement"),
    View("alerts", ("No address hears of alerts yet.",)),
    View("grants?userId=admin", ("Welcome", "7.50 USD", "Jan 1, 2034", "active")),
    View("teams", ("New team", "The crew", "Budget a month")),
    View("users", ("Available", "Warns below", "admin")),
    View("plans", ("Browsers", "120 %", "20.00 USD")),
    View("plans/browsers", ("New version", "in force", "120 % of the key's price")),
    View("codes", ("Fair", "2.00 USD", "0 of 3")),
    View("catalogue?q=gpt-4o-mini", ("gpt-4o-mini", "openai", "0.15 USD", "0.60 USD")),
    View("catalogue?show=aliases", ("New alias",)),
    View("catalogue?show=versions", ("in force", "Loaded from the data file", "Roll back")),
    View("catalogue/gpt-4o-mini", ("128,000", "New price", "Holds from", "in force")),
    View("providers", ("openai", "anthropic, messages", "set", "All circuits are closed")),
    View("providers/openai", ("openai, responses", "timeoutSeconds")),
    View("health", ("Everything answers.", "Table: billing", "Usage to be charged", "No dead letters.")),
    View("reconcile", ("Once a day every account is recomputed",)),
)
