"""What all published events share. Consumers are tolerant: a field they do not know is no error."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Count = Annotated[int, Field(ge=0)]
Id = Annotated[str, Field(min_length=1, max_length=200)]


class Event(BaseModel):
    """Frozen once published: optional fields may be added, anything else is a new version beside this one."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        frozen=True,
        strict=True,
        serialize_by_alias=True,
    )
