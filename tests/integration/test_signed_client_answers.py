"""What a caller of the signed client learns, beside what one of boto3 does, from the same server."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from aggregator.runtime.aws import Aws, AwsError, JsonObject
from aggregator.runtime.boto_client import BotoClient
from tests.integration.signed_client_servers import LocalServer, answer_of_moto, boto, signed


@pytest.fixture
def moto_url() -> Iterator[str]:
    server = LocalServer(answer_of_moto)
    with mock_aws(), server.serving():
        yield server.url


def told(aws: Aws, action: str, request: JsonObject) -> JsonObject:
    """What a caller of `aws` learns, be it an answer or a refusal."""
    try:
        answer = aws.call(action, request)
    except AwsError as error:
        return {name: getattr(error, name) for name in ("code", "message", "status", "item", "reasons")}
    answer.pop("ResponseMetadata", None)
    return answer


def make_table(url: str, name: str) -> None:
    client = boto("dynamodb", url)
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    client.close()


def test_dynamodb_tells_both_clients_the_same(moto_url: str) -> None:
    make_table(moto_url, "boto3")
    make_table(moto_url, "signed")
    item = {
        "pk": {"S": "é"},
        "n": {"N": "7"},
        "hash": {"B": b"\x00\xff"},
        "B": {"S": "YQ=="},
        "set": {"BS": [b"a"]},
    }
    key = {"pk": {"S": "é"}}
    poor = {
        "UpdateExpression": "SET n = n - :a",
        "ConditionExpression": "n >= :a",
        "ExpressionAttributeValues": {":a": {"N": "8"}},
    }
    steps: list[tuple[str, JsonObject]] = [
        ("PutItem", {"Item": item}),
        ("PutItem", {"Item": item, "ConditionExpression": "attribute_not_exists(pk)"}),
        ("GetItem", {"Key": key}),
        ("GetItem", {"Key": {"pk": {"S": "nobody"}}}),
        ("Query", {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "é"}}}),
        ("UpdateItem", {"Key": key, **poor, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}),
        ("UpdateItem", {"Key": key, **poor, "ConditionExpression": "n < :a", "ReturnValues": "ALL_NEW"}),
        ("UpdateItem", {"Key": key, "UpdateExpression": "SET nonsense"}),
        ("GetItem", {"Key": {"wrong": {"S": "x"}}}),
    ]
    theirs, ours = (
        BotoClient("dynamodb", client=(raw := boto("dynamodb", moto_url))),
        signed("dynamodb", moto_url),
    )

    by_boto3 = [told(theirs, action, {"TableName": "boto3", **request}) for action, request in steps]
    by_us = [told(ours, action, {"TableName": "signed", **request}) for action, request in steps]
    ours.close()
    raw.close()

    assert without(by_us, ("TableName",)) == without(by_boto3, ("TableName",))
    assert [step.get("code") for step in by_us] == [
        None,
        "ConditionalCheckFailedException",
        None,
        None,
        None,
        "ConditionalCheckFailedException",
        None,
        "ValidationException",
        "ValidationException",
    ]
    assert by_us[2]["Item"] == item
    assert by_us[5]["item"] == item


def test_a_cancelled_transaction_and_a_missing_table_are_told_the_same(moto_url: str) -> None:
    make_table(moto_url, "ledger")
    fresh = {
        "Put": {
            "TableName": "ledger",
            "Item": {"pk": {"S": "1"}},
            "ConditionExpression": "attribute_exists(pk)",
        }
    }
    steps: list[tuple[str, JsonObject]] = [
        ("TransactWriteItems", {"TransactItems": [fresh], "ClientRequestToken": "t1"}),
        ("GetItem", {"TableName": "missing", "Key": {"pk": {"S": "1"}}}),
    ]
    theirs, ours = (
        BotoClient("dynamodb", client=(raw := boto("dynamodb", moto_url))),
        signed("dynamodb", moto_url),
    )

    by_boto3 = [told(theirs, action, request) for action, request in steps]
    by_us = [told(ours, action, request) for action, request in steps]
    ours.close()
    raw.close()

    assert by_us == by_boto3
    assert [step["code"] for step in by_us] == ["TransactionCanceledException", "ResourceNotFoundException"]
    assert [reason["Code"] for reason in by_us[0]["reasons"]] == ["ConditionalCheckFailed"]


def test_bus_queue_and_secrets_tell_both_clients_the_same(moto_url: str) -> None:
    sqs, secrets, events = (boto(service, moto_url) for service in ("sqs", "secretsmanager", "events"))
    queue_url = sqs.create_queue(QueueName="usage")["QueueUrl"]
    secrets.create_secret(Name="pepper", SecretString='{"B":"s3cret"}')
    entry = {"Source": "aggregator.proxy", "DetailType": "ai_usage", "Detail": "{}"}
    steps: list[tuple[str, str, JsonObject]] = [
        ("sqs", "SendMessage", {"QueueUrl": queue_url, "MessageBody": "é"}),
        ("sqs", "SendMessage", {"QueueUrl": queue_url + "-missing", "MessageBody": "x"}),
        ("events", "PutEvents", {"Entries": [entry, {**entry, "Detail": "not json"}]}),
        ("secretsmanager", "GetSecretValue", {"SecretId": "pepper"}),
        ("secretsmanager", "GetSecretValue", {"SecretId": "missing"}),
    ]
    by_service = {"sqs": sqs, "secretsmanager": secrets, "events": events}
    theirs = {service: BotoClient(service, client=client) for service, client in by_service.items()}
    ours = {service: signed(service, moto_url) for service in by_service}

    by_boto3 = [told(theirs[service], action, request) for service, action, request in steps]
    by_us = [told(ours[service], action, request) for service, action, request in steps]
    for client in [*ours.values(), *by_service.values()]:
        client.close()

    changing = ("MessageId", "EventId", "CreatedDate")
    assert without(by_us, changing) == without(by_boto3, changing)
    assert by_us[1]["code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert by_us[2]["FailedEntryCount"] == 1
    assert by_us[3]["SecretString"] == '{"B":"s3cret"}'
    assert by_us[4]["code"] == "ResourceNotFoundException"


def without(said: Any, names: tuple[str, ...]) -> Any:
    if isinstance(said, dict):
        return {name: without(value, names) for name, value in said.items() if name not in names}
    if isinstance(said, list):
        return [without(each, names) for each in said]
    return said
