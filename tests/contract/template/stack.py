"""A translated template, as CloudFormation sees it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.conditions import chosen, decided

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Stack:
    """A translated template."""

    resources: Mapping[str, JsonObject]
    conditions: Mapping[str, Any]
    defaults: Mapping[str, str]

    def of_type(self, wanted: str) -> dict[str, JsonObject]:
        """Resources of one type by logical id, `AWS::` left out."""
        return {name: each for name, each in self.resources.items() if each["Type"] == f"AWS::{wanted}"}

    def properties(self, name: str) -> JsonObject:
        """Properties of one resource."""
        properties: JsonObject = self.resources[name]["Properties"]
        return properties

    def api_body(self, **parameters: str) -> JsonObject:
        """The API's document, as the conditions have it with these parameters and the others' defaults."""
        holds = decided(self.conditions, {**self.defaults, **parameters})
        body: JsonObject = chosen(self.properties("Api")["Body"], holds)
        return body

    def statements(self) -> Iterator[tuple[str, JsonObject]]:
        """Each statement of each identity policy, with the logical id of its role or managed policy."""
        for name, role in self.of_type("IAM::Role").items():
            for policy in role["Properties"].get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement
        for name, managed in self.of_type("IAM::ManagedPolicy").items():
            for statement in managed["Properties"]["PolicyDocument"]["Statement"]:
                yield name, statement
