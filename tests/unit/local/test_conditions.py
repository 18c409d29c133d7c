"""What conditions of a template choose, as CloudFormation has it."""

import pytest

from local.conditions import chosen, decided, filled, made

CONDITIONS = {
    "IsProd": {"Fn::Equals": [{"Ref": "Environment"}, "prod"]},
    "Wants": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Origins"}, ""]}]},
    "Both": {"Fn::And": [{"Condition": "IsProd"}, {"Condition": "Wants"}]},
    "IsOne": {
        "Fn::Equals": [{"Fn::Join": ["", {"Fn::Split": [",", {"Ref": "Origins"}]}]}, {"Ref": "Origins"}]
    },
}


@pytest.mark.parametrize(
    ("environment", "origins", "holding"),
    [
        ("dev", "", {"IsOne"}),
        ("dev", "a", {"Wants", "IsOne"}),
        ("prod", "a,b", {"IsProd", "Wants", "Both"}),
    ],
)
def test_conditions_hold_by_the_parameters(environment: str, origins: str, holding: set[str]) -> None:
    found = decided(CONDITIONS, {"Environment": environment, "Origins": origins})

    assert {name for name, holds in found.items() if holds} == holding


def test_what_a_condition_leaves_out_is_not_there() -> None:
    nothing = {"Ref": "AWS::NoValue"}
    value = {
        "kept": {"Fn::If": ["Yes", {"Fn::If": ["No", "inner", "other"]}, nothing]},
        "gone": {"Fn::If": ["No", "said", nothing]},
        "list": ["a", {"Fn::If": ["No", "b", nothing]}],
    }

    assert chosen(value, {"Yes": True, "No": False}) == {"kept": "other", "list": ["a"]}


def test_a_resource_of_a_condition_that_does_not_hold_is_not_made() -> None:
    resources = {"A": {"Type": "T"}, "B": {"Type": "T", "Condition": "No"}}

    assert made(resources, {"No": False}).keys() == {"A"}


def test_a_parameter_in_a_text_is_filled_in_unless_the_text_names_a_resource_too() -> None:
    value = [{"Fn::Sub": "'${Origins}'"}, {"Fn::Sub": "${Origins}/${Function.Arn}"}]

    assert filled(value, {"Origins": "https://a"}) == [
        "'https://a'",
        {"Fn::Sub": "${Origins}/${Function.Arn}"},
    ]
