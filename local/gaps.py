"""What ministack 1.5 leaves out of a stack, put in after it, so that the stack is what CloudFormation would make."""

import json
from collections.abc import Mapping
from typing import Any

from local.emulator import Emulator
from local.gateway import Api

JsonObject = dict[str, Any]


def fill_gaps(
    emulator: Emulator, template: JsonObject, resources: Mapping[str, str], api: Api, stage_name: str
) -> None:
    """Do the three things that the emulator skips, from the translated template."""
    _put_gateway_responses(emulator, api, resources[api.logical_id], stage_name)
    _generate_secrets(emulator, template, resources)
    _give_numbers(emulator)


def _put_gateway_responses(emulator: Emulator, api: Api, api_id: str, stage_name: str) -> None:
    """Give the API its own error answers; the emulator does not read them out of the API's body."""
    gateway = emulator.client("apigateway")
    for kind, said in api.gateway_responses.items():
        gateway.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            **{key: said[key] for key in ("responseParameters", "responseTemplates") if said.get(key)},
            **({"statusCode": str(said["statusCode"])} if said.get("statusCode") else {}),
        )
    gateway.create_deployment(restApiId=api_id, stageName=stage_name)


def _generate_secrets(emulator: Emulator, template: JsonObject, resources: Mapping[str, str]) -> None:
    """Generate secrets anew as they are described; the emulator heeds their length only, and quotes break headers."""
    manager = emulator.client("secretsmanager")
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::SecretsManager::Secret" or name not in resources:
            continue
        if not (wanted := dict(resource["Properties"].get("GenerateSecretString") or {})):
            continue
        around = json.loads(wanted.pop("SecretStringTemplate", "null"))
        key = wanted.pop("GenerateStringKey", None)
        password = manager.get_random_password(**wanted)["RandomPassword"]
        text = password if around is None else json.dumps(around | {key: password})
        manager.put_secret_value(SecretId=resources[name], SecretString=text)


def _give_numbers(emulator: Emulator) -> None:
    """Give readers of queues their concurrency as a number: out of a parameter it is text, and nothing is read."""
    functions = emulator.client("lambda")
    for page in functions.get_paginator("list_event_source_mappings").paginate():
        for mapping in page["EventSourceMappings"]:
            if at_once := mapping.get("ScalingConfig", {}).get("MaximumConcurrency"):
                functions.update_event_source_mapping(
                    UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": int(at_once)}
                )
