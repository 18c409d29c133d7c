"""What the document says of each route that its function's code does not: names, groups and the errors it answers."""

from dataclasses import dataclass

from pydantic import BaseModel

from aggregator.analytics.api import MetricsQuery
from aggregator.billing.accounts import BalancesQuery
from aggregator.billing.codes.api import CodesQuery
from aggregator.billing.focus.bill import FocusQuery
from aggregator.billing.grants_api import GrantsQuery
from aggregator.billing.margin.api import MarginQuery
from aggregator.billing.reconciled import ReconciliationsQuery
from aggregator.billing.requests import RequestsQuery
from aggregator.billing.statement import StatementQuery
from aggregator.openapi.quotes import QuoteQuery

TAGS = {
    "proxy": "Chat completions, responses, embeddings and the models behind them, as OpenAI's clients expect them.",
    "messages": "The same models, as Anthropic's clients expect them.",
    "auth": "API keys: make, read, limit, rotate and revoke them.",
    "identity": "People and teams: who uses the platform, whether they may, and what for.",
    "alerts": "Alerts: what a user wants to hear of, at an address of theirs.",
    "billing": "Prepaid balances and the ledger behind them. Amounts are decimal strings of US dollars.",
    "analytics": "What was used, what it cost and how fast it was.",
    "orchestrator": "The catalogue: models, providers, limits and prices.",
    "health": "Whether the platform works.",
    "docs": "This document.",
}

# Two domains may each have a model of one name; in the document they are told apart.
RENAMED = {("billing", "Tokens"): "ChargedTokens"}

_ANY_TIME = (429, 500, 502, 504)
_WITH_KEY = (401, 403, 503)
_WITH_PARAMETERS = (400,)
_WITH_PATH_PARAMETERS = (400, 404)
_WITH_BODY = (400, 413)

_CHOICES = ("Idempotency-Key", "x-aggregator-strategy", "x-aggregator-cache", "x-aggregator-cap")
_ERRORS = (402, 404, 409, 422)


@dataclass(frozen=True, slots=True)
class Operation:
    """One route in the document.

    `errors` are the statuses that its use case adds to those that every route of its kind can answer. `summary` is
    for functions with more than one route; the docstring has it for all others. `query` is the model of its query,
    `headers` are request headers that special.py describes. With `any_key` the key may come as `x-api-key`, too, as
    with all of the Messages API.
    """

    id: str
    tag: str
    errors: tuple[int, ...] = ()
    summary: str = ""
    query: type[BaseModel] | None = None
    headers: tuple[str, ...] = ()
    with_key: bool = True
    any_key: bool = False

    def statuses(self, *, parameters: bool, path_parameters: bool, body: bool) -> list[int]:
        """Every error status that the route can answer, the gateway's own among them."""
        return sorted(
            {
                *_ANY_TIME,
                *(_WITH_KEY if self.with_key else ()),
                *(_WITH_PARAMETERS if parameters else ()),
                *(_WITH_PATH_PARAMETERS if path_parameters else ()),
                *(_WITH_BODY if body else ()),
                *self.errors,
            }
        )


OPERATIONS: dict[str, Operation] = {
    "POST /v1/chat/completions": Operation("createChatCompletion", "proxy", _ERRORS, headers=_CHOICES),
    "POST /proxy/openai/chat/completions": Operation(
        "createChatCompletionByProxyPath", "proxy", _ERRORS, headers=_CHOICES
    ),
    "GET /v1/models": Operation("listModels", "proxy", summary="The models that can be called", any_key=True),
    "GET /v1/models/{model}": Operation("getModel", "proxy", summary="One model", any_key=True),
    "GET /proxy/openai/models": Operation(
        "listModelsByProxyPath", "proxy", summary="The models that can be called"
    ),
    "GET /proxy/openai/models/{model}": Operation("getModelByProxyPath", "proxy", summary="One model"),
    "GET /proxy/anthropic/v1/models": Operation(
        "listModelsForAnthropic", "proxy", summary="The models that can be called", any_key=True
    ),
    "GET /proxy/anthropic/v1/models/{model}": Operation(
        "getModelForAnthropic", "proxy", summary="One model", any_key=True
    ),
    "POST /v1/responses": Operation("createResponse", "proxy", _ERRORS, headers=_CHOICES),
    "POST /proxy/openai/responses": Operation(
        "createResponseByProxyPath", "proxy", _ERRORS, headers=_CHOICES
    ),
    "GET /v1/responses/{responseId}": Operation("getResponse", "proxy", summary="A response that is kept"),
    "GET /proxy/openai/responses/{responseId}": Operation(
        "getResponseByProxyPath", "proxy", summary="A response that is kept"
    ),
    "DELETE /v1/responses/{responseId}": Operation("deleteResponse", "proxy", summary="Forget a response"),
    "DELETE /proxy/openai/responses/{responseId}": Operation(
        "deleteResponseByProxyPath", "proxy", summary="Forget a response"
    ),
    "GET /v1/responses/{responseId}/input_items": Operation(
        "listResponseItems", "proxy", summary="What led to a response that is kept"
    ),
    "GET /proxy/openai/responses/{responseId}/input_items": Operation(
        "listResponseItemsByProxyPath", "proxy", summary="What led to a response that is kept"
    ),
    "POST /v1/embeddings": Operation("createEmbedding", "proxy", _ERRORS, headers=_CHOICES),
    "POST /proxy/openai/embeddings": Operation(
        "createEmbeddingByProxyPath", "proxy", _ERRORS, headers=_CHOICES
    ),
    "POST /v1/messages": Operation("createMessage", "messages", (*_ERRORS, 529), headers=_CHOICES),
    "POST /proxy/anthropic/v1/messages": Operation(
        "createMessageByProxyPath", "messages", (*_ERRORS, 529), headers=_CHOICES
    ),
    "POST /v1/messages/count_tokens": Operation("countMessageTokens", "messages", (404,)),
    "POST /proxy/anthropic/v1/messages/count_tokens": Operation(
        "countMessageTokensByProxyPath", "messages", (404,)
    ),
    "POST /v1/quote": Operation(
        "quote", "proxy", (404,), query=QuoteQuery, headers=("x-aggregator-cap",), any_key=True
    ),
    "POST /auth/sessions": Operation("createSession", "auth", (400, 401, 403, 501, 503), with_key=False),
    "DELETE /auth/sessions": Operation("endSession", "auth", (409,)),
    "GET /auth/sign-in": Operation("getSignIn", "auth", (503,), with_key=False),
    "POST /auth/api-keys": Operation("createApiKey", "auth", (409,)),
    "GET /auth/me": Operation("getCaller", "auth"),
    "GET /auth/api-keys": Operation("listApiKeys", "auth", (404,)),
    "GET /auth/api-keys/{keyId}": Operation("getApiKey", "auth"),
    "PATCH /auth/api-keys/{keyId}": Operation("updateApiKey", "auth", (409,)),
    "DELETE /auth/api-keys/{keyId}": Operation("revokeApiKey", "auth", (409,)),
    "POST /auth/api-keys/{keyId}/rotate": Operation("rotateApiKey", "auth", (409,)),
    "POST /alerts/webhooks": Operation("createWebhook", "alerts", (409,)),
    "GET /alerts/webhooks": Operation("listWebhooks", "alerts"),
    "DELETE /alerts/webhooks/{webhookId}": Operation("deleteWebhook", "alerts", (404,)),
    "GET /alerts/deliveries": Operation("listDeliveries", "alerts"),
    "POST /alerts/deliveries/{deliveryId}/replay": Operation("replayDelivery", "alerts", (404, 409)),
    "POST /identity/users": Operation("createUser", "identity", (409,)),
    "GET /identity/users": Operation("listUsers", "identity"),
    "GET /identity/users/{userId}": Operation("getUser", "identity"),
    "PATCH /identity/users/{userId}": Operation("updateUser", "identity", (409,)),
    "POST /identity/teams": Operation("createTeam", "identity", (409,)),
    "GET /identity/teams": Operation("listTeams", "identity"),
    "GET /identity/teams/{teamId}": Operation("getTeam", "identity"),
    "PATCH /identity/teams/{teamId}": Operation("updateTeam", "identity", (409,)),
    "GET /identity/teams/{teamId}/members": Operation("listMembers", "identity"),
    "PUT /identity/teams/{teamId}/members/{userId}": Operation("setMember", "identity", (409,)),
    "DELETE /identity/teams/{teamId}/members/{userId}": Operation("removeMember", "identity", (409,)),
    "GET /billing/balance/{userId}": Operation("getBalance", "billing"),
    "PATCH /billing/balance/{userId}": Operation("updateBalance", "billing"),
    "GET /billing/plans": Operation("listPlans", "billing"),
    "GET /billing/plans/{planId}": Operation("getPlan", "billing"),
    "PUT /billing/plans/{planId}": Operation("putPlan", "billing", (409,)),
    "GET /billing/balances": Operation("listBalances", "billing", query=BalancesQuery),
    "POST /billing/transaction": Operation(
        "createTransaction", "billing", (402, 404, 409, 422), headers=("Idempotency-Key",)
    ),
    "GET /billing/transactions/{userId}": Operation("listTransactions", "billing", query=StatementQuery),
    "GET /billing/margin": Operation("getMargin", "billing", query=MarginQuery),
    "GET /billing/focus": Operation("getFocusBill", "billing", (404,), query=FocusQuery),
    "GET /billing/requests": Operation("listRequests", "billing", query=RequestsQuery),
    "GET /billing/receipts/{requestId}": Operation("getReceipt", "billing"),
    "POST /billing/grants": Operation(
        "createGrant", "billing", (404, 409, 422), headers=("Idempotency-Key",)
    ),
    "POST /billing/codes": Operation("createCode", "billing", (409,)),
    "GET /billing/codes": Operation("listCodes", "billing", query=CodesQuery),
    "POST /billing/codes/redeem": Operation(
        "redeemCode", "billing", (404, 409, 422, 429), headers=("Idempotency-Key",)
    ),
    "DELETE /billing/codes/{codeId}": Operation("disableCode", "billing", (404,)),
    "GET /billing/grants": Operation("listGrants", "billing", query=GrantsQuery),
    "POST /billing/topups": Operation("createTopup", "billing", (501,), headers=("Idempotency-Key",)),
    "PUT /billing/topups/automatic": Operation("setAutomaticTopups", "billing", (501,)),
    "GET /billing/topups/automatic": Operation("getAutomaticTopups", "billing"),
    "DELETE /billing/topups/automatic": Operation("stopAutomaticTopups", "billing"),
    "POST /billing/stripe-events": Operation("takeStripeEvent", "billing", (400, 501, 503), with_key=False),
    "GET /billing/reconciliations": Operation("listReconciliations", "billing", query=ReconciliationsQuery),
    "GET /analytics/metrics": Operation("getMetrics", "analytics", (400,), query=MetricsQuery),
    "GET /orchestrator/models": Operation("listCatalogueModels", "orchestrator"),
    "GET /orchestrator/models/{model}": Operation("getCatalogueModel", "orchestrator"),
    "PUT /orchestrator/models/{model}": Operation(
        "putCatalogueModel", "orchestrator", (409,), headers=("If-Match",)
    ),
    "GET /orchestrator/providers": Operation("listProviders", "orchestrator"),
    "PUT /orchestrator/providers/{provider}": Operation(
        "putProvider", "orchestrator", (409,), headers=("If-Match",)
    ),
    "PUT /orchestrator/aliases/{alias}": Operation("putAlias", "orchestrator", (409,), headers=("If-Match",)),
    "DELETE /orchestrator/aliases/{alias}": Operation(
        "deleteAlias", "orchestrator", (409,), headers=("If-Match",)
    ),
    "GET /orchestrator/changes": Operation("listCatalogueChanges", "orchestrator"),
    "POST /orchestrator/rollback": Operation(
        "rollBackCatalogue", "orchestrator", (404, 409), headers=("If-Match",)
    ),
    "GET /health": Operation("getHealth", "health", with_key=False),
    "GET /health/details": Operation("getHealthDetails", "health"),
    "GET /openapi.json": Operation("getOpenApi", "docs", with_key=False),
    "GET /docs": Operation("getDocsPage", "docs", with_key=False),
}
