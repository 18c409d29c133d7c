"""Examples of what operators look at: accounts, reconciling, queues and alarms; and of money coming in."""

from aggregator.errors import JsonObject

_AUTOMATIC: JsonObject = {
    "userId": "demo",
    "state": "active",
    "threshold": "5.00",
    "amount": "25.00",
    "atMostADay": 2,
    "currency": "USD",
    "card": None,
    "reason": None,
    "usedToday": 0,
    "url": None,
}

REQUESTS: dict[str, dict[str, JsonObject]] = {
    "createTopup": {"default": {"value": {"amount": "25.00"}}},
    "setAutomaticTopups": {"default": {"value": {"threshold": "5.00", "amount": "25.00", "atMostADay": 2}}},
}

RESPONSES: dict[str, dict[str, JsonObject]] = {
    "setAutomaticTopups": {
        "default": {
            "value": _AUTOMATIC
            | {"state": "card_needed", "url": "https://checkout.stripe.com/c/pay/cs_test_b2"}
        }
    },
    "getAutomaticTopups": {
        "default": {"value": _AUTOMATIC | {"state": "active", "card": "Visa 4242", "usedToday": 1}}
    },
    "stopAutomaticTopups": {
        "default": {
            "value": _AUTOMATIC
            | {"state": "off", "threshold": None, "amount": None, "atMostADay": None, "usedToday": 1}
        }
    },
    "createTopup": {
        "default": {
            "value": {
                "id": "cs_live_a1B2c3",
                "url": "https://checkout.stripe.com/c/pay/cs_live_a1B2c3",
                "userId": "demo",
                "amount": "25.00",
                "currency": "USD",
                "expiresAt": "2026-11-23T09:00:00.000Z",
            }
        }
    },
    "takeStripeEvent": {"default": {"value": {"received": True, "entryId": "019ab697e800-stripe-pi_3Q1x2y"}}},
    "listBalances": {
        "default": {
            "value": {
                "data": [
                    {
                        "userId": "demo",
                        "currency": "USD",
                        "available": "99.999666",
                        "held": "0.00",
                        "total": "99.999666",
                        "lapsed": {"requests": 0, "amount": "0.00"},
                        "lowBalanceThreshold": "5.00",
                        "plan": None,
                    }
                ],
                "nextCursor": "QUNDT1VOVCNkZW1v",
            }
        }
    },
    "listReconciliations": {
        "default": {
            "value": {
                "data": [
                    {
                        "startedAt": "2026-11-24T01:17:00.000Z",
                        "over": True,
                        "accounts": 60,
                        "idle": 12,
                        "entries": 1480,
                        "unsound": 1,
                        "orphanHolds": 0,
                        "loss": "0.00",
                        "notJudged": 0,
                        "findings": [
                            {
                                "userId": "demo",
                                "drift": "0.000005",
                                "misfits": ["the account has +5000 nano-USD beside what it counted"],
                                "mispriced": [],
                                "mispricedEntries": 0,
                            }
                        ],
                    }
                ]
            }
        }
    },
    "getMargin": {
        "default": {
            "value": {
                "data": [
                    {
                        "day": "2026-11-24",
                        "provider": "openai",
                        "state": "compared",
                        "comparedAt": "2026-11-25T04:47:03.120Z",
                        "owed": "41.80",
                        "billed": "41.925",
                        "leaked": "0.125",
                        "models": [
                            {"model": "(other)", "owed": "0.80", "billed": "0.80", "leak": "0.00"},
                            {"model": "gpt-4o-mini", "owed": "41.00", "billed": "41.125", "leak": "0.125"},
                        ],
                    }
                ]
            }
        }
    },
    "getHealthDetails": {
        "default": {
            "value": {
                "queues": [
                    {
                        "name": "billing-usage",
                        "waiting": 3,
                        "inFlight": 1,
                        "delayed": 0,
                        "oldestSeconds": 2,
                        "deadLetters": 1,
                        "oldestDeadLetterSeconds": 5400,
                        "redrive": 'make redrive QUEUE=billing-usage ARGS="--stack ai-aggregator-prod"',
                        "runbook": "docs/runbook.md#redrive-a-dead-letter-queue",
                        "reason": None,
                    }
                ],
                "alarms": [
                    {
                        "name": "BillingUsageDlqAlarm",
                        "state": "alarm",
                        "since": "2026-11-23T08:00:00.000Z",
                        "means": "Requests are not charged.",
                        "runbook": "docs/runbook.md#redrive-a-dead-letter-queue",
                    }
                ],
            }
        }
    },
}
