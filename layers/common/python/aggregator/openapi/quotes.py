"""The route of quotes in the document: pydantic models of its answer, for the document only; see proxy/quote.py."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from aggregator.errors import JsonObject
from aggregator.openapi.schemas import schemas_of
from aggregator.proxy.quote import HISTORY_DAYS, HISTORY_ENTRIES
from aggregator.proxy.quoted import surfaces

Usd = Annotated[str, Field(examples=["0.0131"])]
Count = Annotated[int, Field(ge=0)]


class QuoteQuery(BaseModel):
    """What the body is."""

    path: Literal["/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/embeddings"] | None = Field(
        default=None, alias="for", description="The path that the body is for. Without it, its shape says."
    )


class QuoteRequest(BaseModel):
    """A request as it would be sent, in whatever dialect."""

    model_config = ConfigDict(extra="allow")

    model: str


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class QuotedTokens(_Said):
    """Output tokens of the key's own requests to the model."""

    median: Count
    p90: Count


class QuotedUsd(_Said):
    """US dollars for an answer of as many output tokens; what a cache saves is not known before."""

    median: Usd
    p90: Usd


class QuotedHistory(_Said):
    """What is known of the key's requests to the model."""

    requests: Count = Field(
        description=f"Of the newest {HISTORY_ENTRIES} entries of the ledger in {HISTORY_DAYS} days."
    )
    output_tokens: QuotedTokens | None


class QuotedRoute(_Said):
    """One way to the model, in the order in which they would be tried."""

    provider: str
    price_version: str
    input_tokens: Count = Field(description="The most that the input can be.")
    input_counted: bool = Field(description="By the provider's own count; else by its bytes.")
    bound_usd: Usd = Field(description="The most that the request can cost here.")
    taken: bool = Field(description="Whether the money that would be held covers this way.")
    max_tokens: Count | None = Field(
        description="Output tokens at most, for each choice, as they would go upstream."
    )
    capped: Literal["balance"] | None
    expected_usd: QuotedUsd | None


class Quote(_Said):
    """What a request would hold and may cost. Nothing is held, and no model is asked."""

    object: Literal["quote"]
    path: str = Field(alias="for")
    model: str
    available_usd: Usd
    held_usd: Usd
    hold_usd: Usd | None = Field(description="What would be held now; null where it would be refused.")
    refused: dict[str, Any] | None = Field(description="The 402 that it would get: `message` and `balance`.")
    history: QuotedHistory
    routes: list[QuotedRoute]


_REQUEST: JsonObject = {
    "model": "claude-opus-4-8",
    "max_tokens": 64_000,
    "messages": [{"role": "user", "content": "Say hello"}],
}
_QUOTE: JsonObject = {
    "object": "quote",
    "for": "/v1/messages",
    "model": "claude-opus-4-8",
    "available_usd": "1.00",
    "held_usd": "0.00",
    "hold_usd": "0.50",
    "refused": None,
    "history": {"requests": 12, "output_tokens": {"median": 210, "p90": 800}},
    "routes": [
        {
            "provider": "anthropic",
            "price_version": "2026-11-23",
            "input_tokens": 161,
            "input_counted": False,
            "bound_usd": "1.60100625",
            "taken": True,
            "max_tokens": 19_959,
            "capped": "balance",
            "expected_usd": {"median": "0.005375", "p90": "0.020125"},
        }
    ],
}


def operations() -> dict[str, JsonObject]:
    """The route."""
    return {
        "POST /v1/quote": {
            "summary": "Quote a request",
            "description": "The body is the request itself, in whatever dialect. Says what it would hold at this "
            "balance, with which cap on output, and what it may cost by the key's own history. Nothing is held, and "
            "no model is asked; where the balance is short, the provider is asked how long the prompt is, which is "
            f"free. Paths that a body may be for: {', '.join(surfaces())}.",
            "requestBody": {
                "content": {
                    "application/json": {
                        "schema": {"$ref": "#/components/schemas/QuoteRequest"},
                        "examples": {"default": {"value": _REQUEST}},
                    }
                }
            },
            "responses": {
                "200": {
                    "description": "The quote.",
                    "headers": {"x-request-id": {"$ref": "#/components/headers/RequestId"}},
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/Quote"},
                            "examples": {"default": {"value": _QUOTE}},
                        }
                    },
                }
            },
        }
    }


def schemas() -> dict[str, JsonObject]:
    """Component schemas of this route."""
    return schemas_of([(QuoteRequest, "validation"), (Quote, "serialization")])
