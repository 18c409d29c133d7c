"""What API Gateway was told by the deployed template: routes, authorizers, and its own error answers. Pure rules."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

JsonObject = dict[str, Any]

_INTEGRATION = "x-amazon-apigateway-integration"
_AUTHORIZER = "x-amazon-apigateway-authorizer"
_GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"

# API Gateway's default for an integration that names no time-out.
# Source: API Gateway developer guide, quotas for REST APIs.
DEFAULT_TIMEOUT_SECONDS = 29.0

# Status and message of the gateway's own errors, unless the template says otherwise.
# Source: API Gateway developer guide, gateway response types.
_DEFAULTS: dict[str, tuple[int, str]] = {
    "ACCESS_DENIED": (403, "User is not authorized to access this resource"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "Internal server error"),
    "AUTHORIZER_FAILURE": (500, "Internal server error"),
    "INTEGRATION_FAILURE": (504, "Internal server error"),
    "INTEGRATION_TIMEOUT": (504, "Endpoint request timed out"),
    "MISSING_AUTHENTICATION_TOKEN": (403, "Missing Authentication Token"),
    "REQUEST_TOO_LARGE": (413, "Request too long"),
    "UNAUTHORIZED": (401, "Unauthorized"),
    "DEFAULT_5XX": (502, "Internal server error"),
}


@dataclass(frozen=True, slots=True)
class Authorizer:
    """A REQUEST authorizer. `function` is the logical id of its function."""

    name: str
    function: str
    identity_sources: tuple[str, ...]
    ttl_seconds: int


@dataclass(frozen=True, slots=True)
class Route:
    """A method on a path. `function` is the logical id of the function behind it."""

    method: str
    path: str
    function: str
    streams: bool = False
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    authorizer: Authorizer | None = None

    def parameters_of(self, path: str) -> dict[str, str] | None:
        """Path parameters, if `path` is this route's; None if it is not."""
        found = re.fullmatch(_pattern_of(self.path), path)
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None


@dataclass(frozen=True, slots=True)
class GatewayAnswer:
    """An answer of the gateway itself: nothing behind it was asked, or what was asked failed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Api:
    """The one REST API of the template."""

    logical_id: str
    routes: tuple[Route, ...]
    gateway_responses: Mapping[str, JsonObject]

    @classmethod
    def of(cls, template: JsonObject) -> "Api":
        """Read the API out of a translated template.

        Raises:
            ValueError: the template has no REST API, or more than one.
        """
        resources = template["Resources"]
        found = [name for name, each in resources.items() if each["Type"] == "AWS::ApiGateway::RestApi"]
        if len(found) != 1:
            raise ValueError(f"expected one REST API in the template, found {found}")
        body = resources[found[0]]["Properties"]["Body"]
        authorizers = _authorizers_of(body, resources)
        routes = [
            _route_of(method, path, operation, authorizers, resources)
            for path, operations in body["paths"].items()
            for method, operation in operations.items()
            if _INTEGRATION in operation and operation[_INTEGRATION].get("uri")
        ]
        return cls(found[0], tuple(sorted(routes, key=_by_precedence)), body.get(_GATEWAY_RESPONSES, {}))

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Return the route of a request, and its path parameters.

        A slash at the end is no part of a path: `/console/` is `/console`, as API Gateway has it. Source: Powertools'
        `APIGatewayRestResolver`, which strips it for this reason (aws-powertools/powertools-lambda-python#1552).
        """
        called = path.rstrip("/") or "/"
        for route in self.routes:
            if route.method in {method, "ANY"} and (parameters := route.parameters_of(called)) is not None:
                return route, parameters
        return None

    def answer(
        self, kind: str, request_id: str, message: str | None = None, origin: str | None = None
    ) -> GatewayAnswer:
        """Render the gateway's own answer of a kind (`UNAUTHORIZED`), as the template has it.

        `origin` is the request's header of this name, the one that the template's answers repeat. What is not there is
        not said.
        """
        default_status, default_message = _DEFAULTS[kind]
        said = message or default_message
        family = f"DEFAULT_{default_status // 100}XX"
        custom = self.gateway_responses.get(kind) or self.gateway_responses.get(family) or {}
        variables = {
            "error.message": said,
            "error.messageString": json.dumps(said),
            "error.responseType": kind,
            "requestId": request_id,
            "extendedRequestId": request_id,
        }
        template = (custom.get("responseTemplates") or {}).get(
            "application/json", '{"message":$context.error.messageString}'
        )
        body = re.sub(r"\$context\.([A-Za-z.]*[A-Za-z])", lambda name: variables.get(name[1], ""), template)
        headers = {"Content-Type": "application/json", "x-amzn-RequestId": request_id}
        for name, source in (custom.get("responseParameters") or {}).items():
            if source == "method.request.header.Origin":
                value = origin
            else:
                value = (
                    source[1:-1] if source.startswith("'") else variables.get(source[len("context.") :], "")
                )
            if value is not None:
                headers[name.removeprefix("gatewayresponse.header.")] = value
        return GatewayAnswer(int(custom.get("statusCode", default_status)), headers, body.encode())


def _route_of(
    method: str,
    path: str,
    operation: JsonObject,
    authorizers: Mapping[str, Authorizer],
    resources: JsonObject,
) -> Route:
    integration = operation[_INTEGRATION]
    named = [name for requirement in operation.get("security", []) for name in requirement]
    return Route(
        method="ANY" if method == "x-amazon-apigateway-any-method" else method.upper(),
        path=path,
        function=_function_in(integration["uri"], resources),
        streams=integration.get("responseTransferMode") == "STREAM",
        timeout_seconds=integration.get("timeoutInMillis", DEFAULT_TIMEOUT_SECONDS * 1000) / 1000,
        authorizer=next((authorizers[name] for name in named if name in authorizers), None),
    )


def _authorizers_of(body: JsonObject, resources: JsonObject) -> dict[str, Authorizer]:
    schemes = body.get("securityDefinitions") or body.get("components", {}).get("securitySchemes", {})
    found = {}
    for name, scheme in schemes.items():
        if said := scheme.get(_AUTHORIZER):
            sources = said.get("identitySource", "")
            found[name] = Authorizer(
                name=name,
                function=_function_in(said["authorizerUri"], resources),
                identity_sources=tuple(source.strip() for source in sources.split(",") if source.strip()),
                ttl_seconds=int(said.get("authorizerResultTtlInSeconds", 300)),
            )
    return found


def _function_in(expression: Any, resources: JsonObject) -> str:
    """Logical id of the function that an expression of CloudFormation points at, through an alias if need be."""
    for name in _references_in(expression):
        kind = resources.get(name, {}).get("Type")
        if kind == "AWS::Lambda::Function":
            return name
        if kind == "AWS::Lambda::Alias":
            return _function_in(resources[name]["Properties"]["FunctionName"], resources)
    raise ValueError(f"no function of the template in {expression}")


def _references_in(expression: Any) -> Iterator[str]:
    match expression:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [name, *_]}:
            yield name
        case str(text):
            yield from re.findall(r"\$\{([A-Za-z0-9]+)(?:\.\w+)?\}", text)
        case dict():
            for each in expression.values():
                yield from _references_in(each)
        case list():
            for each in expression:
                yield from _references_in(each)


def _pattern_of(path: str) -> str:
    parts = re.split(r"(\{[^}]+\})", path)
    return "".join(_pattern_of_parameter(part) if part.startswith("{") else re.escape(part) for part in parts)


def _pattern_of_parameter(parameter: str) -> str:
    name = parameter.strip("{}")
    return f"(?P<{name[:-1]}>.+)" if name.endswith("+") else f"(?P<{name}>[^/]+)"


def _by_precedence(route: Route) -> tuple[list[int], bool]:
    """Sort key: a fixed segment goes before a parameter, that before a greedy one, and a method before ANY."""
    ranks = [2 if part.endswith("+}") else int(part.startswith("{")) for part in route.path.split("/")]
    return ranks, route.method == "ANY"
