"""Down to nothing: delete the stack, and say what is left of it in the account."""

from typing import Any

from local.cloud_check.world import NotAsItShouldBeError
from local.empty_answers import empty
from local.target import Target

PROJECT = "ai-aggregator"


def down(target: Target, stack: str) -> list[str]:
    """Delete a stack that is not prod's, and wait; return the ARNs of what of the project is left in the region.

    Raises:
        NotAsItShouldBeError: it is prod, which keeps its data, or its deletion failed.
    """
    cloudformation = target.client("cloudformation")
    described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    given = {each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", [])}
    if given.get("Environment") == "prod":
        raise NotAsItShouldBeError("prod keeps its data: docs/deploy.md says how to let go of it by hand")
    empty(target)
    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=described["StackId"])
    return _left(target, given.get("Environment", "dev"))


def _left(target: Target, environment: str) -> list[str]:
    filters = [{"Key": "project", "Values": [PROJECT]}, {"Key": "environment", "Values": [environment]}]
    tagged: Any = target.client("resourcegroupstaggingapi").get_paginator("get_resources")
    return [
        each["ResourceARN"]
        for page in tagged.paginate(TagFilters=filters)
        for each in page["ResourceTagMappingList"]
    ]
