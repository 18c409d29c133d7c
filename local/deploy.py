"""Deploy the built template into the emulator, and find what became of its resources."""

import os
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.conditions import decided, filled, made
from local.emulator import ACCOUNT, REGION, Emulator
from local.gaps import fill_gaps
from local.gateway import Api
from local.package import Built
from local.proxy_event import Stage
from local.template import defaults_of

JsonObject = dict[str, Any]

BUCKET = "aggregator-artifacts"
STACK = "aggregator"
API_ID = "aggregator"
# Alarms and dashboards would watch metrics that the emulator does not have.
PARAMETERS = {"Environment": "local", "Observability": "off"}


class DeployError(Exception):
    """The emulator refused the stack; the message says which resource, and why."""


@dataclass(frozen=True)
class Stack:
    """The deployed stack. `resources` maps logical to physical ids; `functions` logical ids to configurations."""

    api: Api
    stage: Stage
    resources: Mapping[str, str]
    outputs: Mapping[str, str]
    functions: Mapping[str, JsonObject]

    def environment_of(self, function: str) -> dict[str, str]:
        """Environment variables that the template gives a function, resolved."""
        variables: dict[str, str] = self.functions[function].get("Environment", {}).get("Variables", {})
        return dict(variables)


def upload(emulator: Emulator, archives: Mapping[str, Path]) -> None:
    """Put the archives where the template says they are."""
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(s3.upload_file, str(path), BUCKET, key) for key, path in archives.items()]:
            done.result()


def deploy(
    emulator: Emulator, template: JsonObject, template_text: str, parameters: Mapping[str, str]
) -> Stack:
    """Create the stack with `parameters` from the translated template, whose text is `template_text`.

    Raises:
        DeployError: a resource was refused.
    """
    cloudformation = emulator.client("cloudformation")
    emulator.client("s3").put_object(Bucket=BUCKET, Key="template.json", Body=template_text.encode())
    cloudformation.create_stack(
        StackName=STACK,
        TemplateURL=f"{emulator.url}/{BUCKET}/template.json",
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in {**parameters, "AwsEndpointUrl": emulator.url}.items()
        ],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        Tags=[{"Key": "ms-custom-id", "Value": API_ID}],
    )
    described = _wait_for_stack(cloudformation)
    resources = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK)
        for each in page["StackResourceSummaries"]
        if each.get("PhysicalResourceId")
    }
    api = Api.of(_as_made(template, parameters))
    stage = _stage_of(emulator, api, resources)
    fill_gaps(emulator, template, resources, api, stage.name)
    return Stack(
        api=api,
        stage=stage,
        resources=resources,
        outputs={each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])},
        functions=_functions_of(emulator, template, resources),
    )


def unpack_layers(template: JsonObject, function: str, built: Built, target: Path) -> None:
    """Lay a function's layers into `target` as Lambda lays them into /opt: in order, a later one over an earlier.

    Files are linked, not copied.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for layer in _layers_of(template, function):
        shutil.copytree(built.folders[layer], target, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> None:
    Path(target).unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def _layers_of(template: JsonObject, function: str) -> list[str]:
    """Logical ids of a function's layers, as the source names them: the translator appends a hash."""
    resources = template["Resources"]
    versions = [each["Ref"] for each in resources[function]["Properties"].get("Layers", [])]
    return [resources[version]["Properties"]["LayerName"] for version in versions]


def _as_made(template: JsonObject, parameters: Mapping[str, str]) -> JsonObject:
    """The template as its conditions have it, which the emulator keeps to itself."""
    said = defaults_of(template) | dict(parameters)
    resources = made(template["Resources"], decided(template["Conditions"], said))
    return template | {"Resources": filled(resources, said)}


def _wait_for_stack(cloudformation: Any) -> JsonObject:
    waiter = cloudformation.get_waiter("stack_create_complete")
    try:
        waiter.wait(StackName=STACK, WaiterConfig={"Delay": 0.1, "MaxAttempts": 1200})
    except Exception as failed:
        events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
        reasons = [
            f"{event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', '')}"
            for event in events
            if event["ResourceStatus"].endswith("FAILED")
        ]
        raise DeployError("\n".join(reasons) or str(failed)) from failed
    described: JsonObject = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    return described


def _stage_of(emulator: Emulator, api: Api, resources: Mapping[str, str]) -> Stage:
    api_id = resources[api.logical_id]
    (stage,) = emulator.client("apigateway").get_stages(restApiId=api_id)["item"]
    return Stage(api_id=api_id, name=stage["stageName"], account=ACCOUNT, region=REGION)


def _functions_of(
    emulator: Emulator, template: JsonObject, resources: Mapping[str, str]
) -> dict[str, JsonObject]:
    configurations = {
        each["FunctionName"]: each
        for page in emulator.client("lambda").get_paginator("list_functions").paginate()
        for each in page["Functions"]
    }
    return {
        name: configurations[resources[name]]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Function" and name in resources
    }
