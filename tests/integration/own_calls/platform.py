"""Every call of our own API, through its function, with any caller, body, query and headers."""

import json
import runpy
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

from aggregator.auth import wiring as auth
from aggregator.auth.authorise import ADMIN_CALLER
from aggregator.auth.caller import Caller
from tests.keys import store_key_behind

JsonObject = dict[str, Any]

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class OwnCall:
    """One call: its function, the scope that it asks, a body that passes, and the parameters that it has."""

    function: str
    method: str
    resource: str
    scope: str
    body: JsonObject | None = None
    path: JsonObject = field(default_factory=dict)
    query: tuple[str, ...] = ()
    lasting: bool = False

    def __str__(self) -> str:
        return self.function


PRICE = {"version": "first", "input": "0.20", "output": "0.80"}
MODEL = {
    "contextWindow": 32_768,
    "maxInputTokens": 32_768,
    "maxOutputTokens": 4_096,
    "routes": [{"provider": "openai", "upstreamModel": "gpt-4o-mini"}],
    "price": PRICE,
}
KEY = {"keyId": "1vQ8Zk7pQ2xA"}
USER = {"userId": "ann"}

MANAGE, BILLING, ADMIN = "keys:manage", "billing:read", "admin"
METRICS = ("from", "to", "granularity", "groupBy", "userId", "model", "provider", "keyId", "status")


def _own(
    function: str,
    route: str,
    scope: str,
    body: JsonObject | None = None,
    path: JsonObject | None = None,
    *,
    query: tuple[str, ...] = (),
    lasting: bool = False,
) -> OwnCall:
    method, _, resource = route.partition(" ")
    return OwnCall(function, method, resource, scope, body, path or {}, query, lasting)


_lasting = partial(_own, lasting=True)

OWN_CALLS = (
    _lasting("auth/create_api_key", "POST /auth/api-keys", MANAGE, {**USER, "name": "laptop"}),
    _lasting(
        "auth/list_api_keys", "GET /auth/api-keys", MANAGE, query=("userId", "limit", "cursor", "createdBy")
    ),
    _lasting("auth/get_api_key", "GET /auth/api-keys/{keyId}", MANAGE, path=KEY),
    _lasting("auth/update_api_key", "PATCH /auth/api-keys/{keyId}", MANAGE, {"name": "desk"}, KEY),
    _lasting("auth/rotate_api_key", "POST /auth/api-keys/{keyId}/rotate", MANAGE, {}, KEY),
    _lasting("auth/revoke_api_key", "DELETE /auth/api-keys/{keyId}", MANAGE, path=KEY, query=("children",)),
    _lasting(
        "alerts/create_webhook", "POST /alerts/webhooks", MANAGE, {"url": "https://hooks.example.com/ai"}
    ),
    _own("alerts/list_webhooks", "GET /alerts/webhooks", MANAGE, query=("userId",)),
    _lasting(
        "alerts/delete_webhook",
        "DELETE /alerts/webhooks/{webhookId}",
        MANAGE,
        path={"webhookId": "5f2b9c0e1d7a4b36"},
        query=("userId",),
    ),
    _own("alerts/list_deliveries", "GET /alerts/deliveries", MANAGE, query=("userId", "limit", "cursor")),
    _lasting(
        "alerts/replay_delivery",
        "POST /alerts/deliveries/{deliveryId}/replay",
        MANAGE,
        path={"deliveryId": "01a207416c9d-5f2b9c0e1d7a4b36"},
        query=("userId",),
    ),
    _lasting(
        "identity/create_user",
        "POST /identity/users",
        ADMIN,
        {"email": "ann@example.com", "name": "Ann", "role": "member"},
    ),
    _own("identity/list_users", "GET /identity/users", ADMIN, query=("limit", "cursor", "email")),
    _lasting(
        "identity/update_user", "PATCH /identity/users/{userId}", ADMIN, {"role": "viewer"}, {"userId": "bob"}
    ),
    _lasting(
        "identity/create_team",
        "POST /identity/teams",
        ADMIN,
        {"teamId": "crew", "name": "The crew", "monthlyBudget": "100.00"},
    ),
    _lasting(
        "identity/update_team",
        "PATCH /identity/teams/{teamId}",
        ADMIN,
        {"name": "The crew"},
        {"teamId": "crew"},
    ),
    _lasting(
        "identity/set_member",
        "PUT /identity/teams/{teamId}/members/{userId}",
        MANAGE,
        {"role": "member"},
        {"teamId": "crew", **USER},
    ),
    _lasting(
        "identity/remove_member",
        "DELETE /identity/teams/{teamId}/members/{userId}",
        MANAGE,
        path={"teamId": "crew", **USER},
    ),
    _lasting("billing/put_plan", "PUT /billing/plans/{planId}", ADMIN, {"name": "Pro"}, {"planId": "pro"}),
    _own("billing/list_plans", "GET /billing/plans", ADMIN, query=("limit", "cursor")),
    _own("billing/get_plan", "GET /billing/plans/{planId}", BILLING, path={"planId": "pro"}),
    _own("billing/get_balance", "GET /billing/balance/{userId}", BILLING, path=USER),
    _lasting(
        "billing/update_balance",
        "PATCH /billing/balance/{userId}",
        MANAGE,
        {"lowBalanceThreshold": "5.00"},
        USER,
    ),
    _lasting(
        "billing/create_transaction",
        "POST /billing/transaction",
        ADMIN,
        {**USER, "type": "credit", "amount": "5.00"},
    ),
    _own(
        "billing/list_transactions",
        "GET /billing/transactions/{userId}",
        BILLING,
        path=USER,
        query=("from", "to", "limit", "cursor"),
    ),
    _own("billing/get_margin", "GET /billing/margin", ADMIN, query=("days",)),
    _own(
        "billing/get_focus",
        "GET /billing/focus",
        BILLING,
        query=("month", "userId", "teamId", "all", "cursor"),
    ),
    _own(
        "billing/list_requests",
        "GET /billing/requests",
        BILLING,
        query=("userId", "keyId", "model", "status", "from", "to", "limit", "cursor"),
    ),
    _own(
        "billing/get_receipt",
        "GET /billing/receipts/{requestId}",
        BILLING,
        path={"requestId": "019ab697e800-c6af9ac6"},
        query=("userId",),
    ),
    _lasting(
        "billing/create_grant",
        "POST /billing/grants",
        ADMIN,
        {**USER, "amount": "5.00", "expiresAt": "2036-11-01T00:00:00Z"},
    ),
    _lasting(
        "billing/create_code",
        "POST /billing/codes",
        ADMIN,
        {
            "amount": "5.00",
            "creditDays": 30,
            "redeemableUntil": "2036-11-01T00:00:00Z",
            "maxRedemptions": 3,
        },
    ),
    _own("billing/list_codes", "GET /billing/codes", ADMIN, query=("limit", "cursor")),
    _lasting(
        "billing/disable_code",
        "DELETE /billing/codes/{codeId}",
        ADMIN,
        path={"codeId": "0b5e0c3f6f1d4c2a9e8d7b6a5f4e3d2c"},
    ),
    _own("billing/redeem_code", "POST /billing/codes/redeem", BILLING, {"code": "7K2M-9QXD-41ZV-B8TN"}),
    _own("billing/list_grants", "GET /billing/grants", BILLING, query=("userId",)),
    _lasting("billing/create_topup", "POST /billing/topups", MANAGE, {"amount": "25.00"}),
    _lasting(
        "billing/set_automatic_topups",
        "PUT /billing/topups/automatic",
        MANAGE,
        {"threshold": "5.00", "amount": "25.00", "atMostADay": 2},
    ),
    _own("billing/get_automatic_topups", "GET /billing/topups/automatic", MANAGE, query=("userId",)),
    _lasting("billing/stop_automatic_topups", "DELETE /billing/topups/automatic", MANAGE, query=("userId",)),
    _own("billing/list_balances", "GET /billing/balances", ADMIN, query=("search", "limit", "cursor")),
    _own("billing/list_reconciliations", "GET /billing/reconciliations", ADMIN, query=("limit",)),
    _own("health/get_details", "GET /health/details", ADMIN),
    _own("analytics/get_metrics", "GET /analytics/metrics", "analytics:read", query=METRICS),
    _own(
        "orchestrator/list_models",
        "GET /orchestrator/models",
        "models:read",
        query=("provider", "capability"),
    ),
    _own("orchestrator/get_model", "GET /orchestrator/models/{model}", ADMIN, path={"model": "gpt-4o-mini"}),
    _lasting(
        "orchestrator/put_model", "PUT /orchestrator/models/{model}", ADMIN, MODEL, {"model": "my-model"}
    ),
    _own("orchestrator/list_providers", "GET /orchestrator/providers", ADMIN),
    _lasting(
        "orchestrator/put_provider",
        "PUT /orchestrator/providers/{provider}",
        ADMIN,
        {"baseUrl": "https://llm.example.com/v1"},
        {"provider": "my-llm"},
    ),
    _lasting(
        "orchestrator/put_alias",
        "PUT /orchestrator/aliases/{alias}",
        ADMIN,
        {"model": "gpt-4o-mini"},
        {"alias": "quick"},
    ),
    _lasting(
        "orchestrator/delete_alias", "DELETE /orchestrator/aliases/{alias}", ADMIN, path={"alias": "quick"}
    ),
    _own("orchestrator/list_changes", "GET /orchestrator/changes", ADMIN, query=("model", "limit", "cursor")),
    _lasting("orchestrator/roll_back_catalogue", "POST /orchestrator/rollback", ADMIN, {"version": 1}),
)

WITH_BODY = tuple(each for each in OWN_CALLS if each.body is not None)
LASTING = tuple(each for each in OWN_CALLS if each.lasting)


class Context:
    """What Powertools reads of a Lambda context."""

    function_name = "test"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:test"
    aws_request_id = "11111111-2222-3333-4444-555555555555"

    def get_remaining_time_in_millis(self) -> int:
        return 14_000


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: its status, headers and text."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def param(self) -> str | None:
        found: str | None = self.body["error"]["param"]
        return found


class Platform:
    """All functions of our own calls, in this process; `call` sends one request."""

    def __init__(self) -> None:
        self._number = 0

    def call(
        self,
        own: OwnCall,
        by: Caller | JsonObject = ADMIN_CALLER,
        *,
        body: Any = None,
        query: dict[str, Any] | None = None,
        path: JsonObject | None = None,
        headers: dict[str, str] | None = None,
    ) -> Said:
        """Send a request; `body` as it is, if it is text. A value of `query` may be a list. What is left out passes."""
        self._number += 1
        sent = own.body if body is None else body
        parameters = path or own.path
        several = {name: each if isinstance(each, list) else [each] for name, each in (query or {}).items()}
        event = {
            "httpMethod": own.method,
            "path": own.resource.format(**parameters),
            "resource": own.resource,
            "pathParameters": parameters or None,
            "headers": {"Content-Type": "application/json"} | (headers or {}),
            "multiValueHeaders": None,
            "queryStringParameters": {name: each[-1] for name, each in several.items()} or None,
            "multiValueQueryStringParameters": several or None,
            "requestContext": {
                "requestId": f"call-{self._number}",
                "requestTimeEpoch": 1_764_000_000_000 + self._number,
                "identity": {"sourceIp": "192.0.2.1"},
                "authorizer": by.to_context() if isinstance(by, Caller) else by,
            },
            "body": sent if isinstance(sent, str) or sent is None else json.dumps(sent),
            "isBase64Encoded": False,
        }
        answer = _handler_of(own.function)(event, Context())
        told = {name.lower(): values[0] for name, values in answer["multiValueHeaders"].items()}
        return Said(answer["statusCode"], told, answer["body"])

    def key(self, *scopes: str, **fields: Any) -> Caller:
        """A key of ann's in the table, as the authorizer proves it: with fields of a `Caller`."""
        self._number += 1
        caller = Caller(f"key{self._number:09d}", "ann", scopes=scopes, **fields)
        return store_key_behind(caller, auth.keys()).caller()


def own(function: str) -> OwnCall:
    """The call by its function's name."""
    return next(each for each in OWN_CALLS if each.function.endswith(f"/{function}"))


@cache
def _handler_of(function: str) -> Any:
    return runpy.run_path(str(ROOT / "functions" / function / "app.py"))["handler"]
