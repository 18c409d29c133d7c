"""What is tried with every client: the columns of the matrix."""

CHECKS: dict[str, str] = {
    "plain": "A plain answer",
    "streamed": "A streamed answer, piece by piece",
    "tools": "A tool is called, its result goes back, the answer uses it",
    "tools_streamed": "The same with a streamed call, put together from its pieces",
    "parallel_tools": "Two tools called in one answer, both results go back",
    "image_data": "An image inline, as a data URI or base64",
    "image_url": "An image by its URL",
    "json_schema": "Output that follows a JSON schema",
    "embeddings": "Embeddings of two texts",
    "responses": "OpenAI's Responses API, plain and streamed",
    "models": "The list of models, and one model",
    "wrong_key": "Wrong key: 401, the client's own error for it, one try",
    "no_money": "Empty balance: 402, an error, and one try only",
    "no_model": "Unknown model: 404, the client's own error for it",
    "rate_limit": "Provider's limit: 429, the client's own error for it, after its retries",
    "provider_fault": "Provider answers 500: ours is a 502, the client's own error for it, after its retries",
    "retry": "First try is a 429 with Retry-After, the client's second is answered: one charge",
    "idempotency": "The same Idempotency-Key twice: the same answer, one charge",
    "cancel": "Left in mid-stream: the provider is hung up on, the charge is settled, nothing stays held",
    "usage": "Tokens that the client reports are those of the ledger; each charge is tokens x price",
    "proxy_path": "Under /proxy/... as well; chat answers 201 there",
}

NOT_IN_CLIENT = "not in this client"
