"""Errors under status 200: what providers of any dialect, and proxies before them, write where an answer should be.

Standard library only, on the hot path.
"""

from collections.abc import Mapping
from typing import Any

# What errors are written in where a chunk should be, besides `error`: by Mistral, FastAPI (vLLM, proxies), Cohere.
_OF_AN_ERROR = ("errors", "detail", "code", "message", "status", "status_code")


def says_error(said: Mapping[str, Any]) -> bool:
    """Whether an answer, or an event of one, is an error in a form of OpenAI's family."""
    groq = said.get("x_groq")
    if said.get("error") or "error" in (said.get("object"), said.get("type")):
        return True
    return isinstance(groq, Mapping) and bool(groq.get("error"))


def is_no_chunk(event: Mapping[str, Any]) -> bool:
    """Whether an event of a stream has no choices, but fields that errors have (`error_code`, `success: false`)."""
    if isinstance(event.get("choices"), list):
        return False
    named = any(
        name in _OF_AN_ERROR or name.lower().startswith("error") for name, said in event.items() if said
    )
    return named or event.get("success") is False
