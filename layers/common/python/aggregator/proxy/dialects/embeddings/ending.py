"""How a plain answer of embeddings ends: with a count, and its vectors in the encoding that was asked for."""

from collections.abc import Iterable

from aggregator.billing.price import Usage
from aggregator.proxy.dialects.embeddings.encoding import encoded
from aggregator.proxy.dialects.embeddings.vectors import apart, together
from aggregator.proxy.dialects.usage import usage_json
from aggregator.proxy.model import Ask


def whole(ask: Ask, body: bytes, usage: Usage) -> Iterable[bytes]:
    """The plain answer: as it came where nothing is to be done to it. Only what is between the vectors is read."""
    as_base64 = ask.body.get("encoding_format") == "base64"
    if not as_base64 and not usage.estimated:
        return [body]
    answer = apart(body)
    if usage.estimated:
        answer.said["usage"] = {**usage_json(usage), "estimated": True}
    elif not any(vector[:1] == b"[" for vector in answer.vectors):
        return [body]
    return together(encoded(answer) if as_base64 else answer)
