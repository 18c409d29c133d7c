"""List what a caller may call."""

from urllib.parse import unquote

from aggregator.auth.caller import MODELS_READ, Caller
from aggregator.errors import ModelNotAllowed, ModelNotFound
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.model import Model
from aggregator.orchestrator.permitted import permitted, permitted_routes


def list_models(
    catalogue: Catalogue, caller: Caller, *, provider: str | None = None, capability: str | None = None
) -> list[Model]:
    """Every model that the caller's key allows, that `provider` serves and that has `capability`.

    Raises:
        MissingScope: the key may not read models.
    """
    caller.require_scope(MODELS_READ)
    return [
        model
        for each in catalogue.models()
        if (model := _as_allowed(caller, catalogue, each)) is not None
        and (provider is None or any(route.provider.id == provider for route in model.routes))
        and (capability is None or capability in model.capabilities)
    ]


def read_model(catalogue: Catalogue, caller: Caller, name: str) -> Model:
    """The model of a name, as `Catalogue.find` reads it; `name` may be percent-encoded, as it comes out of a path.

    Raises:
        MissingScope: the key may not read models.
        ModelNotFound: there is none, or the caller's key does not allow it.
    """
    caller.require_scope(MODELS_READ)
    name = unquote(name)
    try:
        model = permitted(caller, catalogue, name).model
    except ModelNotAllowed:
        raise ModelNotFound(f"The model '{name}' does not exist.", param="model") from None
    return _as_allowed(caller, catalogue, model) or model


def _as_allowed(caller: Caller, catalogue: Catalogue, model: Model) -> Model | None:
    """A model with those of its routes that the caller's key allows; None if it allows none."""
    routes = permitted_routes(caller, catalogue, model, model.routes)
    return model._replace(routes=routes) if routes else None
