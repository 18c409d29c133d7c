"""Parse: a chat completion request off the wire. Fields that nobody here knows are `to_provider`'s to judge."""

from collections.abc import Mapping
from typing import Any

from aggregator.proxy.body import body_of
from aggregator.proxy.dialects.chat_form import checked
from aggregator.proxy.dialects.lengths import utf8_length
from aggregator.proxy.model import Ask


def read(event: Mapping[str, Any], *, user_id: str = "") -> Ask:
    """Read and check a chat completion request.

    Raises:
        InvalidRequest: a field is missing, or has a wrong type or value; `param` is its path.
        UnsupportedParameter: it asks for something that has no price here.
        PayloadTooLarge: over 6 MB.
    """
    return checked(body_of(event), utf8_length(event["body"]), user_id=user_id)
