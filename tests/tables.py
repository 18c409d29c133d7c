"""Tables for tests, made from template.yaml, so that the keys a test relies on cannot drift from the real ones."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from local.paths import TEMPLATE
from local.template import load

JsonObject = dict[str, Any]

# What CreateTable takes; the rest of a table's properties are CloudFormation's own or have calls of their own.
_OF_CREATE_TABLE = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")


@cache
def _read(path: Path) -> JsonObject:
    return load(path)


def load_template(path: Path = TEMPLATE) -> JsonObject:
    """A CloudFormation template as a dictionary, its short-form functions in their long form; the caller's own copy.

    It is read once in a process: hundreds of tests make tables from it.
    """
    return deepcopy(_read(path))


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
