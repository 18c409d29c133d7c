"""What an account must allow before a stack is deployed into it: `make preflight ENV=dev`. Reads, and changes nothing.

New accounts have low quotas, and a stack that runs into one fails at the first load, not at its deployment.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.paths import ROOT, TEMPLATE
from local.template import defaults_of, load

JsonObject = dict[str, Any]
Clients = Callable[[str], Any]

# Executions at once that a stack should have: for users, and to try it out. Source: docs/deploy.md.
LEAST_EXECUTIONS = {"prod": 100, "dev": 10}

# Source: Service Quotas, list-service-quotas.
CONCURRENCY = ("lambda", "L-B99A9384")
RATE = ("apigateway", "L-8A5B8E43")
BURST = ("apigateway", "L-CDF5615A")
API_RESOURCES = ("apigateway", "L-01C8A9E0")
ROLES = ("iam", "L-FE177D64")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a stack takes of an account."""

    stack: str
    executions: int
    consumers: int
    requests_per_second: int
    burst: int
    api_resources: int
    roles: int
    makes_log_role: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `holds` is None where it could not be read."""

    what: str
    said: str
    holds: bool | None
    todo: str = ""


def wanted(env: str) -> Wanted:
    """What the stack of an environment takes, by template.yaml and samconfig.toml."""
    template = load(TEMPLATE)
    said = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))[env]["deploy"]["parameters"]
    parameters = defaults_of(template) | dict(
        each.split("=", 1) for each in said["parameter_overrides"].split()
    )
    settling, recording = int(parameters["SettleConcurrency"]), int(parameters["RecordConcurrency"])
    return Wanted(
        stack=said["stack_name"],
        executions=LEAST_EXECUTIONS[env],
        consumers=settling + 2 * recording,  # as many that reconcile
        requests_per_second=int(parameters["RequestsPerSecond"]),
        burst=int(parameters["RequestBurst"]),
        api_resources=len(_resources_of_the_api(template)),
        roles=sum(each["Type"] == "AWS::IAM::Role" for each in template["Resources"].values()),
        makes_log_role=parameters["ApiGatewayLogRole"] == "create",
    )


def look(wants: Wanted, clients: Clients) -> Iterator[Finding]:
    """Everything that is looked at, in the order in which it would hurt."""
    for what, check in (
        ("functions at once", _executions),
        ("requests a second", _rate),
        ("requests in a burst", _burst),
        ("paths of an API", _paths),
        ("roles", _roles),
        ("API Gateway's log role", _log_role),
    ):
        try:
            yield check(what, wants, clients)
        except ClientError as refused:
            yield Finding(what, f"not read: {refused.response['Error']['Code']}", None)


def _executions(what: str, wants: Wanted, clients: Clients) -> Finding:
    has = clients("lambda").get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    left = has - wants.consumers
    said = f"{has}, of which settling and recording take {wants.consumers} at most: {left} requests and streams at once"
    return Finding(what, said, has >= wants.executions, _raise(CONCURRENCY, 1000))


def _rate(what: str, wants: Wanted, clients: Clients) -> Finding:
    has = _quota(clients, RATE)
    said = f"{has:g} for all APIs of the account, {wants.requests_per_second} wanted"
    return Finding(what, said, has >= wants.requests_per_second, _raise(RATE, wants.requests_per_second))


def _burst(what: str, wants: Wanted, clients: Clients) -> Finding:
    has = _quota(clients, BURST)
    todo = f"it follows the rate and cannot be raised alone: deploy with RequestBurst={has:g}"
    return Finding(what, f"{has:g}, {wants.burst} wanted", has >= wants.burst, todo)


def _paths(what: str, wants: Wanted, clients: Clients) -> Finding:
    has = _quota(clients, API_RESOURCES)
    return Finding(
        what, f"{has:g}, {wants.api_resources} wanted", has >= wants.api_resources, _raise(API_RESOURCES, 600)
    )


def _roles(what: str, wants: Wanted, clients: Clients) -> Finding:
    counted = clients("iam").get_account_summary()["SummaryMap"]
    used, has = counted["Roles"], counted["RolesQuota"]
    said = f"{used} of {has} used, up to {wants.roles} more wanted"
    return Finding(what, said, used + wants.roles <= has, _raise(ROLES, has + 1000))


def _log_role(what: str, wants: Wanted, clients: Clients) -> Finding:
    """An account and region has one; a second stack must not make it again."""
    role = clients("apigateway").get_account().get("cloudwatchRoleArn", "")
    ours = f"/{wants.stack}-" in role
    if wants.makes_log_role:
        said = (
            "none yet, this stack makes it" if not role else f"{role}{', made by this stack' if ours else ''}"
        )
        return Finding(what, said, not role or ours, "deploy with ApiGatewayLogRole=exists")
    return Finding(what, role or "none", bool(role), "deploy with ApiGatewayLogRole=create")


def _quota(clients: Clients, which: tuple[str, str]) -> float:
    """The account's value of a quota, or AWS's where the account has none of its own."""
    service, code = which
    quotas = clients("service-quotas")
    try:
        found = quotas.get_service_quota(ServiceCode=service, QuotaCode=code)
    except quotas.exceptions.NoSuchResourceException:
        found = quotas.get_aws_default_service_quota(ServiceCode=service, QuotaCode=code)
    return float(found["Quota"]["Value"])


def _raise(which: tuple[str, str], value: int) -> str:
    service, code = which
    return (
        f"aws service-quotas request-service-quota-increase --service-code {service} --quota-code {code} "
        f"--desired-value {value}"
    )


def _resources_of_the_api(template: Mapping[str, Any]) -> set[str]:
    """Each part of each path is a resource of the API, and so is its root."""
    paths = {
        event["Properties"]["Path"]
        for each in template["Resources"].values()
        for event in each.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "Api"
    }
    return {"/"} | {path[: end.end()] for path in paths for end in re.finditer(r"/[^/]+", path)}


def report(findings: list[Finding]) -> int:
    """Print what was found, and what to do; return the exit status."""
    for each in findings:
        mark = {True: "ok", False: "TO DO", None: "unknown"}[each.holds]
        print(f"{mark:<8} {each.what}: {each.said}")
        if each.holds is False:
            print(f"{'':<8} {each.todo}")
    return int(any(each.holds is False for each in findings))


def main() -> int:
    """Look, and report."""
    parser = argparse.ArgumentParser(prog="python -m local.preflight", description=__doc__)
    parser.add_argument("--env", choices=sorted(LEAST_EXECUTIONS), default="dev")
    env = parser.parse_args().env
    try:
        return report(list(look(wanted(env), cast("Clients", boto3.client))))
    except BotoCoreError as failed:
        print(f"The account cannot be asked: {failed}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
