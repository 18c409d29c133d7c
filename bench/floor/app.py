"""The floor: what any chat costs in Python, whatever stands around it.

Two signed AWS calls with fixed contents, one call to the provider over a kept-alive connection, and a log line; no
check, no price, no catalogue, no stream. The answer goes out as it came in.
"""

import http.client
import json
import os
import ssl
from typing import Any

from aggregator.runtime.signed_client import SignedClient

_dynamodb = SignedClient("dynamodb")
_events = SignedClient("events")
_secure = os.environ["BENCH_PROVIDER"].startswith("https")
_netloc = os.environ["BENCH_PROVIDER"].partition("://")[2]
_provider = (
    http.client.HTTPSConnection(_netloc, context=ssl.create_default_context())
    if _secure
    else http.client.HTTPConnection(_netloc)
)


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Take, call, say."""
    _dynamodb.call(
        "UpdateItem",
        {
            "TableName": "billing",
            "Key": {"pk": {"S": "ACCOUNT#u"}, "sk": {"S": "BALANCE"}},
            "UpdateExpression": "SET available = available - :a",
            "ConditionExpression": "available >= :a",
            "ExpressionAttributeValues": {":a": {"N": "1000"}},
        },
    )
    headers = {"Content-Type": "application/json", "Authorization": "Bearer k"}
    _provider.request("POST", "/v1/chat/completions", event["body"].encode(), headers)
    body = _provider.getresponse().read().decode()
    usage = json.loads(body)["usage"]
    entry = {"EventBusName": "bus", "Source": "s", "DetailType": "t", "Detail": json.dumps(usage)}
    _events.call("PutEvents", {"Entries": [entry]})
    print(json.dumps({"level": "INFO", "message": "request"}))
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": body}
