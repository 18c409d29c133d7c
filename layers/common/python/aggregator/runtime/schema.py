"""Bases of all requests and answers of our own API: camelCase outside, snake_case inside."""

from datetime import UTC, datetime
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from aggregator.runtime.clock import iso

# Not `.` nor `..`: in a path they are no names, so nobody could ask for such a user again.
USER_ID_PATTERN = r"^(\.{0,2}[A-Za-z0-9_@-][A-Za-z0-9._@-]*|\.{3}[A-Za-z0-9._@-]*)$"

_YEARS = range(2000, 2200)


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be within the years 1 to 9999, in UTC") from None


def _bound_in_utc(moment: datetime) -> datetime:
    if moment.year not in _YEARS:
        raise ValueError("must be within the years 2000 to 2199")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else _in_utc(moment)


UserId = Annotated[str, Field(pattern=USER_ID_PATTERN, max_length=128, examples=["demo"])]
UserIdInPath = Annotated[str, Path(pattern=USER_ID_PATTERN, max_length=128, examples=["demo"])]
Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment that a client sends, with its time zone."""
Bound = Annotated[datetime, AfterValidator(_bound_in_utc)]
"""Start or end of a range of time in a query; UTC unless it says otherwise."""
Moment = Annotated[datetime, PlainSerializer(iso, return_type=str)]


class Request(BaseModel):
    """What a client sends: an unknown field is refused by name, so that no typing error passes unseen."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class Response(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, serialize_by_alias=True
    )
