"""The usual style, to compare with: Powertools with validation, boto3, the openai SDK, one event, six DynamoDB calls.

What many a tutorial shows for the same work: read the key, the account, the model and the limits, write what is held,
call the provider through its SDK, write what was used, say it on the bus.
"""

import json
import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from openai import OpenAI
from pydantic import BaseModel

logger = Logger(service="usual")
metrics = Metrics(namespace="Bench", service="usual")
app = APIGatewayRestResolver(enable_validation=True)
dynamodb = boto3.client("dynamodb")
events = boto3.client("events")
openai = OpenAI(base_url=f"{os.environ['BENCH_PROVIDER']}/v1", api_key="k")


class Message(BaseModel):
    """One message."""

    role: str
    content: str


class ChatRequest(BaseModel):
    """What is asked."""

    model: str
    messages: list[Message]


@app.post("/v1/chat/completions")
def chat(body: ChatRequest) -> dict[str, Any]:
    """Read three items, take money, call, take the rest, count, say."""
    user = {"pk": {"S": "ACCOUNT#u"}, "sk": {"S": "BALANCE"}}
    for table, sort_key in (("auth", "KEY#k"), ("orchestrator", "CURRENT"), ("billing", "BALANCE")):
        dynamodb.get_item(TableName=table, Key={"pk": {"S": "ACCOUNT#u"}, "sk": {"S": sort_key}})
    _take("billing", user, 1_000)
    messages: list[Any] = [each.model_dump() for each in body.messages]
    completion = openai.chat.completions.create(model=body.model, messages=messages)
    _take("billing", user, -900)
    _take("proxy", user, 1)
    detail = json.dumps(completion.usage.model_dump() if completion.usage else {})
    events.put_events(
        Entries=[{"EventBusName": "bus", "Source": "usual", "DetailType": "used", "Detail": detail}]
    )
    metrics.add_metric(name="Chats", unit="Count", value=1)
    return completion.model_dump()


def _take(table: str, key: dict[str, Any], amount: int) -> None:
    dynamodb.update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET available = available - :amount",
        ExpressionAttributeValues={":amount": {"N": str(amount)}},
    )


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Let Powertools route."""
    return app.resolve(event, context)
