"""Which media type a client would rather have: the header `Accept` of RFC 9110, section 12.5.1."""

import re
from collections.abc import Sequence

_RANGE = re.compile(r"\s*(?P<type>[^\s;,/]+)/(?P<subtype>[^\s;,/]+)\s*(?P<parameters>(?:;[^,]*)?)")
_QUALITY = re.compile(r";\s*q\s*=\s*(?P<q>[^;\s]*)", re.IGNORECASE)
_Q = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


def preferred(accept: str | None, offered: Sequence[str]) -> str:
    """The one of `offered` that the client wants most; the first one where it wants none, or does not say.

    Each is judged by the range that names it most closely; of two that are wanted alike, the one that is named more
    closely, then the one that is offered first. A range with a quality that is none counts for nothing.
    """
    ranges = list(_ranges(accept or ""))

    def wanted(media_type: str) -> tuple[float, int]:
        closest = max(
            ((closeness, q) for name, q in ranges if (closeness := _closeness(name, media_type))),
            default=(0, 0.0),
        )
        return closest[1], closest[0]

    return max(offered, key=wanted) if any(wanted(each)[0] for each in offered) else offered[0]


def _ranges(accept: str) -> Sequence[tuple[str, float]]:
    found = []
    for part in accept.split(","):
        named = _RANGE.fullmatch(part)
        if named is None:
            continue
        quality = _QUALITY.search(named["parameters"])
        said = "1" if quality is None else quality["q"]
        if _Q.fullmatch(said):
            found.append((f"{named['type']}/{named['subtype']}".lower(), float(said)))
    return found


def _closeness(name: str, media_type: str) -> int:
    """How closely a range names a media type: 3 by name, 2 by its family, 1 by anything, 0 not at all."""
    if name == media_type:
        return 3
    if name == f"{media_type.partition('/')[0]}/*":
        return 2
    return int(name == "*/*")
