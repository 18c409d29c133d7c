"""Query parameters of a function: which it has, and what is said to a request with another one."""

from collections.abc import Collection, Mapping
from inspect import isclass
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from pydantic import BaseModel

from aggregator.errors import InvalidRequest
from aggregator.runtime.request import Event


def query_parameters_of(app: APIGatewayRestResolver) -> frozenset[str]:
    """The names of all query parameters that any route of `app` takes, as clients write them."""
    names: set[str] = set()
    for route in app._static_routes + app._dynamic_routes:  # noqa: SLF001 (Powertools has no other way to them)
        for parameter in route.dependant.query_params:
            model = parameter.field_info.annotation
            if isclass(model) and issubclass(model, BaseModel):
                names |= {field.alias or name for name, field in model.model_fields.items()}
            else:
                names.add(parameter.alias)
    return frozenset(names)


def require_known(event: Event, parameters: Collection[str]) -> None:
    """Refuse a query with a parameter that is not ours, or that comes twice: neither is dropped in silence.

    Raises:
        InvalidRequest: it names the parameter.
    """
    several: Mapping[str, Any] = event.get("multiValueQueryStringParameters") or {}
    for name in {**(event.get("queryStringParameters") or {}), **several}:
        if name not in parameters:
            near = name[:100].encode(errors="replace").decode()
            raise InvalidRequest(f"{near}: there is no such parameter.", param=near)
        if len(several.get(name) or ()) > 1:
            raise InvalidRequest(f"{name}: give it once.", param=name)
