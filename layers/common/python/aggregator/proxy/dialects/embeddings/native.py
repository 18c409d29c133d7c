"""The native lane of embeddings: vectors pass as they came, in the encoding that was asked for, with a count.

Only what is between the vectors is read. Source: OpenAI API reference, "Create embeddings".
"""

from collections.abc import Iterable

from aggregator.billing.price import Usage
from aggregator.errors import ProviderFailed, ProviderUnreadable
from aggregator.proxy.dialects.embeddings.encoding import encoded
from aggregator.proxy.dialects.embeddings.vectors import apart, together
from aggregator.proxy.dialects.under_200 import says_error
from aggregator.proxy.dialects.usage import usage_json, usage_of
from aggregator.proxy.exchange import Progress
from aggregator.proxy.model import Ask


def decode(body: bytes, progress: Progress) -> bytes:
    """Answer for the client; its usage, which has no output, goes into `progress`.

    Raises:
        ProviderFailed: no JSON, an error under status 200, or no vectors.
    """
    try:
        said = apart(body).said
    except (ValueError, RecursionError):
        raise ProviderUnreadable("The provider answered what is not JSON.") from None
    if isinstance(said, dict) and says_error(said):
        raise ProviderFailed("The provider failed.")
    if not isinstance(said, dict) or not said.get("data"):
        raise ProviderUnreadable("The provider answered without embeddings.")
    counted = usage_of(said.get("usage"))
    progress.usage = counted and Usage(input_tokens=counted.input_tokens or counted.output_tokens)
    progress.begun = progress.finished = True
    return body


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
