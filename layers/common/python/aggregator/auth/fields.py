"""What the fields of a key may hold: types of requests to `/auth/api-keys`."""

from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from aggregator.billing.money import AMOUNT_FROM_0_PATTERN, to_nano_usd

_MOST = 1_000_000_000_000


def _network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        raise ValueError("must be an IP address or a network such as 203.0.113.0/24") from None


def _budget(text: str) -> str:
    if to_nano_usd(text) <= 0:
        raise ValueError("must be more than 0")
    return text


def _distinct(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Scope = Literal["inference", "models:read", "billing:read", "analytics:read", "keys:manage", "admin"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
ModelPattern = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9._:/@+*-]{1,128}$", examples=["gpt-4o-mini", "openai/*"])
]
Network = Annotated[str, Field(max_length=49, examples=["203.0.113.0/24"]), AfterValidator(_network)]
Scopes = Annotated[list[Scope], Field(min_length=1, max_length=6), AfterValidator(_distinct)]
Models = Annotated[list[ModelPattern], Field(min_length=1, max_length=50), AfterValidator(_distinct)]
Networks = Annotated[list[Network], Field(min_length=1, max_length=50), AfterValidator(_distinct)]
Number = Annotated[int, Field(ge=1, le=_MOST, strict=True)]
Budget = Annotated[
    str,
    Field(pattern=AMOUNT_FROM_0_PATTERN, examples=["5.00"]),
    AfterValidator(_budget),
]
PricePercent = Annotated[
    int,
    Field(
        ge=1,
        le=1000,
        strict=True,
        description="What calls with this key cost of list prices, in percent; only an admin sets it.",
    ),
]

AliasName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$", examples=["fast"])]
ModelName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}$", examples=["groq/gpt-oss-20b"])
]
Aliases = Annotated[
    dict[AliasName, ModelName],
    Field(max_length=50, description="Names of the key's own for models; they come before all others."),
]
CacheSeconds = Annotated[
    int,
    Field(
        ge=0,
        le=3600,
        strict=True,
        description="How old an answer to the same request may be, where the request does not say: 0 is never.",
    ),
]
Cap = Annotated[
    Literal["lower", "refuse"],
    Field(
        description="Where the balance does not pay for the output that a request may have, and the request does not "
        "say: `lower` caps it, `refuse` answers 402."
    ),
]
