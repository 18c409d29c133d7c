"""Every policy of the stack against AWS's own list of actions, resources and condition keys."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.check_template import translated
from local.template import defaults_of
from tests.contract.template.stack import JsonObject, Stack
from tests.iam.arns import resolved
from tests.iam.reference import HERE, problems_of
from tests.tables import load_template

PUT = {
    "actions": ["events:PutEvents"],
    "resources": ["arn:aws:events:eu-central-1:123456789012:event-bus/stack"],
}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _resource_policies(stack: Stack) -> Iterator[tuple[str, JsonObject]]:
    for name, each in stack.resources.items():
        properties = each.get("Properties", {})
        document = properties.get("Policy") if each["Type"] == "AWS::Events::EventBus" else None
        if each["Type"] in ("AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy"):
            document = properties["PolicyDocument"]
        for statement in (document or {}).get("Statement", []):
            yield name, statement


@pytest.fixture(scope="module")
def stack() -> Stack:
    written = load_template()
    defaults = defaults_of(written)
    plain = translated(written, defaults)
    return Stack(plain["Resources"], plain["Conditions"], defaults)


def test_every_action_is_one_fits_its_resource_and_lists_are_compared_as_lists(stack: Stack) -> None:
    said = [*stack.statements(), *_resource_policies(stack)]
    statements = [
        {
            "actions": _listed(each["Action"]),
            "resources": [resolved(stack, resource) for resource in _listed(each["Resource"])],
            "conditions": [
                [operator, key] for operator, keys in each.get("Condition", {}).items() for key in keys
            ],
        }
        for _, each in said
    ]

    problems = problems_of(statements)

    assert {name: found for (name, _), found in zip(said, problems, strict=True) if found} == {}
    assert len(said) > 140
    assert sum(len(each["conditions"]) for each in statements) > 30


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (PUT | {"conditions": [["StringEquals", "events:source"]]}, "events:source is a list"),
        (PUT | {"conditions": [["ForAllValues:StringEquals", "aws:PrincipalAccount"]]}, "is no list"),
        (PUT | {"conditions": [["StringEquals", "events:sauce"]]}, "no such key"),
        (PUT | {"actions": ["events:PutEvent"], "conditions": []}, "no such action"),
        (
            PUT | {"resources": ["arn:aws:events:eu-central-1:123456789012:rule/a"], "conditions": []},
            "cannot be done",
        ),
        (
            {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::bucket"], "conditions": []},
            "cannot be done to arn:aws:s3:::bucket",
        ),
        (
            {
                "actions": ["dynamodb:GetRecords"],
                "resources": ["arn:aws:dynamodb:eu-central-1:123456789012:table/a"],
                "conditions": [],
            },
            "cannot be done",
        ),
    ],
)
def test_a_policy_that_does_not_fit_is_found(statement: JsonObject, problem: str) -> None:
    ((found,),) = problems_of([statement])

    assert problem in found


def test_the_reference_is_pinned_with_hashes_and_names_no_host() -> None:
    text = (HERE / "package-lock.json").read_text(encoding="utf-8")
    wanted = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    packages = {
        name.removeprefix("node_modules/"): each
        for name, each in json.loads(text)["packages"].items()
        if name
    }

    assert all(each["integrity"].startswith("sha512-") for each in packages.values())
    assert {name: packages[name]["version"] for name in wanted} == wanted
    assert "http" not in text
