"""A name of one's own and a firewall: neither by default; each whole where it is asked for."""

import re

import pytest

from local.conditions import decided, made
from tests.contract.template.stack import JsonObject, Stack

DOMAIN = {
    "DomainName": "api.example.com",
    "CertificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/1",
}
OWN = {"Domain", "DomainMapping", "DomainEntry", "Firewall", "FirewallAtTheStage"}


def _there(stack: Stack, **parameters: str) -> set[str]:
    return made(stack.resources, decided(stack.conditions, {**stack.defaults, **parameters})).keys() & OWN


def test_by_default_there_is_neither(stack: Stack) -> None:
    assert _there(stack) == set()


def test_a_name_can_be_had_with_its_entry_or_without(stack: Stack) -> None:
    assert _there(stack, **DOMAIN) == {"Domain", "DomainMapping"}
    assert _there(stack, **DOMAIN, HostedZoneId="Z1") == {"Domain", "DomainMapping", "DomainEntry"}


def test_the_name_is_at_the_root_of_the_stage_under_the_same_tls_and_streams_as_long(stack: Stack) -> None:
    domain, mapping = stack.properties("Domain"), stack.properties("DomainMapping")

    assert domain["SecurityPolicy"] == stack.properties("Api")["SecurityPolicy"] == {"Ref": "TlsPolicy"}
    assert domain["EndpointAccessMode"] == "STRICT"
    assert domain["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert "BasePath" not in mapping
    assert stack.resources[mapping["Stage"]["Ref"]]["Type"] == "AWS::ApiGateway::Stage"


@pytest.mark.parametrize("name", ["", "api.example.com", "ai.sub-1.example.co"])
def test_a_name_is_taken_as_it_is_written_in_dns(template: JsonObject, name: str) -> None:
    assert re.fullmatch(template["Parameters"]["DomainName"]["AllowedPattern"], name)


@pytest.mark.parametrize(
    "name", ["https://api.example.com", "API.example.com", "api", "api.example.com/", "-a.example.com"]
)
def test_what_is_no_name_is_refused(template: JsonObject, name: str) -> None:
    assert not re.fullmatch(template["Parameters"]["DomainName"]["AllowedPattern"], name)


def test_the_firewall_is_before_the_stage_and_counts_by_address(stack: Stack) -> None:
    assert _there(stack, FirewallRequests="2000") == {"Firewall", "FirewallAtTheStage"}
    rate = stack.properties("Firewall")["Rules"][0]
    place = stack.properties("FirewallAtTheStage")["ResourceArn"]["Fn::Sub"]

    assert rate["Action"] == {"Block": {}}
    assert rate["Statement"]["RateBasedStatement"] == {
        "AggregateKeyType": "IP",
        "EvaluationWindowSec": 300,
        "Limit": {"Ref": "FirewallRequests"},
    }
    assert place[0].endswith("::/restapis/${Api}/stages/${Stage}")
    assert stack.resources[place[1]["Stage"]["Ref"]]["Type"] == "AWS::ApiGateway::Stage"


def test_the_firewall_refuses_nobody_for_what_a_prompt_says(stack: Stack) -> None:
    """Source: AWS WAF developer guide, "Baseline rule groups": these are all of their rules that look into bodies."""
    looking_into_bodies = {
        "AWSManagedRulesAmazonIpReputationList": set(),
        "AWSManagedRulesKnownBadInputsRuleSet": {"JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY"},
        "AWSManagedRulesCommonRuleSet": {
            "CrossSiteScripting_BODY", "EC2MetaDataSSRF_BODY", "GenericLFI_BODY", "GenericRFI_BODY",
            "SizeRestrictions_BODY",
        },
    }  # fmt: skip
    groups = {
        group["Name"]: group
        for rule in stack.properties("Firewall")["Rules"]
        if (group := rule["Statement"].get("ManagedRuleGroupStatement"))
    }

    assert groups.keys() == looking_into_bodies.keys()
    for name, group in groups.items():
        counting = {
            each["Name"]
            for each in group.get("RuleActionOverrides", ())
            if each["ActionToUse"] == {"Count": {}}
        }
        assert counting == looking_into_bodies[name], name
