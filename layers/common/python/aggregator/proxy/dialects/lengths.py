"""How long texts are as UTF-8: what a fallback count goes by. Standard library only, on the hot path."""

from typing import Any


def utf8_length(text: str) -> int:
    """How many bytes a text has as UTF-8."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def utf8_bytes(text: Any) -> int:
    """How much text a value is, as UTF-8; none if it is no text."""
    if not isinstance(text, str):
        return 0
    return utf8_length(text)
