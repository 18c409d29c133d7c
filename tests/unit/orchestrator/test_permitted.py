"""What a key's `allowedModels` let it call: every spelling that `model` takes, by route where it names a provider."""

import pytest

from aggregator.auth.caller import Caller
from aggregator.errors import InvalidRequest, ModelNotAllowed
from aggregator.orchestrator.list_models import list_models, read_model
from aggregator.orchestrator.permitted import permitted, require_answer, require_some_model
from tests.unit.orchestrator.samples import catalogue, data

CATALOGUE = catalogue({**data(), "aliases": {"cheap": "mini", "open": "oss-20b"}})


def routes(pattern: str, name: str) -> list[str]:
    """Providers over which a key of one entry may call a model by a name."""
    try:
        found = permitted(Caller("k", "ann", allowed_models=(pattern,)), CATALOGUE, name)
    except ModelNotAllowed:
        return []
    return [route.provider.id for route in found.routes]


@pytest.mark.parametrize(
    ("pattern", "name", "over"),
    [
        ("oss-20b", "oss-20b", ["groq", "openai"]),
        ("oss-20b", "open", ["groq", "openai"]),
        ("oss-20b", "groq/oss-20b", ["groq"]),
        ("open", "oss-20b", ["groq", "openai"]),
        ("open", "openai/open", ["openai"]),
        ("groq/oss-20b", "oss-20b", ["groq"]),
        ("groq/oss-20b", "open", ["groq"]),
        ("groq/oss-20b", "openai/oss-20b", []),
        ("groq/vendor/oss-20b", "oss-20b", ["groq"]),
        ("groq/open", "oss-20b", ["groq"]),
        ("groq/*", "oss-20b", ["groq"]),
        ("groq/*", "mini", []),
        ("openai/*", "mini", ["openai"]),
        ("*/mini", "mini", ["openai"]),
        ("mini", "oss-20b", []),
        ("MINI", "mini", []),
        ("vendor/oss-20b", "oss-20b", []),
        ("*", "cheap", ["openai"]),
    ],
)
def test_an_entry_allows_what_it_spells(pattern: str, name: str, over: list[str]) -> None:
    assert routes(pattern, name) == over


def test_a_keys_own_alias_gives_no_right() -> None:
    caller = Caller("k", "ann", allowed_models=("fast",), aliases={"fast": "oss-20b"})

    with pytest.raises(ModelNotAllowed):
        permitted(caller, CATALOGUE, "fast")


def test_a_key_without_limits_gets_every_route() -> None:
    found = permitted(Caller("k", "ann"), CATALOGUE, "oss-20b")

    assert [route.provider.id for route in found.routes] == ["groq", "openai"]


def test_a_key_is_shown_the_models_and_routes_that_it_may_call() -> None:
    caller = Caller("k", "ann", allowed_models=("groq/oss-20b", "cheap"))

    listed = {
        model.id: [each.provider.id for each in model.routes] for model in list_models(CATALOGUE, caller)
    }

    assert listed == {"mini": ["openai"], "oss-20b": ["groq"]}
    assert [each.provider.id for each in read_model(CATALOGUE, caller, "open").routes] == ["groq"]


@pytest.mark.parametrize(
    ("pattern", "provider", "model"),
    [
        ("oss-20b", "groq", "oss-20b"),
        ("groq/*", "groq", "oss-20b"),
        ("groq/vendor/*", "groq", "oss-20b"),
        ("o*", "x", "old"),
    ],
)
def test_an_answer_that_was_kept_is_for_who_may_call_its_route(
    pattern: str, provider: str, model: str
) -> None:
    require_answer(Caller("k", "ann", allowed_models=(pattern,)), CATALOGUE, provider, model)


@pytest.mark.parametrize(
    ("provider", "model"), [("openai", "oss-20b"), ("openai", "mini"), ("", ""), ("x", "old")]
)
def test_an_answer_that_was_kept_is_for_nobody_else(provider: str, model: str) -> None:
    with pytest.raises(ModelNotAllowed):
        require_answer(Caller("k", "ann", allowed_models=("groq/*",)), CATALOGUE, provider, model)


def test_entries_that_fit_some_model_are_taken() -> None:
    require_some_model(
        ["mini", "cheap", "openai/mini", "groq/*", "*", "oss*", "groq/vendor/oss-20b"], CATALOGUE
    )


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [("minni", "Did you mean mini"), ("opnai/*", ""), ("groq/mini", "openai/mini"), ("Mini", "")],
)
def test_an_entry_that_fits_nothing_is_named_with_near_ones(pattern: str, hint: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        require_some_model(["mini", pattern], CATALOGUE)

    assert refused.value.param == "allowedModels"
    assert f"'{pattern}'" in refused.value.message
    assert hint in refused.value.message
