"""What an account allows is read and held against what the stack takes; answers are of the form that botocore knows."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from local.preflight import BURST, RATE, Finding, Wanted, look, report, wanted

WANTS = Wanted(
    stack="ai-aggregator-dev",
    executions=10,
    consumers=6,
    requests_per_second=500,
    burst=1000,
    api_resources=90,
    roles=50,
    makes_log_role=True,
)
ROLE = "arn:aws:iam::123456789012:role"
OLD_ACCOUNT = {
    "executions": 1000,
    "rate": 10000.0,
    "burst": 5000.0,
    "paths": 300.0,
    "roles": 120,
    "log_role": None,
}


def quota(value: float) -> dict[str, Any]:
    return {"Quota": {"Value": value}}


def account(**changed: Any) -> Any:
    """Clients of an account, each of which answers what is asked of it and nothing else."""
    has = OLD_ACCOUNT | changed
    clients = {
        name: boto3.client(name, region_name="eu-central-1", aws_access_key_id="k", aws_secret_access_key="s")
        for name in ("lambda", "service-quotas", "iam", "apigateway")
    }
    stubs = {name: Stubber(client) for name, client in clients.items()}
    limit = {"ConcurrentExecutions": has["executions"], "UnreservedConcurrentExecutions": has["executions"]}
    stubs["lambda"].add_response("get_account_settings", {"AccountLimit": limit})
    for name, (service, code) in (("rate", RATE), ("burst", BURST), ("paths", ("apigateway", "L-01C8A9E0"))):
        asked = {"ServiceCode": service, "QuotaCode": code}
        if isinstance(has[name], str):
            stubs["service-quotas"].add_client_error("get_service_quota", has[name], expected_params=asked)
        elif name == has.get("by_default"):
            stubs["service-quotas"].add_client_error(
                "get_service_quota", "NoSuchResourceException", expected_params=asked
            )
            stubs["service-quotas"].add_response("get_aws_default_service_quota", quota(has[name]), asked)
        else:
            stubs["service-quotas"].add_response("get_service_quota", quota(has[name]), asked)
    stubs["iam"].add_response(
        "get_account_summary", {"SummaryMap": {"Roles": has["roles"], "RolesQuota": 1000}}
    )
    role = {"cloudwatchRoleArn": has["log_role"]} if has["log_role"] else {}
    stubs["apigateway"].add_response("get_account", role)
    for stub in stubs.values():
        stub.activate()
    return clients.__getitem__


def short_of(**changed: Any) -> dict[str, bool | None]:
    return {each.what: each.holds for each in look(WANTS, account(**changed)) if each.holds is not True}


def test_an_account_that_allows_all_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    findings = list(look(WANTS, account()))

    assert report(findings) == 0
    assert [each.holds for each in findings] == [True] * 6
    assert "1000, of which settling and recording take 6 at most: 994 requests and streams at once" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("changed", "short"),
    [
        ({"executions": 9}, {"functions at once": False}),
        ({"executions": 10}, {}),
        ({"rate": 499.0}, {"requests a second": False}),
        ({"burst": 999.0}, {"requests in a burst": False}),
        ({"paths": 89.0}, {"paths of an API": False}),
        ({"roles": 951}, {"roles": False}),
        ({"roles": 950}, {}),
        ({"log_role": f"{ROLE}/another-stack-ApiGatewayLogsRole"}, {"API Gateway's log role": False}),
        ({"log_role": f"{ROLE}/ai-aggregator-dev-ApiGatewayLogsRole"}, {}),
        ({"rate": "AccessDeniedException"}, {"requests a second": None}),
    ],
)  # fmt: skip
def test_what_is_short_is_found_and_nothing_else(
    changed: dict[str, Any], short: dict[str, bool | None]
) -> None:
    assert short_of(**changed) == short


def test_where_the_account_has_no_value_of_its_own_awss_default_holds() -> None:
    assert short_of(rate=400.0, by_default="rate") == {"requests a second": False}


def test_what_to_do_is_a_command_and_the_exit_says_that_there_is_something(
    capsys: pytest.CaptureFixture[str],
) -> None:
    findings = [each for each in look(WANTS, account(executions=5)) if each.holds is False]

    assert report(findings) == 1
    assert (
        "aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 "
        "--desired-value 1000"
    ) in capsys.readouterr().out


def test_what_could_not_be_read_is_said_and_fails_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert report([Finding("roles", "not read: AccessDenied", None)]) == 0
    assert capsys.readouterr().out == "unknown  roles: not read: AccessDenied\n"


def test_a_stack_takes_what_its_parameters_say() -> None:
    dev, prod = wanted("dev"), wanted("prod")

    assert (dev.stack, dev.executions, dev.consumers) == ("ai-aggregator-dev", 10, 6)
    assert (prod.stack, prod.executions, prod.consumers) == ("ai-aggregator-prod", 100, 14)
    assert (dev.requests_per_second, dev.burst) == (500, 1000)
    assert 60 < dev.api_resources < 300
    assert dev.roles > 45
