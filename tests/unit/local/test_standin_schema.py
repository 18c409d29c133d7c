"""The instances that the stand-in fills schemas with."""

import math
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.standin.schema import SchemaError, instance_of

SCHEMAS: dict[str, dict[str, Any]] = {
    "each type": {
        "type": "object",
        "properties": {
            "s": {"type": "string"},
            "i": {"type": "integer"},
            "n": {"type": "number"},
            "b": {"type": "boolean"},
            "z": {"type": "null"},
            "a": {"type": "array", "items": {"type": "integer"}},
            "o": {"type": "object", "properties": {"deep": {"type": "string"}}, "required": ["deep"]},
        },
        "required": ["s", "i", "n", "b", "z", "a", "o"],
        "additionalProperties": False,
    },
    "enum and const": {
        "type": "object",
        "properties": {"unit": {"enum": ["celsius", "kelvin"]}, "version": {"const": 3}},
        "required": ["unit", "version"],
    },
    "several types": {"type": ["null", "integer"], "minimum": 12},
    "required but not described": {"type": "object", "required": ["x"], "minProperties": 3},
    "nullable by anyOf": {"anyOf": [{"type": "null"}, {"type": "string", "minLength": 30}]},
    "oneOf with a tag": {
        "oneOf": [
            {"type": "object", "properties": {"kind": {"const": "a"}}, "required": ["kind"]},
            {"type": "object", "properties": {"kind": {"const": "b"}}, "required": ["kind"]},
        ],
    },
    "anyOf beside properties": {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
        "anyOf": [{"required": ["b"]}, {"required": ["a"]}],
    },
    "allOf": {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
            {"properties": {"b": {"type": "integer"}}, "required": ["b"]},
        ],
    },
    "references": {
        "$ref": "#/$defs/Person",
        "$defs": {
            "Person": {
                "type": "object",
                "properties": {"home": {"$ref": "#/$defs/Address"}, "past": {"$ref": "#/$defs/Address"}},
                "required": ["home", "past"],
            },
            "Address": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    },
    "a tree": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#"}}},
        "required": ["name", "children"],
        "additionalProperties": False,
    },
    "a list of links": {
        "$defs": {
            "Link": {
                "type": "object",
                "properties": {"next": {"anyOf": [{"$ref": "#/$defs/Link"}, {"type": "null"}]}},
                "required": ["next"],
            },
        },
        "$ref": "#/$defs/Link",
    },
    "a wide tree": {
        "type": "object",
        "properties": {f"branch{place}": {"$ref": "#"} for place in range(30)},
    },
    "arrays": {"type": "array", "items": {"type": "string"}, "minItems": 4, "uniqueItems": True},
    "unique enums": {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": True},
    "unique numbers": {
        "type": "array",
        "items": {"type": "integer", "minimum": 5, "maximum": 8},
        "minItems": 4,
        "uniqueItems": True,
    },
    "an empty array": {"type": "array", "items": {"type": "string"}, "maxItems": 0},
    "a tuple": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
    "a map": {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 2},
    "exclusive bounds": {"type": "integer", "exclusiveMinimum": 7, "exclusiveMaximum": 9},
    "tight floats": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
    "multiples": {"type": "integer", "multipleOf": 25, "minimum": 26},
    "multiples of a fraction": {"type": "number", "multipleOf": 0.01, "minimum": 0.015, "maximum": 0.03},
    "negatives": {"type": "number", "maximum": -2.5},
    "lengths": {"type": "string", "minLength": 3, "maxLength": 3},
    "a default": {"type": "object", "properties": {"limit": {"type": "integer", "default": 10}}},
    "anything": {},
}
FORMATS = ["date", "date-time", "time", "email", "uuid", "uri", "ipv4", "ipv6", "hostname"]
PATTERNS = [
    r"^[A-Z]{3}$",
    r"^\d{4}-\d{2}-\d{2}$",
    r"^(red|green)$",
    r"^#[0-9a-fA-F]{6}$",
    r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
    r"^\+?[1-9]\d{1,14}$",
    r"^[\w.-]+$",
    r"^(?:ab){2,3}c?.+$",
    r"^\S+\s\S+$",
]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_filled_with_an_instance_it_accepts(name: str) -> None:
    schema = SCHEMAS[name]

    instance = instance_of(schema)

    jsonschema_rs.validate(schema, instance)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_filled_with_a_text_of_that_format(name: str) -> None:
    schema = {"type": "string", "format": name}

    instance = instance_of(schema)

    assert jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(instance)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_is_filled_with_a_text_that_matches(pattern: str) -> None:
    schema = {"type": "string", "pattern": pattern}

    instance = instance_of(schema)

    jsonschema_rs.validate(schema, instance)


def test_optional_properties_are_filled_too() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}

    instance = instance_of(schema)

    assert instance == {"city": "city", "days": 7}


def test_an_integer_is_an_integer_even_where_a_number_is_allowed() -> None:
    instance = instance_of({"type": "number", "minimum": 9, "maximum": 9})

    assert type(instance) is int
    assert instance == 9


@given(
    low=st.integers(-1000, 1000) | st.floats(-1000, 1000).map(lambda value: round(value, 3)),
    width=st.integers(1, 1000),
    whole=st.booleans(),
    is_open=st.booleans(),
)
def test_a_number_is_within_any_bounds(low: float, width: int, whole: bool, is_open: bool) -> None:
    lower, upper = ("exclusiveMinimum", "exclusiveMaximum") if is_open else ("minimum", "maximum")
    schema = {
        "type": "integer" if whole else "number",
        lower: math.floor(low) if whole else low,
        upper: low + width + 1,
    }

    instance = instance_of(schema)

    jsonschema_rs.validate(schema, instance)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/Missing"},
        {"$ref": "https://example.com/schema.json"},
        {"$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}, "$ref": "#/$defs/A"},
        {"type": "object", "properties": {"me": {"$ref": "#"}}, "required": ["me"]},
        {"allOf": [{"$ref": "#"}]},
        {"type": "object", "properties": ["a", "b"]},
        {"enum": []},
        {"type": "string", "minLength": "3"},
    ],
)
def test_a_schema_that_cannot_be_filled_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(SchemaError, match="the schema cannot be filled"):
        instance_of(schema)
