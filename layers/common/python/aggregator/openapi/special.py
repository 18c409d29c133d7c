"""Words and parts of the document that no function's code has."""

from aggregator.auth.caller import CAPS
from aggregator.billing.focus.columns import VERSION as FOCUS_VERSION
from aggregator.errors import JsonObject
from aggregator.openapi.examples import UNHEALTHY
from aggregator.openapi.refusals import REQUEST_ID
from aggregator.orchestrator.model import STRATEGIES

DESCRIPTION = """\
Chat completions, responses and embeddings work with every client of OpenAI's API: point its base URL at `/v1` of this
server. Messages work with every client of Anthropic's: point its base URL at this server, or at its `/proxy/anthropic`.

Every answer carries `x-request-id`. Every error, also one of the gateway's own, has the one envelope: a message for
people, a `code` for programs, and the `param` at fault. 429 and 503 say in `Retry-After` when to come back. A path that
is not listed here answers 404.
"""

BEARER: JsonObject = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key of the platform: `Authorization: Bearer agg_...`, or an operator's admin key.",
}

API_KEY: JsonObject = {
    "type": "apiKey",
    "in": "header",
    "name": "x-api-key",
    "description": "The same key, as Anthropic's clients send it.",
}

REQUEST_ID_HEADER: JsonObject = {
    "description": "Names the request in every log line, event and ledger entry.",
    "schema": {"type": "string"},
    "example": REQUEST_ID,
}

HEADERS: dict[str, JsonObject] = {
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Any text that names this request, such as the number of an invoice. The same key and body "
        "is done and charged once in 24 hours, however often it is sent, and answered alike; with another body it is "
        "refused.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "x-aggregator-strategy": {
        "name": "x-aggregator-strategy",
        "in": "header",
        "required": False,
        "description": "By what the providers are ranked for this request, instead of what the model says.",
        "schema": {"type": "string", "enum": list(STRATEGIES)},
    },
    "x-aggregator-cache": {
        "name": "x-aggregator-cache",
        "in": "header",
        "required": False,
        "description": "How old an answer to the same request may be, in seconds; such an answer is free. `0` takes "
        "none, also where the key says otherwise.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 3600},
    },
    "x-aggregator-cap": {
        "name": "x-aggregator-cap",
        "in": "header",
        "required": False,
        "description": "Where the balance does not pay for the output that the request may have: `lower` caps it, "
        "`refuse` answers 402. Without it the key says which.",
        "schema": {"type": "string", "enum": list(CAPS)},
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "A version of the catalogue: the change is made only if that one is live.",
        "schema": {"type": "string", "pattern": '^("[0-9]{1,8}"|[*])$'},
        "example": "*",
    },
}

PARAMETERS: dict[str, JsonObject] = {
    "keyId": {
        "description": "Id of the key: the part of it between the second and the third underscore.",
        "example": "1vQ8Zk7pQ2xA",
    },
    "planId": {"description": "The plan, by the name that it was made under.", "example": "pro"},
    "teamId": {"description": "The team. Its members and admins see it.", "example": "crew"},
    "userId": {
        "description": "The user, or a team by its id where it is about money. A key that is no admin's sees its own."
    },
    "webhookId": {"description": "Id of the webhook.", "example": "5f2b9c0e1d7a4b36"},
    "codeId": {"description": "Id of the promo code.", "example": "20f5ed4e0b87a50a9a58dbe52ef6428c"},
    "deliveryId": {
        "description": "Id of the delivery: its `webhook-id`.",
        "example": "01a207416c9d-5f2b9c0e1d7a4b36",
    },
    "email": {"description": "Only the user with this address.", "example": "ann@example.com"},
    "createdBy": {
        "description": "Instead of a user's keys, those that were made with the key of this id.",
        "example": "1vQ8Zk7pQ2xA",
    },
    "children": {
        "description": "Also end all keys that were made with it, with those, and so on: 100 at most in one call; "
        "`moreChildren` says whether to call again. Whoever is no admin ends those of the own user.",
    },
    "responseId": {
        "description": "Id of a response, as its answer told it.",
        "example": f"resp_{REQUEST_ID}",
    },
    "stream": {"description": "Only `false`: a response that is kept is given whole."},
    "order": {"description": "`desc`, the newest first, or `asc`."},
    "after": {"description": "Id of the item behind which the page begins."},
    "requestId": {"description": "Request id, as `x-request-id` told it.", "example": REQUEST_ID},
    "model": {
        "description": "Name of the model; it may hold a slash (`openai/gpt-4o-mini`).",
        "example": "gpt-4o-mini",
    },
    "provider": {"description": "Only models that this provider serves.", "example": "openai"},
    "capability": {"description": "Only models that can do this."},
    "limit": {"description": "Entries on a page at most."},
    "cursor": {"description": "Where the page starts: `nextCursor` of the page before."},
}

_CACHED: JsonObject = {
    "x-request-id": {"$ref": "#/components/headers/RequestId"},
    "ETag": {
        "description": "Changes whenever the answer does.",
        "schema": {"type": "string"},
        "example": '"4f8Jd0sLq2Wm"',
    },
}
_NOT_MODIFIED: JsonObject = {
    "description": "The same as the copy that `If-None-Match` names.",
    "headers": _CACHED,
}

PAGES: dict[str, JsonObject] = {
    "GET /openapi.json": {
        "summary": "This document",
        "description": "This document, which names the address it was asked at.",
    },
    "GET /docs": {
        "summary": "This document as a page",
        "description": "This document as a page: search, examples, and calls of this server for curl, Python and SDKs.",
    },
}
"""Operations of the function that serves files, which has no resolver to be asked."""

ANSWERS: dict[str, JsonObject] = {
    "GET /openapi.json": {
        "200": {
            "description": "The document.",
            "headers": _CACHED,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["openapi", "info", "servers", "paths"],
                        "properties": {
                            "openapi": {"const": "3.1.0"},
                            "info": {"type": "object"},
                            "servers": {"type": "array"},
                            "paths": {"type": "object"},
                        },
                    }
                }
            },
        },
        "304": _NOT_MODIFIED,
    },
    "GET /billing/focus": {
        "200": {
            "description": "The bill, after a line of names; a row for each day, key, model, provider, price and "
            "meter. Where it is too long for one answer, a `Link` of `rel=next` says where the rest begins.",
            "headers": {
                "x-request-id": {"$ref": "#/components/headers/RequestId"},
                "x-aggregator-focus-version": {
                    "description": "The version of FOCUS that it is of.",
                    "schema": {"type": "string"},
                    "example": FOCUS_VERSION,
                },
            },
            "content": {"text/csv": {"schema": {"type": "string"}}},
        },
    },
    "GET /docs": {
        "200": {
            "description": "The page; it loads nothing from anywhere else.",
            "headers": _CACHED,
            "content": {"text/html": {"schema": {"type": "string"}}},
        },
        "304": _NOT_MODIFIED,
    },
}

MORE_ANSWERS: dict[str, JsonObject] = {
    "GET /health": {
        "503": {
            "description": "Something that requests need is down.",
            "headers": {"x-request-id": {"$ref": "#/components/headers/RequestId"}},
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/Health"},
                    "examples": {"default": {"value": UNHEALTHY}},
                }
            },
        }
    }
}

MORE_MEDIA: dict[str, JsonObject] = {
    "GET /billing/transactions/{userId}": {
        "text/csv": {
            "schema": {
                "type": "string",
                "description": "One entry a line, after a line of names, to the end of the range. Where that is too "
                "long for one answer, a `Link` of `rel=next` says where the rest begins.",
            }
        }
    }
}
