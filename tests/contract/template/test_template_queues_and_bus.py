"""Nothing that is sent gets lost without a trace: dead letters, time-outs, encryption, policies."""

from tests.contract.template.stack import JsonObject, Stack


def test_every_queue_has_dead_letters_or_is_for_them(stack: Stack) -> None:
    queues = stack.of_type("SQS::Queue")

    behind = {
        name: each["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for name, each in queues.items()
        if "RedrivePolicy" in each["Properties"]
    }

    assert behind == {
        "BillingUsageQueue": "BillingUsageDlq",
        "AnalyticsEventsQueue": "AnalyticsEventsDlq",
        "ReconcileQueue": "ReconcileDlq",
        "TelemetryQueue": "TelemetryDlq",
    }
    assert set(queues) - set(behind) == {
        "BillingUsageDlq",
        "AnalyticsEventsDlq",
        "ReconcileDlq",
        "StreamDlq",
        "InvocationDlq",
        "AlertsDlq",
        "TelemetryDlq",
    }


def test_a_message_is_tried_five_times_and_a_dead_one_kept_for_14_days(stack: Stack) -> None:
    queues = {name: each["Properties"] for name, each in stack.of_type("SQS::Queue").items()}

    assert {each["MessageRetentionPeriod"] for each in queues.values()} == {14 * 24 * 3600}
    assert {
        each["RedrivePolicy"]["maxReceiveCount"] for each in queues.values() if "RedrivePolicy" in each
    } == {5}


def test_queues_are_encrypted_and_refuse_plain_http(stack: Stack) -> None:
    policies = {
        each["Properties"]["Queues"][0]["Ref"]: each["Properties"]["PolicyDocument"]["Statement"]
        for each in stack.of_type("SQS::QueuePolicy").values()
    }

    assert set(policies) == set(stack.of_type("SQS::Queue"))
    for name, statements in policies.items():
        assert stack.properties(name)["SqsManagedSseEnabled"] is True
        assert {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": {"Fn::GetAtt": [name, "Arn"]},
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        } in statements


def test_the_only_service_that_sends_to_a_queue_is_the_bus_by_a_named_rule(stack: Stack) -> None:
    senders = {}
    for policy in stack.of_type("SQS::QueuePolicy").values():
        for each in policy["Properties"]["PolicyDocument"]["Statement"]:
            if each["Effect"] == "Allow":
                assert each["Principal"] == {"Service": "events.amazonaws.com"}
                assert each["Action"] == "sqs:SendMessage"
                rules = each["Condition"]["ArnEquals"]["aws:SourceArn"]
                senders[policy["Properties"]["Queues"][0]["Ref"]] = [
                    rule.get("Fn::If", [None, rule])[1]["Fn::GetAtt"][0]
                    for rule in (rules if isinstance(rules, list) else [rules])
                ]

    assert senders == {
        "BillingUsageQueue": ["AiUsageRule"],
        "BillingUsageDlq": ["AiUsageRule"],
        "AnalyticsEventsQueue": ["TransactionCreatedRule"],
        "AnalyticsEventsDlq": ["TransactionCreatedRule"],
        "TelemetryQueue": ["TelemetryRule"],
        "TelemetryDlq": ["TelemetryRule"],
        "InvocationDlq": [
            "BillingReconcileFunctionDaily",
            "AnalyticsPackDaysFunctionHourly",
            "BillingComparePaymentsFunctionDaily",
            "BillingCompareCostsFunctionDaily",
            "BillingTopUpAutomaticallyFunctionRegularly",
            "AlertsWatchFunctionRegularly",
            "BillingExpireGrantsFunctionRegularly",
            "StripeRule",
        ],
    }


def test_every_target_of_a_rule_has_dead_letters_and_a_day_of_retries_or_an_hour_of_them(
    stack: Stack,
) -> None:
    targets = {name: each["Properties"]["Targets"] for name, each in stack.of_type("Events::Rule").items()}

    dead = {
        name: [each["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0] for each in those]
        for name, those in targets.items()
    }
    ages = {name: those[0]["RetryPolicy"]["MaximumEventAgeInSeconds"] for name, those in targets.items()}
    assert dead == {
        "AiUsageRule": ["BillingUsageDlq"],
        "TransactionCreatedRule": ["AnalyticsEventsDlq"],
        "TelemetryRule": ["TelemetryDlq"],
        "BillingReconcileFunctionDaily": ["InvocationDlq"],
        "AnalyticsPackDaysFunctionHourly": ["InvocationDlq"],
        "StripeRule": ["InvocationDlq"],
        "BillingComparePaymentsFunctionDaily": ["InvocationDlq"],
        "BillingCompareCostsFunctionDaily": ["InvocationDlq"],
        "BillingTopUpAutomaticallyFunctionRegularly": ["InvocationDlq"],
        "AlertsWatchFunctionRegularly": ["InvocationDlq"],
        "BillingExpireGrantsFunctionRegularly": ["InvocationDlq"],
    }
    assert ages == {
        "AiUsageRule": 86400,
        "TransactionCreatedRule": 86400,
        "TelemetryRule": 86400,
        "BillingReconcileFunctionDaily": 3600,
        "AnalyticsPackDaysFunctionHourly": 3600,
        "StripeRule": 86400,
        "BillingComparePaymentsFunctionDaily": 3600,
        "BillingCompareCostsFunctionDaily": 3600,
        "BillingTopUpAutomaticallyFunctionRegularly": 300,
        "AlertsWatchFunctionRegularly": 300,
        "BillingExpireGrantsFunctionRegularly": 300,
    }


def test_the_published_events_go_to_the_queues_their_consumers_rely_on(stack: Stack) -> None:
    usage = stack.properties("AiUsageRule")
    created = stack.properties("TransactionCreatedRule")

    assert usage["EventPattern"] == {"source": ["aggregator.proxy"], "detail-type": ["ai_usage"]}
    assert usage["Targets"][0]["Arn"] == {"Fn::GetAtt": ["BillingUsageQueue", "Arn"]}
    assert created["EventPattern"] == {
        "source": ["aggregator.billing"],
        "detail-type": ["transaction_created"],
    }
    assert created["Targets"][0]["Arn"] == {"Fn::GetAtt": ["AnalyticsEventsQueue", "Arn"]}


def test_every_reader_of_a_queue_or_stream_reports_the_records_that_failed(stack: Stack) -> None:
    mappings = {
        name: each["Properties"] for name, each in stack.of_type("Lambda::EventSourceMapping").items()
    }

    assert set(mappings) == {
        "BillingSettleUsageFunctionUsage",
        "BillingPublishTransactionsFunctionEntries",
        "AnalyticsRecordEventsFunctionTransactions",
        "BillingReconcileAccountsFunctionAccounts",
        "TelemetryExportUsageFunctionUsage",
    }
    assert all(each["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for each in mappings.values())


def test_the_outbox_starts_at_the_first_entry_and_keeps_what_it_cannot_publish(stack: Stack) -> None:
    outbox = stack.properties("BillingPublishTransactionsFunctionEntries")

    assert outbox["StartingPosition"] == "TRIM_HORIZON"
    assert outbox["BisectBatchOnFunctionError"] is True
    assert outbox["MaximumRetryAttempts"] == -1
    assert outbox["MaximumRecordAgeInSeconds"] == 23 * 3600
    assert outbox["DestinationConfig"] == {"OnFailure": {"Destination": {"Fn::GetAtt": ["StreamDlq", "Arn"]}}}


def test_functions_that_nobody_waits_for_leave_their_failures_behind(stack: Stack) -> None:
    kept = {
        each["Properties"]["FunctionName"]["Ref"]: each["Properties"]["DestinationConfig"]["OnFailure"][
            "Destination"
        ]
        for each in stack.of_type("Lambda::EventInvokeConfig").values()
    }

    assert kept == {
        "OrchestratorLoadCatalogueFunction": {"Fn::GetAtt": ["InvocationDlq", "Arn"]},
        "BillingReconcileFunction": {"Fn::GetAtt": ["InvocationDlq", "Arn"]},
        "AnalyticsPackDaysFunction": {"Fn::GetAtt": ["InvocationDlq", "Arn"]},
        "BillingComparePaymentsFunction": {"Fn::GetAtt": ["InvocationDlq", "Arn"]},
        "BillingCompareCostsFunction": {"Fn::GetAtt": ["InvocationDlq", "Arn"]},
        "BillingTopUpAutomaticallyFunction": {"Fn::GetAtt": ["InvocationDlq", "Arn"]},
        "BillingBookStripeEventFunction": {"Fn::GetAtt": ["InvocationDlq", "Arn"]},
        "AlertsWatchFunction": {"Fn::GetAtt": ["InvocationDlq", "Arn"]},
        "BillingExpireGrantsFunction": {"Fn::GetAtt": ["InvocationDlq", "Arn"]},
    }


def test_every_dead_letter_queue_is_alarmed_but_that_of_users_receivers(
    stack: Stack, observability: JsonObject
) -> None:
    alarmed = {
        each["Properties"]["Dimensions"][0]["Value"]["Ref"]
        for each in observability["Resources"].values()
        if each.get("Properties", {}).get("MetricName") == "ApproximateNumberOfMessagesVisible"
    }

    assert alarmed == {name for name in stack.of_type("SQS::Queue") if name.endswith("Dlq")} - {"AlertsDlq"}


def test_the_bus_refuses_other_accounts_and_keeps_its_events_for_replay(stack: Stack) -> None:
    (statement,) = stack.properties("Bus")["Policy"]["Statement"]

    assert statement["Effect"] == "Deny"
    assert statement["Condition"]["StringNotEquals"] == {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}
    assert stack.properties("BusArchive")["SourceArn"] == {"Fn::GetAtt": ["Bus", "Arn"]}
