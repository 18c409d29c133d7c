"""Whatever the parameters are, the stack can be made; what contradicts itself is refused; what must stay, stays."""

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from local.check_template import SAMPLES, parameter_sets
from local.conditions import chosen, decided, made, value_of
from local.template import defaults_of
from tests.contract.template.stack import JsonObject, Stack

ROOT = Path(__file__).parents[3]

_PSEUDO = re.compile(r"AWS::\w+")
_LOCAL = {"Environment": "local"}


def _made(stack: Stack, parameters: dict[str, str]) -> dict[str, JsonObject]:
    return made(stack.resources, decided(stack.conditions, parameters))


def _named(value: Any) -> Iterator[str]:
    """Logical ids and parameters that a value names."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::GetAtt": str(text)}:
            yield text.partition(".")[0]
        case {"Fn::Sub": str(text)}:
            yield from (name.partition(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", text))
        case dict():
            for key, each in value.items():
                yield from ([each] if isinstance(each, str) else each) if key == "DependsOn" else _named(each)
        case list():
            for each in value:
                yield from _named(each)


def _combinations(template: JsonObject) -> list[dict[str, str]]:
    """Combinations of the values that decide a condition, one for each outcome that is not refused."""
    defaults = defaults_of(template)
    deciding = sorted(
        {name for each in parameter_sets(template) for name in each if each[name] != defaults[name]}
    )
    values = [
        [defaults[name], *SAMPLES[name]] if name in SAMPLES else template["Parameters"][name]["AllowedValues"]
        for name in deciding
    ]
    found = {}
    for one in product(*values):
        parameters = defaults | dict(zip(deciding, one, strict=True))
        if parameters["DomainName"]:
            parameters["CertificateArn"] = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
        if parameters["MailSender"]:
            parameters["MailIdentity"] = "example.com"
        if not _refusals(template, parameters):
            outcome = decided(template["Conditions"], parameters)
            found[tuple(outcome.values())] = parameters
    return list(found.values())


def test_what_is_made_names_nothing_that_is_not_whatever_the_parameters(
    stack: Stack, template: JsonObject
) -> None:
    asks = {
        name: [each for each in stack.conditions if f'"{each}"' in json.dumps(resource)]
        for name, resource in stack.resources.items()
    }

    @cache
    def named_by(name: str, answers: tuple[bool, ...]) -> set[str]:
        """What a resource names; it is the same wherever the conditions that it asks for are."""
        holds = dict(zip(asks[name], answers, strict=True))
        return {each for each in _named(chosen(stack.resources[name], holds)) if not _PSEUDO.fullmatch(each)}

    missing = set()
    combinations = _combinations(template)
    for parameters in combinations:
        holds = decided(stack.conditions, parameters)
        there = {n for n, each in stack.resources.items() if holds.get(each.get("Condition", ""), True)}
        for name in there:
            named = named_by(name, tuple(holds[each] for each in asks[name]))
            missing |= {(name, each) for each in named - there - parameters.keys()}

    assert missing == set()
    assert len(combinations) >= 3 * 2 * 3 * 2 * 3 * 3 * 2 * 2 / 4


@pytest.mark.parametrize(
    ("parameters", "first"),
    [
        ({"ApiGatewayLogRole": "create"}, {"ApiGatewayAccount"}),
        ({"ApiGatewayLogRole": "exists"}, set()),
        (_LOCAL, set()),
    ],
)
def test_the_api_waits_for_the_accounts_log_role_where_the_stack_makes_it(
    stack: Stack, template: JsonObject, parameters: dict[str, str], first: set[str]
) -> None:
    made = _made(stack, defaults_of(template) | parameters)

    assert stack.resources["Api"]["DependsOn"] == "ApiGatewayReady"
    assert set(_named(made["ApiGatewayReady"])) == first
    assert "Properties" not in made["ApiGatewayReady"]


def _refusals(template: JsonObject, parameters: dict[str, str]) -> list[str]:
    return [
        assertion["AssertDescription"]
        for rule in template["Rules"].values()
        if value_of(rule["RuleCondition"], {}, parameters)
        for assertion in rule["Assertions"]
        if not value_of(assertion["Assert"], {}, parameters)
    ]


@pytest.mark.parametrize(
    ("parameters", "refused"),
    [
        ({}, False),
        ({"QueueBatchSize": "10", "QueueWindowSeconds": "0"}, False),
        ({"QueueBatchSize": "11", "QueueWindowSeconds": "0"}, True),
        ({"QueueBatchSize": "100", "QueueWindowSeconds": "0"}, True),
        ({"QueueBatchSize": "100", "QueueWindowSeconds": "1"}, False),
        ({"AwsEndpointUrl": "http://127.0.0.1:4566"}, True),
        ({"AwsEndpointUrl": "http://127.0.0.1:4566", "Environment": "prod"}, True),
        ({"AwsEndpointUrl": "http://127.0.0.1:4566", "Environment": "local"}, False),
        ({"DomainName": "api.example.com"}, True),
        ({"DomainName": "api.example.com", "CertificateArn": "arn:aws:acm:c"}, False),
        ({"DomainName": "api.example.com", "CertificateArn": "arn:aws:acm:c", "HostedZoneId": "Z1"}, False),
        ({"CertificateArn": "arn:aws:acm:c"}, True),
        ({"HostedZoneId": "Z1"}, True),
        ({"FirewallRequests": "9"}, True),
        ({"FirewallRequests": "10"}, False),
        ({"Observability": "off"}, False),
        ({"Observability": "off", "AlarmEmail": "you@example.com"}, True),
        ({"Observability": "on", "AlarmEmail": "you@example.com"}, False),
        ({"Observability": "full", "AlarmEmail": "you@example.com"}, False),
        ({"Observability": "on", "PageEmail": "you@example.com"}, True),
        ({"Observability": "full", "PageEmail": "you@example.com"}, False),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(
    template: JsonObject, parameters: dict[str, str], refused: bool
) -> None:
    assert len(_refusals(template, defaults_of(template) | parameters)) == refused


def test_a_message_stays_hidden_for_six_runs_and_the_longest_window(
    stack: Stack, template: JsonObject
) -> None:
    longest_window = template["Parameters"]["QueueWindowSeconds"]["MaxValue"]
    hidden = {}
    for mapping in stack.of_type("Lambda::EventSourceMapping").values():
        properties = mapping["Properties"]
        queue = properties["EventSourceArn"]["Fn::GetAtt"][0]
        if queue.endswith("Queue"):
            timeout = stack.properties(properties["FunctionName"]["Ref"])["Timeout"]
            hidden[queue] = stack.properties(queue)["VisibilityTimeout"] - 6 * timeout - longest_window

    assert {"BillingUsageQueue", "AnalyticsEventsQueue", "ReconcileQueue"} <= set(hidden)
    assert min(hidden.values()) >= 0


def test_the_accounts_log_role_outlives_the_stack_but_not_a_first_deployment_that_failed(
    stack: Stack,
) -> None:
    for name in ("ApiGatewayLogsRole", "ApiGatewayAccount"):
        assert stack.resources[name]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert stack.resources[name]["UpdateReplacePolicy"] == "Retain"


def test_the_stage_shows_every_change_of_the_api(template: JsonObject) -> None:
    assert template["Resources"]["Api"]["Properties"]["AlwaysDeploy"] is True


@pytest.mark.parametrize(
    ("said", "filter_of_lambda"),
    [("DEBUG", "DEBUG"), ("INFO", "INFO"), ("WARN", "INFO"), ("ERROR", "INFO")],
)
def test_no_log_level_has_lambda_drop_the_metrics_that_alarms_watch(
    stack: Stack, template: JsonObject, said: str, filter_of_lambda: str
) -> None:
    made = _made(stack, defaults_of(template) | {"LogLevel": said})

    functions = [each["Properties"] for each in made.values() if each["Type"] == "AWS::Lambda::Function"]
    assert {each["LoggingConfig"]["ApplicationLogLevel"] for each in functions} == {filter_of_lambda}
    assert {json.dumps(each["Environment"]["Variables"]["LOG_LEVEL"]) for each in functions} == {
        '{"Ref": "LogLevel"}'
    }


def test_consumers_of_queues_can_be_held_small(stack: Stack, template: JsonObject) -> None:
    at_once = {
        name: each["Properties"]["ScalingConfig"]["MaximumConcurrency"]
        for name, each in stack.of_type("Lambda::EventSourceMapping").items()
        if "ScalingConfig" in each["Properties"]
    }
    assert at_once.pop("TelemetryExportUsageFunctionUsage") == 2  # the least there is
    at_once = {name: each["Ref"] for name, each in at_once.items()}

    assert at_once["BillingSettleUsageFunctionUsage"] == "SettleConcurrency"
    assert at_once["AnalyticsRecordEventsFunctionTransactions"] == "RecordConcurrency"
    assert at_once["BillingReconcileAccountsFunctionAccounts"] == "RecordConcurrency"
    assert {template["Parameters"][name]["MinValue"] for name in at_once.values()} == {2}


def test_dev_leaves_the_few_executions_of_a_new_account_to_requests() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))

    small = {
        name
        for name, each in config.items()
        if name != "version"
        and "deploy" in each
        and "SettleConcurrency=2" in each["deploy"]["parameters"]["parameter_overrides"].split()
    }
    assert small == {"default", "dev"}
