"""The dashboard of the day: objectives, money, providers and circuits, who uses most."""

from local.observing.graphs import WALKS, Graph, Question, Section, api, ours

SETTLE = ("billing/settle_usage",)

_OF_USAGE = 'filter message = "usage" | stats '
_USD = "sum({0}_nano_usd) / 1000000000 as {0}_usd"

SECTIONS = (
    Section(
        "Objectives",
        (
            Graph("answers: requests, 5xx", (api("Count", label="requests"), api("5XXError", label="5xx"))),
            Graph(
                "lost to the platform before the first word, ms",
                (ours("AddedLatencyMs", "p50", "p50"), ours("AddedLatencyMs", "p99", "p99")),
                "ms",
            ),
            Graph(
                "charged, recorded: since the request's end, p99, ms",
                (ours("SettleLagMs", "p99", "charged"), ours("RecordLagMs", "p99", "recorded")),
                "ms",
            ),
        ),
    ),
    Section(
        "Money",
        (
            Graph(
                "held by all accounts, and of it lapsed; once a day, nano-USD",
                (ours("HeldNanoUsd", "Maximum", "held"), ours("LapsedNanoUsd", "Maximum", "lapsed")),
            ),
            Graph(
                "late, lapsed, lost, repeated: requests",
                (
                    ours("UsageLate", label="late"),
                    ours("HoldLapsed", label="lapsed"),
                    ours("UsageLost", label="lost"),
                    ours("UsageRepeated", label="repeated"),
                ),
            ),
            Graph(
                "platform loss, drift, nano-USD",
                (ours("PlatformLossNanoUsd", label="loss"), ours("LedgerDriftNanoUsd", label="drift")),
            ),
            Graph(
                "the daily check: findings, holds that lapsed",
                (ours("LedgerFindings", label="findings"), ours("OrphanHolds", label="lapsed holds")),
            ),
            Question(
                "margin by model and day: charged against the provider's price, USD",
                SETTLE,
                _OF_USAGE
                + ", ".join(_USD.format(each) for each in ("cost", "provider", "margin"))
                + ", sum(requests) as requests by model, bin(1d) as day | sort day desc, margin_usd asc | limit 100",
            ),
            Question(
                "losses, late usage, lapsed holds: the log lines",
                SETTLE,
                'filter message in ["Platform loss", "Late usage", "Holds lapsed"] '
                "| fields @timestamp, message, user_id, loss_nano_usd, late, requests "
                "| sort @timestamp desc | limit 50",
            ),
        ),
    ),
    Section(
        "Providers and circuits",
        (
            Question(
                "requests and failures by provider",
                SETTLE,
                _OF_USAGE
                + "sum(requests) as requests, sum(failed) as failed, sum(failed) * 100 / sum(requests) as percent, "
                "sum(tokens) as tokens by provider | sort requests desc",
            ),
            Question(
                "circuits that opened and closed, by route",
                WALKS,
                'filter message in ["circuit_opened", "circuit_closed", "circuit_half_open"] '
                "| stats count(*) as times, latest(@timestamp) as last by route, message | sort last desc",
            ),
            Graph(
                "circuits",
                (ours("CircuitsOpened", label="opened"), ours("CircuitsClosed", label="closed")),
            ),
            Graph("response cache", (ours("CacheHits", label="hits"), ours("CacheMisses", label="misses"))),
            Graph(
                "not given back, not stored",
                (ours("LimitsNotGivenBack", label="limits"), ours("AnswerUnstored", label="answers")),
            ),
        ),
    ),
    Section(
        "Who uses most",
        (
            Question(
                "users by what they pay, USD",
                SETTLE,
                _OF_USAGE + _USD.format("cost") + ", sum(requests) as requests, sum(tokens) as tokens, "
                "count_distinct(model) as models by user_id | sort cost_usd desc | limit 25",
            ),
            Question(
                "models by tokens",
                SETTLE,
                _OF_USAGE
                + "sum(tokens) as tokens, sum(requests) as requests by model | sort tokens desc | limit 25",
            ),
            Question(
                "users by refused requests",
                ("api",),
                "filter status >= 400 and status < 500 | stats count(*) as requests by principal, status "
                "| sort requests desc | limit 25",
            ),
        ),
    ),
)
