"""List what a caller may call."""

from urllib.parse import unquote

from aggregator.auth.caller import MODELS_READ, Caller
from aggregator.errors import ModelNotAllowed, ModelNotFound
from aggregator.orchestrator.model import Catalogue, Model


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
        for model in catalogue.models()
        if may_call(caller, model.id)
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
    model = catalogue.find(caller.meant_by(name)).model
    if not may_call(caller, model.id):
        raise ModelNotFound(f"The model '{name}' does not exist.", param="model")
    return model


def may_call(caller: Caller, model_id: str) -> bool:
    """Whether the caller's key allows a model."""
    try:
        caller.require_model(model_id)
    except ModelNotAllowed:
        return False
    return True
