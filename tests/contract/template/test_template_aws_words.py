"""Where AWS's word sets a form or a bound, the translated template keeps it; docs/aws-review.md says whose word.

Bounds that AWS states in the models of its own client are read out of botocore, so that they are AWS's and not ours.
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from local.check_template import translated
from local.template import defaults_of
from tests.contract.template.stack import JsonObject, Stack

ROOT = Path(__file__).parents[3]

STREAMED = (
    "arn:aws:apigateway:${{AWS::Region}}:lambda:path/2021-11-15/functions/"
    "${{{function}}}/response-streaming-invocations"
)
BUFFERED = "arn:aws:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{{function}}}/invocations"

LONGEST_BUFFERED_SECONDS = 29
LONGEST_AUTHORIZER_SECONDS = 10
MOST_RESOURCES = 500
LARGEST_TEMPLATE = 1_000_000
LONGEST_TRACED_NAME = 64


def _integrations(stack: Stack) -> Iterator[tuple[str, JsonObject]]:
    for path, methods in stack.api_body(CorsOrigins="https://app.example.com")["paths"].items():
        for method, each in methods.items():
            if "x-amazon-apigateway-integration" in each:
                yield f"{method.upper()} {path}", each["x-amazon-apigateway-integration"]


def _called(integration: JsonObject) -> str:
    """What a route calls: a function's `.Arn`, or an alias, which is its own."""
    found = re.search(r"functions/\$\{([\w.]+)\}/", integration["uri"]["Fn::Sub"])
    assert found is not None
    return found[1]


def _function_of(integration: JsonObject) -> str:
    return re.sub(r"(\.Arn|Aliaslive)$", "", _called(integration))


def test_a_streamed_route_calls_lambda_at_the_address_for_streams_and_any_other_at_the_plain_one(
    stack: Stack,
) -> None:
    called = dict(_integrations(stack))

    assert {each["type"] for each in called.values()} == {"aws_proxy"}
    assert {each["httpMethod"] for each in called.values()} == {"POST"}
    for route, each in called.items():
        form = STREAMED if each.get("responseTransferMode") == "STREAM" else BUFFERED
        assert each["uri"]["Fn::Sub"] == form.format(function=_called(each)), route


def test_api_gateway_may_call_each_function_that_a_route_names_by_the_one_action_that_covers_streams(
    stack: Stack,
) -> None:
    allowed = {
        (each["Properties"]["FunctionName"].get("Ref") or each["Properties"]["FunctionName"]["Fn::GetAtt"][0])
        for each in stack.of_type("Lambda::Permission").values()
        if each["Properties"]["Principal"] == "apigateway.amazonaws.com"
    }
    actions = {each["Properties"]["Action"] for each in stack.of_type("Lambda::Permission").values()}

    assert actions == {"lambda:InvokeFunction"}
    called = {_called(each).removesuffix(".Arn") for _, each in _integrations(stack)}
    assert called | {"AuthAuthorizerFunction"} == allowed


def test_a_function_ends_before_api_gateway_gives_up_on_it(stack: Stack) -> None:
    for route, each in _integrations(stack):
        seconds = stack.properties(_function_of(each))["Timeout"]
        if "timeoutInMillis" in each:
            assert seconds * 1000 <= each["timeoutInMillis"] == 900_000, route
        else:
            assert seconds <= LONGEST_BUFFERED_SECONDS, route
    assert stack.properties("AuthAuthorizerFunction")["Timeout"] < LONGEST_AUTHORIZER_SECONDS


def test_a_log_group_has_a_name_that_cloudwatch_takes_and_none_of_its_own(stack: Stack) -> None:
    for name, each in stack.of_type("Logs::LogGroup").items():
        said = each["Properties"]["LogGroupName"]["Fn::Sub"].replace("${AWS::StackName}", "s" * 128)
        assert re.fullmatch(_bound("logs", "CreateLogGroupRequest", "logGroupName")["pattern"], said), name
        assert len(said) <= 512
        assert not said.startswith(("aws/", "/aws/"))


def test_names_that_are_aws_own_to_give_are_left_to_it_so_that_one_capability_is_enough(stack: Stack) -> None:
    named = [
        name
        for kind, field in (
            ("IAM::Role", "RoleName"),
            ("IAM::ManagedPolicy", "ManagedPolicyName"),
            ("Lambda::Function", "FunctionName"),
            ("SQS::Queue", "QueueName"),
            ("DynamoDB::Table", "TableName"),
            ("S3::Bucket", "BucketName"),
        )
        for name, each in stack.of_type(kind).items()
        if field in each["Properties"]
    ]
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    capabilities = {
        each["deploy"]["parameters"]["capabilities"]
        for name, each in config.items()
        if name != "version" and "deploy" in each
    }

    assert named == []
    assert capabilities == {"CAPABILITY_IAM CAPABILITY_AUTO_EXPAND"}


def test_the_stack_is_within_what_one_template_may_hold(stack: Stack, template: JsonObject) -> None:
    written = (ROOT / "template.yaml").stat().st_size

    assert len(stack.resources) <= MOST_RESOURCES
    assert written <= LARGEST_TEMPLATE
    assert len(template["Outputs"]) <= 200
    assert len(template["Parameters"]) <= 200


def test_the_names_of_our_stacks_leave_room_where_x_ray_has_least() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    stacks = {
        each["deploy"]["parameters"]["stack_name"]
        for name, each in config.items()
        if name != "version" and "deploy" in each
    }

    assert stacks == {"ai-aggregator-dev", "ai-aggregator-prod"}
    assert max(len(f"{name}/api") for name in stacks) <= LONGEST_TRACED_NAME
    assert _bound("xray", "SamplingRule", "ServiceName")["max"] == LONGEST_TRACED_NAME


def test_only_the_function_that_sends_itself_messages_is_let_go_on_in_a_loop(stack: Stack) -> None:
    loops = {
        name: each["Properties"]["RecursiveLoop"]
        for name, each in stack.of_type("Lambda::Function").items()
        if "RecursiveLoop" in each["Properties"]
    }

    assert loops == {"BillingReconcileAccountsFunction": "Allow"}


def test_a_dead_letter_is_kept_no_shorter_than_what_it_was(stack: Stack) -> None:
    kept = {name: stack.properties(name)["MessageRetentionPeriod"] for name in stack.of_type("SQS::Queue")}

    for name, each in stack.of_type("SQS::Queue").items():
        policy = each["Properties"].get("RedrivePolicy")
        if policy is not None:
            assert kept[policy["deadLetterTargetArn"]["Fn::GetAtt"][0]] >= kept[name], name
    assert set(kept.values()) == {14 * 24 * 3600}


def test_the_stream_is_given_up_on_while_what_it_held_can_still_be_read(stack: Stack) -> None:
    reader = stack.properties("BillingPublishTransactionsFunctionEntries")

    assert reader["MaximumRetryAttempts"] == -1
    assert reader["MaximumRecordAgeInSeconds"] == 24 * 3600 - 3600


def test_events_are_archived_for_less_long_than_a_consumer_knows_them_again(template: JsonObject) -> None:
    store = (ROOT / "layers/common/python/aggregator/analytics/store.py").read_text(encoding="utf-8")
    found = re.search(r"_MARKS_LIVE = timedelta\(days=(\d+)\)", store)

    assert found is not None
    assert template["Parameters"]["ArchiveDays"]["MaxValue"] < int(found[1]) == 45


def test_an_access_log_line_tells_how_a_stream_went(stack: Stack) -> None:
    ((_, stage),) = stack.of_type("ApiGateway::Stage").items()
    line = stage["Properties"]["AccessLogSetting"]["Format"]

    assert '"headersAfterMs":"$context.integration.timeToAllHeaders"' in line
    assert '"firstByteAfterMs":"$context.integration.timeToFirstContent"' in line
    assert '"transferMode":"$context.integration.responseTransferMode"' in line


@cache
def _bound(service: str, shape: str, member: str) -> JsonObject:
    """What AWS's own client knows of a field: its bounds, its pattern, its values."""
    model = botocore.session.get_session().get_service_model(service)
    fields: Any = model.shape_for(shape)
    return dict(fields.members[member].metadata)


# Settings of the template, by kind of resource and path to the field, and where AWS's client bounds them.
BOUNDED: list[tuple[str, tuple[str, ...], tuple[str, str, str]]] = [
    *(
        (
            "Lambda::EventSourceMapping",
            (field,),
            ("lambda", "CreateEventSourceMappingRequest", field),
        )
        for field in (
            "BatchSize",
            "MaximumBatchingWindowInSeconds",
            "ParallelizationFactor",
            "MaximumRecordAgeInSeconds",
            "MaximumRetryAttempts",
        )
    ),
    (
        "Lambda::EventSourceMapping",
        ("ScalingConfig", "MaximumConcurrency"),
        ("lambda", "ScalingConfig", "MaximumConcurrency"),
    ),
    (
        "Lambda::EventInvokeConfig",
        ("MaximumRetryAttempts",),
        ("lambda", "PutFunctionEventInvokeConfigRequest", "MaximumRetryAttempts"),
    ),
    ("Lambda::Function", ("MemorySize",), ("lambda", "CreateFunctionRequest", "MemorySize")),
    ("Lambda::Function", ("Timeout",), ("lambda", "CreateFunctionRequest", "Timeout")),
    ("Events::Archive", ("RetentionDays",), ("events", "CreateArchiveRequest", "RetentionDays")),
]


@pytest.mark.parametrize(("kind", "path", "at"), BOUNDED, ids=[each[2][2] for each in BOUNDED])
def test_a_setting_is_within_the_bounds_of_awss_own_client(
    stack: Stack, template: JsonObject, kind: str, path: tuple[str, ...], at: tuple[str, str, str]
) -> None:
    bound = _bound(*at)
    values = [
        number
        for each in stack.of_type(kind).values()
        for number in _numbers(_at(each["Properties"], path), template)
    ]

    assert values != []
    assert min(values) >= bound["min"]
    assert max(values) <= bound.get("max", 10**9)


def test_rules_try_for_as_long_as_eventbridge_does_at_most(stack: Stack) -> None:
    policies = [
        target["RetryPolicy"]
        for each in stack.of_type("Events::Rule").values()
        for target in each["Properties"]["Targets"]
    ]

    for field in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds"):
        bound = _bound("events", "RetryPolicy", field)
        assert all(bound["min"] <= each[field] <= bound["max"] for each in policies), field
    assert {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86400} in policies


def test_words_that_choose_are_among_those_that_awss_own_client_knows(
    stack: Stack, template: JsonObject
) -> None:
    modes = _bound("apigateway", "PutIntegrationRequest", "responseTransferMode")["enum"]
    api = translated(template, defaults_of(template))["Resources"]["Api"]["Properties"]

    assert {each.get("responseTransferMode", "BUFFERED") for _, each in _integrations(stack)} == set(modes)
    known = _bound("apigateway", "CreateRestApiRequest", "securityPolicy")["enum"]
    assert set(template["Parameters"]["TlsPolicy"]["AllowedValues"]) <= set(known)
    assert api["SecurityPolicy"] == {"Ref": "TlsPolicy"}
    assert (
        api["EndpointAccessMode"]
        in _bound("apigateway", "CreateRestApiRequest", "endpointAccessMode")["enum"]
    )


def _at(properties: JsonObject, path: tuple[str, ...]) -> Any:
    value: Any = properties
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _numbers(value: Any, template: JsonObject) -> list[int]:
    """The number, or the least and the most that the parameter in its place may be."""
    if isinstance(value, dict) and "Ref" in value:
        parameter = template["Parameters"][value["Ref"]]
        return [
            int(parameter.get("MinValue", parameter["Default"])),
            int(parameter.get("MaxValue", parameter["Default"])),
        ]
    return [] if value is None else [int(value)]
