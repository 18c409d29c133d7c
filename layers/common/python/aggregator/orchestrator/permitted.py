"""Which models, and over which routes, a key may call. Standard library only: the hot path imports it.

An entry of a key's `allowedModels` is any spelling that `model` takes, or a pattern of one: a model's id, an alias of
everybody's, or either after a provider (`openai/gpt-4o-mini`, `openai/*`), which allows that provider's route alone.
A key's own aliases give no right. A plan names its models in the same way: what both allow may be called.
"""

from collections.abc import Iterable

from aggregator.auth.caller import Caller
from aggregator.errors import InvalidRequest, ModelNotAllowed, ModelNotFound
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.model import Model, Route, Selection


def permitted(caller: Caller, catalogue: Catalogue, name: str) -> Selection:
    """The model that `name` means to a caller, and those of its routes that the key allows.

    Raises:
        ModelNotFound: there is none.
        ModelNotAllowed: the key, or its plan, names its models, and this is none of them.
    """
    selection = catalogue.find(caller.meant_by(name))
    if caller.allowed_models is None and caller.plan is None:
        return selection
    routes = permitted_routes(caller, catalogue, selection.model, selection.routes)
    if not routes:
        raise _not_allowed(caller, catalogue, selection.model)
    return selection._replace(routes=routes)


def permitted_routes(
    caller: Caller, catalogue: Catalogue, model: Model, routes: tuple[Route, ...]
) -> tuple[Route, ...]:
    """Those of a model's routes that a key, and its plan, allow."""
    if caller.plan is not None and caller.plan.models is not None:
        routes = permitted_routes(caller.plan.models, catalogue, model, routes)
    names = (model.id, *catalogue.aliases_of(model.id))
    if any(map(caller.allows_name, names)):
        return routes
    return tuple(
        route for route in routes if _allows_route(caller, names, route.provider.id, route.upstream_model)
    )


def require_answer(caller: Caller, catalogue: Catalogue, provider_id: str, model_id: str) -> None:
    """Refuse an answer that was kept, if the key allows neither its model nor the route that it came over.

    Raises:
        ModelNotAllowed: as `permitted` does.
    """
    names = (model_id, *catalogue.aliases_of(model_id))
    upstream = catalogue.upstream_name(provider_id, model_id)
    if not any(map(caller.allows_name, names)) and not _allows_route(caller, names, provider_id, upstream):
        raise _not_by_key(model_id)


def require_some_model(patterns: Iterable[str], catalogue: Catalogue) -> None:
    """Refuse entries of `allowedModels` of which one fits nothing that can be called: a slip of the pen, most likely.

    Raises:
        InvalidRequest: it names the entry, and models that are called nearly so.
    """
    for pattern in patterns:
        only = Caller("", "", allowed_models=(pattern,))
        if any(permitted_routes(only, catalogue, model, model.routes) for model in catalogue.models()):
            continue
        try:
            catalogue.find(pattern)
        except ModelNotFound as missing:
            raise InvalidRequest(f"allowedModels: {missing.message}", param="allowedModels") from None


def _allows_route(caller: Caller, names: tuple[str, ...], provider_id: str, upstream: str) -> bool:
    return any(caller.allows_name(f"{provider_id}/{name}") for name in (*names, upstream) if name)


def _not_allowed(caller: Caller, catalogue: Catalogue, model: Model) -> ModelNotAllowed:
    """Why none of a model's routes is allowed: the plan comes first, since another key would not help."""
    plan = caller.plan
    if plan is None or plan.models is None or permitted_routes(plan.models, catalogue, model, model.routes):
        return _not_by_key(model.id)
    return _not_on_plan(plan.version, model.id)


def _not_on_plan(version: str, model_id: str) -> ModelNotAllowed:
    plan_id = version.partition("#")[0]
    return ModelNotAllowed(f"The plan '{plan_id}' does not have the model '{model_id}'.", param="model")


def _not_by_key(model_id: str) -> ModelNotAllowed:
    return ModelNotAllowed(f"This API key may not call the model '{model_id}'.", param="model")
