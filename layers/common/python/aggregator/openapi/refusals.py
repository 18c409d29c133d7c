"""The one error schema, and for each status the answers that carry it."""

from aggregator.errors import (
    STATUS_OF,
    SUSPENDED,
    AddressNotAllowed,
    Conflict,
    EmailNotVerified,
    IdempotencyMismatch,
    InsufficientQuota,
    InternalError,
    InvalidApiKey,
    InvalidCode,
    InvalidIdToken,
    InvalidRequest,
    JsonObject,
    MissingScope,
    ModelNotAllowed,
    ModelNotFound,
    NotFound,
    NotInvited,
    NotYours,
    PayloadTooLarge,
    PaymentsOff,
    ProviderFailed,
    ProviderRefused,
    ProviderTimedOut,
    ProviderUnavailable,
    RateLimitExceeded,
    Refusal,
    RequestInProgress,
    SignInOff,
    StoreUnavailable,
    UnsupportedParameter,
    UserSuspended,
    envelope,
    type_of_status,
)

REQUEST_ID = "019a1b2c3d4e-c6af9ac6-7b61-11e6-9a41-93e8deadbeef"

# The gateway in front does not know whose client asks at a path: its families are those that Anthropic's types name.
_GATEWAY_TYPES = {502: "api_error", 504: "timeout_error"}
_ONLY_OF_THE_GATEWAY = {"not_found_error", *_GATEWAY_TYPES.values()}

_BALANCE: JsonObject = {
    "type": "object",
    "description": "What would help a request that the balance does not cover; US dollars.",
    "required": ["needed_usd", "available_usd", "held_usd", "held_until", "most_max_tokens"],
    "properties": {
        "needed_usd": {"type": "string", "description": "Needed at the least.", "examples": ["0.0131"]},
        "available_usd": {"type": "string", "description": "There to be spent.", "examples": ["0.01"]},
        "held_usd": {"type": "string", "description": "Held by running requests.", "examples": ["1.25"]},
        "held_until": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "When the last of what is held is back at the latest.",
        },
        "most_max_tokens": {
            "type": ["integer", "null"],
            "description": "The largest limit of output with which the request would pass now; null: none would.",
        },
    },
}

_LIMIT: JsonObject = {
    "type": "object",
    "description": "The limit that stops a request, where one does.",
    "required": ["level", "name", "limit", "left", "needed", "resets_at"],
    "properties": {
        "level": {
            "type": "string",
            "description": "Whose limit: the key's, that of a key above it, of the team, of the member in it.",
            "enum": ["key", "key_above", "team", "member"],
        },
        "name": {"type": "string", "description": "Which limit.", "examples": ["monthlyBudget"]},
        "limit": {"type": ["string", "integer"], "description": "US dollars as a string, or a number."},
        "left": {"type": ["string", "integer"], "description": "What of it no running request holds."},
        "needed": {"type": ["string", "integer"], "description": "What the request counts for at the least."},
        "resets_at": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "When it begins anew; null for requests at once.",
        },
    },
}

SCHEMAS: dict[str, JsonObject] = {
    "Error": {
        "type": "object",
        "description": "Every error of the platform, also those of the gateway in front of it. OpenAI's clients read "
        "it and Anthropic's.",
        "required": ["type", "error", "request_id"],
        "properties": {
            "type": {"const": "error"},
            "error": {
                "type": "object",
                "required": ["message", "type", "param", "code", "request_id"],
                "properties": {
                    "message": {"type": "string", "description": "For people."},
                    "type": {
                        "type": "string",
                        "description": "The family of errors.",
                        "enum": sorted(
                            {type_of_status(status) for status in STATUS_OF.values()} | _ONLY_OF_THE_GATEWAY
                        ),
                    },
                    "param": {
                        "type": ["string", "null"],
                        "description": "Path of the field at fault.",
                        "examples": ["messages.0.role"],
                    },
                    "code": {
                        "type": "string",
                        "description": "For programs: a code keeps its meaning.",
                        "enum": sorted({refusal.code for refusal in STATUS_OF}),
                    },
                    "request_id": {
                        "type": "string",
                        "description": "The same as `x-request-id`: name it when you report an error.",
                    },
                    "balance": _BALANCE,
                    "limit": _LIMIT,
                },
            },
            "request_id": {
                "type": "string",
                "description": "The same again, where Anthropic's clients read it.",
            },
        },
    }
}

_TITLES = {
    400: "The request is malformed, or a field has a wrong type or value; `param` names it.",
    401: "The API key, or the ID token, is missing, wrong, expired or revoked.",
    402: "The balance does not cover it; the message says what is needed and what is there.",
    403: "The key or the person is known, but may not do this.",
    404: "There is no such thing.",
    409: "It collides with what is already there.",
    413: "The body is over 6 MB, in which each quote, backslash and line break counts twice.",
    422: "The Idempotency-Key was used with another body.",
    429: "Too many requests at this moment; `Retry-After` says when to come back.",
    500: "A defect of the platform.",
    501: "This platform is not set up for it.",
    502: "What stands behind the platform failed.",
    503: "Not at this moment; a retry is welcome.",
    504: "No answer in time.",
}

_EXAMPLES: tuple[Refusal, ...] = (
    InvalidRequest("name: String should have at least 1 character", param="name"),
    InvalidApiKey("This API key is not valid: it is wrong, expired or revoked."),
    InsufficientQuota("This takes 5.00 USD, and 1.25 USD are available.", param="amount"),
    MissingScope("This API key does not have the scope 'admin'."),
    NotYours("This API key may only act for its own user."),
    AddressNotAllowed("This API key may not be used from this IP address."),
    UserSuspended(SUSPENDED["user"]),
    NotFound("There is no such API key."),
    Conflict("This API key has been revoked and cannot be changed."),
    PayloadTooLarge(
        "The body is larger than the platform takes: 6 MB at most, "
        "in which each quote, backslash and line break counts twice."
    ),
    IdempotencyMismatch("This Idempotency-Key was used with another body.", param="Idempotency-Key"),
    RateLimitExceeded("Too many requests at this moment. Try again in a second."),
    InternalError("Something went wrong on our side; the request id names it in our log."),
    StoreUnavailable("The platform is busy; try again in a moment."),
    PaymentsOff("Top-ups are not set up here. Whoever runs this platform can credit an account by hand."),
    SignInOff("Sign-in is not set up here. Use an API key; whoever runs this platform makes one for you."),
    InvalidIdToken("idToken: it is for another client.", param="idToken"),
    InvalidCode(
        "The issuer does not take this code: it was used, is too old, or is another browser's.", param="code"
    ),
    NotInvited("Nobody has invited your mail address. Ask whoever runs this platform."),
    EmailNotVerified("The issuer does not vouch for your mail address, so nobody can be found by it."),
)

_PROXY_EXAMPLES: tuple[Refusal, ...] = (
    UnsupportedParameter("audio: is not offered here", param="audio"),
    ProviderRefused("This model's maximum context length is 8192 tokens.", param="messages"),
    ModelNotAllowed("This API key may not call the model 'gpt-4o'.", param="model"),
    ModelNotFound("The model 'gpt-4o-minni' does not exist. Did you mean 'gpt-4o-mini'?", param="model"),
    RequestInProgress("A request with this Idempotency-Key is being worked on."),
    ProviderFailed("The provider failed."),
    ProviderUnavailable("The provider takes no requests at this moment."),
    ProviderTimedOut("The provider did not answer in time."),
)

# 502 and 504 come from the gateway in front of the functions, where no class of ours raises them.
_OF_THE_GATEWAY = {
    502: "The platform did not answer. Try again in a second.",
    504: "The platform did not answer in time.",
}

_RETRY_AFTER = {
    "description": "Seconds to wait.",
    "schema": {"type": "integer", "minimum": 0},
    "example": 1,
}
_SHOULD_RETRY = {
    "description": "Whether an SDK should send the request again.",
    "schema": {"type": "string", "enum": ["true", "false"]},
    "example": "false",
}


def responses(*, proxy: bool) -> dict[int, JsonObject]:
    """By status: the OpenAPI response of a refusal; with `proxy`, the providers' failures are among the examples."""
    return {status: _response(status, proxy=proxy) for status in _TITLES}


def examples_of() -> tuple[Refusal, ...]:
    """Every refusal that is shown as an example."""
    return (*_EXAMPLES, *_PROXY_EXAMPLES)


def _response(status: int, *, proxy: bool) -> JsonObject:
    examples = {
        refusal.code: {"value": envelope(refusal, REQUEST_ID)}
        for refusal in (*_EXAMPLES, *(_PROXY_EXAMPLES if proxy else ()))
        if STATUS_OF[type(refusal)] == status
    }
    if status in _OF_THE_GATEWAY:
        examples["gateway"] = {"value": _of_the_gateway(status)}
    headers: JsonObject = {"x-request-id": {"$ref": "#/components/headers/RequestId"}}
    if status in {429, 503}:
        headers["Retry-After"] = _RETRY_AFTER
    if status in {401, 409}:
        headers["x-should-retry"] = _SHOULD_RETRY
    return {
        "description": _TITLES[status],
        "headers": headers,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Error"}, "examples": examples}
        },
    }


def _of_the_gateway(status: int) -> JsonObject:
    return {
        "type": "error",
        "error": {
            "message": _OF_THE_GATEWAY[status],
            "type": _GATEWAY_TYPES[status],
            "param": None,
            "code": StoreUnavailable.code,
            "request_id": REQUEST_ID,
        },
        "request_id": REQUEST_ID,
    }
