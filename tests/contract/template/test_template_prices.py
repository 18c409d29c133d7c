"""Nothing in the template costs money that the price list does not know of."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.template.stack import JsonObject, Stack

ROOT = Path(__file__).parents[3]

# What each kind of resource is charged by, as prices of bench/prices.json. Nothing: it is free, or it is charged where
# it is used. Source: the pricing page of each service.
PRICES = {
    "ApiGateway::RestApi": {"api_request", "data_out_gb"},
    "ApiGateway::Account": set(),
    "ApiGateway::BasePathMapping": set(),
    "ApiGateway::Deployment": set(),
    "ApiGateway::DomainName": set(),
    "ApiGateway::Stage": set(),
    "CloudFormation::CustomResource": set(),
    "CloudFormation::Stack": set(),
    "CloudFormation::WaitConditionHandle": set(),
    "CloudWatch::Alarm": {"alarm_month"},
    "CloudWatch::CompositeAlarm": {"composite_alarm_month"},
    "CloudWatch::Dashboard": {"dashboard_month"},
    "Cognito::UserPool": {"user_pool_user"},
    "Cognito::UserPoolClient": set(),
    "Cognito::UserPoolDomain": set(),
    "DynamoDB::Table": {"dynamodb_write_unit", "dynamodb_read_unit", "dynamodb_gb_month"},
    "Events::Archive": {"archive_gb", "archive_gb_month"},
    "Events::EventBus": {"bus_event"},
    "Events::Rule": set(),
    "IAM::ManagedPolicy": set(),
    "IAM::Role": set(),
    "Lambda::Alias": set(),
    "Lambda::EventInvokeConfig": set(),
    "Lambda::EventSourceMapping": set(),
    "Lambda::Function": {"lambda_request", "lambda_gb_second"},
    "Lambda::LayerVersion": set(),
    "Lambda::Permission": set(),
    "Lambda::Version": set(),
    "Logs::LogGroup": {"log_gb", "log_gb_month"},
    "Logs::QueryDefinition": {"log_query_gb"},
    "Route53::RecordSet": {"dns_query"},
    "S3::Bucket": {"object_write", "object_read", "object_gb_month"},
    "S3::BucketPolicy": set(),
    "SNS::Subscription": {"mail"},
    "SNS::Topic": set(),
    "SNS::TopicPolicy": set(),
    "SQS::Queue": {"queue_request"},
    "SQS::QueuePolicy": set(),
    "SecretsManager::Secret": {"secret_month", "secret_call"},
    "WAFv2::WebACL": {"web_acl_month", "web_acl_rule_month", "web_acl_request"},
    "WAFv2::WebACLAssociation": set(),
    "XRay::SamplingRule": set(),
}

# Settings that cost something on top. The stream of a table is free for Lambda, which is all that reads it.
SETTINGS = {
    ("DynamoDB::Table", "PointInTimeRecoverySpecification"): {"dynamodb_pitr_gb_month"},
    ("DynamoDB::Table", "SSESpecification"): {"kms_request"},
    ("DynamoDB::Table", "ContributorInsightsSpecification"): {"contributor_insight"},
    ("DynamoDB::Table", "GlobalSecondaryIndexes"): {"dynamodb_write_unit", "dynamodb_gb_month"},
    ("SQS::Queue", "KmsMasterKeyId"): {"kms_request"},
    ("Events::EventBus", "KmsKeyIdentifier"): {"kms_request"},
    ("Logs::LogGroup", "KmsKeyId"): {"kms_request"},
    ("Lambda::Function", "KmsKeyArn"): {"kms_request"},
    ("SecretsManager::Secret", "KmsKeyId"): {"kms_request"},
    ("SNS::Topic", "KmsMasterKeyId"): {"kms_request"},
    ("Lambda::Function", "TracingConfig"): {"trace"},
    ("Lambda::Function", "SnapStart"): {"snapstart_gb_second"},
    ("Lambda::Function", "EphemeralStorage"): {"lambda_disk_gb_second"},
    ("Lambda::EventSourceMapping", "ProvisionedPollerConfig"): {"poller_hour"},
    ("ApiGateway::Stage", "TracingEnabled"): {"trace"},
    ("ApiGateway::Stage", "CacheClusterEnabled"): {"api_cache_hour"},
    ("S3::Bucket", "VersioningConfiguration"): {"object_gb_month"},
}


@pytest.fixture(scope="module")
def known() -> set[str]:
    return set(json.loads((ROOT / "bench" / "prices.json").read_text(encoding="utf-8"))["prices"])


def _resources(stack: Stack, *nested: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    of_nested = [each for one in nested for each in one["Resources"].values()]
    for each in (*stack.resources.values(), *of_nested):
        yield each["Type"].removeprefix("AWS::"), each.get("Properties", {})


def test_every_resource_and_every_setting_that_costs_money_has_a_price(
    stack: Stack,
    observability: JsonObject,
    objectives: JsonObject,
    dashboards: JsonObject,
    known: set[str],
) -> None:
    charged = {
        (kind, price)
        for kind, properties in _resources(stack, observability, objectives, dashboards)
        for price in PRICES[kind].union(*(SETTINGS.get((kind, name), set()) for name in properties))
    }

    assert {(kind, price) for kind, price in charged if price not in known} == set()
    assert ("DynamoDB::Table", "dynamodb_pitr_gb_month") in charged
    assert ("Lambda::Function", "trace") in charged


def test_what_streams_over_its_first_megabytes_has_a_price(stack: Stack, known: set[str]) -> None:
    assert '"responseTransferMode": "STREAM"' in json.dumps(stack.properties("Api")["Body"])
    assert "lambda_streamed_gb" in known


def test_no_key_of_kms_is_paid_for(stack: Stack, observability: JsonObject) -> None:
    by_key = {name for (_, name), prices in SETTINGS.items() if prices == {"kms_request"}}

    assert [kind for kind, properties in _resources(stack, observability) if by_key & set(properties)] == []


def test_the_dashboards_of_dev_and_prod_are_free(dashboards: JsonObject) -> None:
    """An account has three for nothing, of 50 metrics each: dev has the walk, prod the walk and the money."""
    allowed = json.loads((ROOT / "bench" / "prices.json").read_text(encoding="utf-8"))["allowances"]
    made = dashboards["Resources"]

    always = [name for name, each in made.items() if "Condition" not in each]
    assert (always, {made[name]["Condition"] for name in made.keys() - set(always)}) == (
        ["WalkDashboard"],
        {"HasMoney"},
    )
    assert len(always) + len(made) <= allowed["dashboards"] == 3
    for name, each in made.items():
        widgets = json.loads(each["Properties"]["DashboardBody"]["Fn::Sub"])["widgets"]
        metrics = sum(len(widget["properties"].get("metrics", ())) for widget in widgets)
        assert metrics <= allowed["dashboard_metrics"] == 50, name
