"""Tables for tests, made from template.yaml, so that the keys a test relies on cannot drift from the real ones."""

from pathlib import Path
from typing import Any

import yaml

JsonObject = dict[str, Any]

TEMPLATE = Path(__file__).parents[1] / "template.yaml"

# What CreateTable takes; the rest of a table's properties are CloudFormation's own or have calls of their own.
_OF_CREATE_TABLE = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")


class _CloudFormationLoader(yaml.SafeLoader):
    """Reads `!Ref x` as `{"Ref": x}` and `!Sub x` as `{"Fn::Sub": x}`, like the long forms."""


def _intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> JsonObject:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        content: Any = loader.construct_scalar(node)
        return {name: content.split(".", 1) if suffix == "GetAtt" else content}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    raise TypeError(f"!{suffix} on a {type(node).__name__}")


_CloudFormationLoader.add_multi_constructor("!", _intrinsic)


def _text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


# A policy's `Version: 2012-10-17` is no date.
_CloudFormationLoader.add_constructor("tag:yaml.org,2002:timestamp", _text)


def load_template(path: Path = TEMPLATE) -> JsonObject:
    """A CloudFormation template as a dictionary, its short-form functions in their long form."""
    with path.open(encoding="utf-8") as file:
        template: JsonObject = yaml.load(file, Loader=_CloudFormationLoader)  # noqa: S506 (a SafeLoader)
    return template


def create_table(dynamodb: Any, name: str) -> str:
    """Create the table whose logical id in template.yaml is `name` ("AuthTable"), and return its name: the same.

    `dynamodb` is a boto3 client or an `Aws`. The stream, if the template has one, is on.
    """
    properties = load_template()["Resources"][name]["Properties"]
    request = {key: properties[key] for key in _OF_CREATE_TABLE if key in properties}
    request["TableName"] = name
    if stream := properties.get("StreamSpecification"):
        request["StreamSpecification"] = {"StreamEnabled": True, **stream}
    time_to_live = {
        "TableName": name,
        "TimeToLiveSpecification": properties["TimeToLiveSpecification"],
    }
    if hasattr(dynamodb, "call"):
        dynamodb.call("CreateTable", request)
        dynamodb.call("UpdateTimeToLive", time_to_live)
    else:
        dynamodb.create_table(**request)
        dynamodb.update_time_to_live(**time_to_live)
    return name
