"""Bases of all requests and answers of our own API: camelCase outside, snake_case inside."""

from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from aggregator.runtime.clock import iso

USER_ID_PATTERN = r"^[A-Za-z0-9._@-]{1,128}$"

UserId = Annotated[str, Field(pattern=USER_ID_PATTERN, examples=["demo"])]
UserIdInPath = Annotated[str, Path(pattern=USER_ID_PATTERN, examples=["demo"])]
Moment = Annotated[datetime, PlainSerializer(iso, return_type=str)]


class Request(BaseModel):
    """What a client sends: an unknown field is refused by name, so that no typing error passes unseen."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class Response(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, serialize_by_alias=True
    )
