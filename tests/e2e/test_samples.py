"""Every function answers its sample event in its true runtime, as `make invoke` runs it."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.emulator import ACCESS, ACCOUNT, REGION
from local.function_emulator import EmulatedFunction, declared, failed
from local.invoke import sample_of
from local.template import load
from tests.e2e.stack import Stack
from tests.iam.recorder import Need, Recorder, secret_arn
from tests.iam.reference import outcomes_of

ROOT = Path(__file__).parents[2]
WITHOUT_AWS = {
    "auth/create_session",
    "auth/get_caller",
    "auth/get_sign_in",
    "console/get_page",
    "cors/answer_preflight",
}


def functions() -> list[str]:
    resources = load(ROOT / "template.yaml")["Resources"].values()
    return sorted(
        resource["Properties"]["CodeUri"].removeprefix("functions/")
        for resource in resources
        if resource["Type"] == "AWS::Serverless::Function"
    )


@pytest.mark.parametrize("name", functions())
def test_a_function_answers_its_sample_event_with_what_its_own_role_allows(
    stack: Stack, tmp_path: Path, name: str
) -> None:
    environments: dict[str, dict[str, str]] = json.loads((stack.folder / "env.json").read_text())
    function = declared(name)
    event: Any = json.loads(sample_of(name).read_text())

    with Recorder(stack.emulator_url) as aws:
        environment = ACCESS | environments[function.logical_id] | {"AWS_ENDPOINT_URL": aws.url}
        with EmulatedFunction(function, environment, tmp_path / "log") as running:
            answer = running.invoke(event)

    assert not failed(answer), answer
    if "httpMethod" in event and name != "auth/authorizer":
        assert answer["statusCode"] < 500, answer
    assert _refused(stack, function.logical_id, aws.needs()) == []
    assert aws.calls or name in WITHOUT_AWS


@pytest.mark.parametrize("walk", ["chat_completion", "response", "message", "embedding"])
def test_a_request_that_is_kept_needs_no_more_than_its_role_allows(
    stack: Stack, tmp_path: Path, walk: str
) -> None:
    environments: dict[str, dict[str, str]] = json.loads((stack.folder / "env.json").read_text())
    function = declared(f"proxy/create_{walk}")
    event: Any = json.loads(sample_of(function.name).read_text())
    event["headers"] |= {"Idempotency-Key": f"kept-{walk}"}

    with Recorder(stack.emulator_url) as aws:
        environment = ACCESS | environments[function.logical_id] | {"AWS_ENDPOINT_URL": aws.url}
        with EmulatedFunction(function, environment, tmp_path / "log") as running:
            answers = [running.invoke(event) for _ in range(2)]
        needs = aws.needs()

    assert [answer["statusCode"] for answer in answers] in ([200, 200], [201, 201]), answers
    table = f"table/{stack.resources['ProxyTable']}"
    assert {need.action for need in needs if need.resource.endswith(table)} >= {"dynamodb:PutItem"}
    assert _refused(stack, function.logical_id, needs) == []


def _refused(stack: Stack, function: str, needs: list[Need]) -> list[tuple[Need, str]]:
    """What the function needed and its role, as it was deployed, does not allow."""
    role = stack.resources[function.removesuffix("Function") + "Role"]
    policies = [_policy_of(stack, role)]
    outcomes = outcomes_of([need._asdict() | {"role": role, "policies": policies} for need in needs])
    return [(need, said) for need, said in zip(needs, outcomes, strict=True) if said != "Allowed"]


def _policy_of(stack: Stack, role: str) -> Any:
    """The policy with which the role was deployed."""
    iam = boto3.client(
        "iam",
        endpoint_url=stack.emulator_url,
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="local",
    )
    text = json.dumps(iam.get_role_policy(RoleName=role, PolicyName="least")["PolicyDocument"])
    for secret in ("Pepper", "AdminKey", "ProviderKeys"):
        text = text.replace(f'"{stack.resources[secret]}"', f'"{secret_arn(stack.resources[secret])}"')
    return json.loads(text)


def test_a_call_that_a_role_does_not_allow_is_found(stack: Stack) -> None:
    bus = f"arn:aws:events:us-east-1:000000000000:event-bus/{stack.resources['Bus']}"
    table = f"arn:aws:dynamodb:us-east-1:000000000000:table/{stack.resources['BillingTable']}"
    needs = [
        Need("events:PutEvents", bus, {"events:source": ["aggregator.orchestrator"]}),
        Need("events:PutEvents", bus, {"events:source": ["aggregator.orchestrator", "aggregator.billing"]}),
        Need("events:PutEvents", bus, {}),
        Need("dynamodb:PutItem", table, {}),
    ]

    refused = _refused(stack, "OrchestratorPutModelFunction", needs)

    assert refused == [(need, "ImplicitlyDenied") for need in needs[1:]]
