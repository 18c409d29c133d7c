"""New versions of the functions that call models: all at once by default, or let in by CodeDeploy and taken back."""

import pytest

from local.check_template import translated
from local.conditions import chosen, decided
from local.template import defaults_of
from tests.contract.template.stack import JsonObject, Stack

WALKS = {f"ProxyCreate{walk}Function" for walk in ("ChatCompletion", "Response", "Message", "Embedding")}


@pytest.fixture(scope="module")
def gradual(template: JsonObject) -> Stack:
    defaults = defaults_of(template) | {"Deployment": "Canary10Percent5Minutes"}
    plain = translated(template, defaults)
    return Stack(plain["Resources"], plain["Conditions"], defaults)


def test_each_is_called_by_a_name_that_leads_to_a_version_of_its_own(stack: Stack) -> None:
    aliases = stack.of_type("Lambda::Alias")

    assert {each["Properties"]["FunctionName"]["Ref"] for each in aliases.values()} == WALKS
    assert {each["Properties"]["Name"] for each in aliases.values()} == {"live"}


def test_by_default_codedeploy_has_no_part_in_it(stack: Stack) -> None:
    assert stack.defaults["Deployment"] == "AllAtOnce"
    assert stack.of_type("CodeDeploy::Application") == {}
    assert all("UpdatePolicy" not in each for each in stack.of_type("Lambda::Alias").values())
    assert stack.resources["DeploymentErrorsAlarm"]["Condition"] == "DeploysGradually"


def test_gradually_each_goes_back_by_itself_where_functions_fail(gradual: Stack) -> None:
    groups = gradual.of_type("CodeDeploy::DeploymentGroup")

    assert set(groups) == {name.replace("Function", "FunctionDeploymentGroup") for name in WALKS}
    for group in groups.values():
        said = group["Properties"]
        assert said["DeploymentConfigName"]["Fn::Sub"][1] == {"ConfigName": "Canary10Percent5Minutes"}
        assert chosen(said["AlarmConfiguration"], decided(gradual.conditions, gradual.defaults)) == {
            "Alarms": [{"Name": {"Ref": "DeploymentErrorsAlarm"}}],
            "Enabled": True,
        }
        assert "DEPLOYMENT_STOP_ON_ALARM" in said["AutoRollbackConfiguration"]["Events"]
    assert all("UpdatePolicy" in each for each in gradual.of_type("Lambda::Alias").values())


def test_the_alarm_watches_what_is_called_by_that_name(gradual: Stack) -> None:
    watched = {
        tuple(
            each.get("Value", {}).get("Ref") or each["Value"]["Fn::Sub"]
            for each in metric["MetricStat"]["Metric"]["Dimensions"]
        )
        for metric in gradual.properties("DeploymentErrorsAlarm")["Metrics"]
        if "MetricStat" in metric
    }

    assert watched == {(name, f"${{{name}}}:live") for name in WALKS}
