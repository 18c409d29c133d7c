"""The dashboard of the walk: a row for each step, from the door to the record."""

from local.observing.graphs import (
    CALLING,
    WALKS,
    Graph,
    Question,
    Row,
    Series,
    api,
    function,
    ours,
    queue,
    table,
)

ROWS = (
    Row(
        "door: all answers",
        Graph("requests", (api("Count", label="requests"),)),
        Graph("errors", (api("4XXError", label="4xx"), api("5XXError", label="5xx"))),
        Graph("latency, ms", (api("Latency", "p50", "p50"), api("Latency", "p99", "p99")), "ms"),
        Graph(
            "all functions of the account: at once, throttled",
            (
                Series("AWS/Lambda", "ConcurrentExecutions", (), "Maximum", "at once"),
                Series("AWS/Lambda", "Throttles", (), "Sum", "throttled"),
            ),
        ),
    ),
    Row(
        "1 authorise",
        Graph("decisions that API Gateway had not cached", (function("Authorizer", "Invocations"),)),
        Graph("errors", (function("Authorizer", "Errors"),)),
        Graph("duration, ms", (function("Authorizer", "Duration", "p99", "p99"),), "ms"),
        Graph("throttled", (function("Authorizer", "Throttles"),)),
    ),
    Row(
        "2 route",
        Graph(
            "reads of the catalogue",
            (table("Orchestrator", "SuccessfulRequestLatency", "SampleCount", "reads", "GetItem"),),
        ),
        Question(
            "refused before the hold, by code",
            WALKS,
            'filter message = "refused" | stats count(*) as requests by code | sort requests desc',
        ),
        Graph(
            "read of the catalogue, ms",
            (table("Orchestrator", "SuccessfulRequestLatency", "Average", "average", "GetItem"),),
            "ms",
        ),
        Graph(
            "circuits opened, reads throttled",
            (
                ours("CircuitsOpened", label="opened"),
                table("Orchestrator", "ReadThrottleEvents", label="throttled"),
            ),
        ),
    ),
    Row(
        "3 reserve",
        Graph(
            "holds, and what settles them",
            (table("Billing", "SuccessfulRequestLatency", "SampleCount", "updates", "UpdateItem"),),
        ),
        Graph(
            "conditions that did not hold",
            (table("Billing", "ConditionalCheckFailedRequests", label="failed"),),
        ),
        Graph(
            "update, ms",
            (table("Billing", "SuccessfulRequestLatency", "Average", "average", "UpdateItem"),),
            "ms",
        ),
        Graph(
            "writes throttled, transactions in conflict",
            (
                table("Billing", "WriteThrottleEvents", label="throttled"),
                table("Billing", "TransactionConflict", label="in conflict"),
            ),
        ),
    ),
    Row(
        "4 call",
        Graph("calls of models", tuple(function(each, "Invocations", label=each) for each in CALLING)),
        Graph("errors", tuple(function(each, "Errors", label=each) for each in CALLING)),
        Graph(
            "duration at the 99th percentile, ms",
            tuple(function(each, "Duration", "p99", each) for each in CALLING),
            "ms",
        ),
        Graph(
            "lost to the platform before the first word, ms", (ours("AddedLatencyMs", "p99", "p99"),), "ms"
        ),
    ),
    Row(
        "5 emit",
        Graph(
            "events in the queue of usage",
            (queue("BillingUsageQueue", "NumberOfMessagesSent", "Sum", "sent"),),
        ),
        Graph("events that neither bus nor queue took", (ours("UsageLost", label="lost"),)),
        Graph(
            "the oldest waits, s",
            (queue("BillingUsageQueue", "ApproximateAgeOfOldestMessage", label="usage"),),
            "s",
        ),
        Graph("waiting", (queue("BillingUsageQueue", "ApproximateNumberOfMessagesVisible", label="usage"),)),
    ),
    Row(
        "6 settle",
        Graph("entries settled", (ours("EntriesSettled", label="settled"),)),
        Graph(
            "errors, dead letters",
            (
                function("Settle", "Errors", label="errors"),
                queue("BillingUsageDlq", "ApproximateNumberOfMessagesVisible", label="dead letters"),
            ),
        ),
        Graph(
            "since the request's end, ms",
            (ours("SettleLagMs", "p50", "p50"), ours("SettleLagMs", "p99", "p99")),
            "ms",
        ),
        Graph("throttled", (function("Settle", "Throttles"),)),
    ),
    Row(
        "7 publish and record",
        Graph("entries recorded", (ours("EntriesRecorded", label="recorded"),)),
        Graph(
            "errors, dead letters",
            (
                function("Record", "Errors", label="errors"),
                queue("AnalyticsEventsDlq", "ApproximateNumberOfMessagesVisible", label="dead letters"),
                queue("StreamDlq", "ApproximateNumberOfMessagesVisible", label="not published"),
            ),
        ),
        Graph(
            "since the request's end; in the table's stream, ms",
            (
                ours("RecordLagMs", "p99", "recorded, p99"),
                function("Publish", "IteratorAge", "Maximum", "in the stream"),
            ),
            "ms",
        ),
        Graph(
            "waiting", (queue("AnalyticsEventsQueue", "ApproximateNumberOfMessagesVisible", label="events"),)
        ),
    ),
)
