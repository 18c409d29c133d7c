from typing import Annotated

import pytest
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from pydantic import BaseModel, Field

from aggregator.openapi.document import Source, UndescribedRouteError, document_of
from aggregator.openapi.schemas import SchemaClashError, merge, query_parameters, tidy, without_null


class Query(BaseModel):
    """A query."""

    from_: Annotated[str | None, Field(alias="from", description="Start.")] = None
    limit: Annotated[int, Field(ge=1, le=9)] = 5
    name: str


def test_a_route_that_nobody_described_stops_the_generator_and_is_named() -> None:
    app = APIGatewayRestResolver(enable_validation=True)

    @app.get("/unheard/of")
    def unheard() -> str:
        return ""

    with pytest.raises(UndescribedRouteError, match=r"lacks \['GET /unheard/of'\]"):
        document_of([Source("health", "GET /unheard/of: nothing.", app)], "1")


def test_a_query_model_becomes_a_parameter_for_each_field_with_its_own_type() -> None:
    parameters = query_parameters(Query)

    assert parameters == [
        {
            "name": "from",
            "in": "query",
            "required": False,
            "description": "Start.",
            "schema": {"type": "string"},
        },
        {
            "name": "limit",
            "in": "query",
            "required": False,
            "schema": {"type": "integer", "minimum": 1, "maximum": 9, "default": 5},
        },
        {"name": "name", "in": "query", "required": True, "schema": {"type": "string"}},
    ]


def test_two_models_of_one_name_are_refused() -> None:
    schemas = {"Tokens": {"type": "object"}}

    with pytest.raises(SchemaClashError, match="Tokens"):
        merge(schemas, {"Tokens": {"type": "string"}})


def test_generated_titles_and_sources_go_and_a_property_named_title_stays() -> None:
    schema = {
        "title": "Book",
        "description": "A book.\n\nSource: a shelf",
        "properties": {"title": {"title": "Title", "type": "string", "maxLength": 9.0}},
    }

    assert tidy(schema) == {
        "description": "A book.",
        "properties": {"title": {"type": "string", "maxLength": 9}},
    }


def test_a_parameter_that_may_be_left_out_is_not_null() -> None:
    schema = {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}

    assert without_null(schema) == {"type": "integer"}
