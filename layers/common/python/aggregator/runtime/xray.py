"""X-Ray's trace header, as Lambda hands it to a function and as it goes along with what the function sends.

Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
"""

import re
from typing import NamedTuple

_ROOT = re.compile(r"(?:^|;)\s*Root=(1-[0-9a-f]{8}-[0-9a-f]{24})(?:;|$)")
_PARENT = re.compile(r"(?:^|;)\s*Parent=([0-9a-f]{16})(?:;|$)")
_SAMPLED = re.compile(r"(?:^|;)\s*Sampled=1(?:;|$)")


class Trace(NamedTuple):
    """A trace: its id, the segment that a header came from, and whether X-Ray keeps it."""

    root: str
    parent: str | None = None
    is_kept: bool = False

    @property
    def header(self) -> str:
        """The header again, with no more in it than this."""
        parent = f";Parent={self.parent}" if self.parent else ""
        return f"Root={self.root}{parent};Sampled={int(self.is_kept)}"


def trace_of(header: str | None) -> Trace | None:
    """What a header says; None for any other than X-Ray's."""
    root = _ROOT.search(header or "")
    if root is None:
        return None
    parent = _PARENT.search(header or "")
    return Trace(root[1], parent[1] if parent else None, bool(_SAMPLED.search(header or "")))
