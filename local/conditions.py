"""What a template's conditions choose, as CloudFormation decides it. Pure rules."""

from collections.abc import Callable, Mapping
from typing import Any

JsonObject = dict[str, Any]

_NOTHING = {"Ref": "AWS::NoValue"}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "Fn::And": lambda *each: all(each),
    "Fn::Contains": lambda many, one: one in many,
    "Fn::Equals": lambda one, other: one == other,
    "Fn::Join": lambda separator, parts: separator.join(parts),
    "Fn::Not": lambda each: not each,
    "Fn::Split": lambda separator, text: text.split(separator),
}


def decided(conditions: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, bool]:
    """Whether each condition holds with these parameters."""
    return {name: bool(value_of(each, conditions, parameters)) for name, each in conditions.items()}


def value_of(expression: Any, conditions: Mapping[str, Any], parameters: Mapping[str, str]) -> Any:
    """Value of a condition, or of a rule's function.

    Raises:
        KeyError: it is of a function that is not known here.
    """
    match expression:
        case {"Ref": name}:
            return parameters[name]
        case {"Condition": name}:
            return value_of(conditions[name], conditions, parameters)
        case dict():
            ((function, arguments),) = expression.items()
            return _FUNCTIONS[function](*value_of(arguments, conditions, parameters))
        case list():
            return [value_of(each, conditions, parameters) for each in expression]
    return expression


def made(resources: Mapping[str, JsonObject], decided: Mapping[str, bool]) -> dict[str, JsonObject]:
    """The resources that are made, each as the conditions have it."""
    return {
        name: chosen(each, decided)
        for name, each in resources.items()
        if decided.get(each.get("Condition", ""), True)
    }


def chosen(value: Any, decided: Mapping[str, bool]) -> Any:
    """The value with each `Fn::If` replaced by the branch that holds; what that leaves out is not there."""
    match value:
        case {"Fn::If": [condition, so, otherwise]}:
            return chosen(so if decided[condition] else otherwise, decided)
        case dict():
            found = {key: chosen(each, decided) for key, each in value.items()}
            return {key: each for key, each in found.items() if each != _NOTHING}
        case list():
            return [each for each in (chosen(one, decided) for one in value) if each != _NOTHING]
    return value


def filled(value: Any, parameters: Mapping[str, str]) -> Any:
    """The value with parameters put in where `Fn::Sub` names nothing else; what names resources stays as it is."""
    match value:
        case {"Fn::Sub": str(text)} if len(value) == 1:
            for name, said in parameters.items():
                text = text.replace(f"${{{name}}}", said)
            return value if "${" in text else text
        case dict():
            return {key: filled(each, parameters) for key, each in value.items()}
        case list():
            return [filled(each, parameters) for each in value]
    return value
