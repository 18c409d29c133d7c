"""A handler that does nothing: what Python and the runtime client cost by themselves."""

from typing import Any


def handler(_event: Any, _context: Any) -> dict[str, Any]:
    """Answer at once."""
    return {"statusCode": 200, "body": "{}"}
