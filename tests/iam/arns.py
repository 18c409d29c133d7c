"""ARNs of a template's resources, made up as AWS makes them."""

import re
from typing import Any

from tests.contract.template.stack import Stack

PLACE = "eu-central-1:123456789012"
PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "stack",
    "MailIdentity": "example.com",  # a parameter
}

# By type, and by the attribute that is asked for. Source: AWS CloudFormation resource reference, return values.
_ARNS = {
    ("DynamoDB::Table", "Arn"): f"arn:aws:dynamodb:{PLACE}:table/{{}}",
    ("DynamoDB::Table", "StreamArn"): f"arn:aws:dynamodb:{PLACE}:table/{{}}/stream/2026-11-23T06:00:00.000",
    ("Events::EventBus", "Arn"): f"arn:aws:events:{PLACE}:event-bus/{{}}",
    ("Events::Rule", "Arn"): f"arn:aws:events:{PLACE}:rule/stack/{{}}",
    ("Lambda::Function", "Arn"): f"arn:aws:lambda:{PLACE}:function:{{}}",
    ("Logs::LogGroup", "Arn"): f"arn:aws:logs:{PLACE}:log-group:/stack/{{}}:*",
    ("S3::Bucket", "Arn"): "arn:aws:s3:::{}",
    ("S3::Bucket", "Ref"): "{}",
    ("SNS::Topic", "Ref"): f"arn:aws:sns:{PLACE}:{{}}",
    ("SQS::Queue", "Arn"): f"arn:aws:sqs:{PLACE}:{{}}",
    ("SecretsManager::Secret", "Ref"): f"arn:aws:secretsmanager:{PLACE}:secret:{{}}-AbCdEf",
}


def resolved(stack: Stack, value: Any) -> str:
    """The ARN that a policy's `Resource` names."""
    match value:
        case {"Fn::If": [_, made, _]}:  # what it names where the condition holds
            return resolved(stack, made)
        case {"Ref": name}:
            return PSEUDO.get(name) or _made(stack, name, "Ref")
        case {"Fn::GetAtt": [name, attribute]}:
            return _made(stack, name, attribute)
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{([^}]+)\}", lambda found: _substituted(stack, found[1]), text)
        case str():
            return value
    raise AssertionError(value)


def _substituted(stack: Stack, name: str) -> str:
    resource, dot, attribute = name.partition(".")
    return PSEUDO.get(name) or _made(stack, resource, attribute if dot else "Ref")


def _made(stack: Stack, name: str, attribute: str) -> str:
    return _ARNS[stack.resources[name]["Type"].removeprefix("AWS::"), attribute].format(name)
