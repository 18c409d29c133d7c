"""Who may call what, and over which ways."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.auth.caller import Caller
from aggregator.errors import (
    AddressNotAllowed,
    InvalidApiKey,
    MissingScope,
    ModelNotAllowed,
    ModelNotFound,
    ProviderUnavailable,
    Refusal,
    UnsupportedParameter,
)
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.merge import merged
from aggregator.proxy.model import Route
from aggregator.proxy.routing.route import routes_for
from tests.fakes.chat_world import FakeKeys, ask

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CALLER = Caller(key_id="k1", user_id="ann")


def price(version: str, effective_at: str = "1970-01-01T00:00:00.000Z") -> dict[str, Any]:
    return {"version": version, "effectiveAt": effective_at, "input": 1_000_000, "output": 2_000_000}


def provider(provider_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": provider_id,
        "protocol": "openai",
        "baseUrl": f"https://api.{provider_id}.example/v1",
        "maxTokensField": "max_tokens",
        "timeoutSeconds": 600,
    } | fields


def model(model_id: str, *routes: tuple[str, int], **fields: Any) -> dict[str, Any]:
    return {
        "id": model_id,
        "contextWindow": 1_000,
        "maxInputTokens": 1_000,
        "maxOutputTokens": 100,
        "maxImageTokens": 50,
        "capabilities": ["chat"],
        "prices": [price("old"), price("new", "2026-11-01T00:00:00.000Z"), price("next", "2027-01-01")],
        "routes": [
            {"provider": to, "upstreamModel": f"{to}-{model_id}", "weight": 1, "order": order}
            for to, order in routes
        ],
    } | fields


SOON = model("soon", ("openai", 1), ("groq", 0))
SOON["routes"][1]["prices"] = [price("1", "2027-01-01T00:00:00.000Z")]

ODD = price("1") | {"input": 1_000_001, "output": 2_000_001, "request": 7}
ODD["tiers"] = [{"aboveInputTokens": 500, "input": 3_000_001, "output": 4_000_001}]

CATALOGUE = Catalogue(
    merged(
        {
            "aliases": {"quick": {"model": "balanced", "strategy": "latency"}},
            "providers": [
                provider("openai"),
                provider("groq", unsupported=["logprobs"]),
                provider("ollama", keyless=True),
            ],
            "models": [
                model("mini", ("groq", 1), ("openai", 0)),
                model("seeing", ("openai", 0), capabilities=["chat", "vision"]),
                model("strict", ("groq", 0)),
                model("balanced", ("groq", 0), ("openai", 0), strategy="weighted"),
                SOON,
                model("own", ("ollama", 0)),
                model("odd", ("openai", 0), prices=[ODD]),
                model("later", ("openai", 0), prices=[price("1", "2027-01-01T00:00:00.000Z")]),
                model("embed", ("openai", 0), capabilities=["embeddings"], maxOutputTokens=0),
            ],
        },
        None,
        None,
        region="eu-central-1",
    ),
    version=1,
)

PICTURE = [
    {
        "role": "user",
        "content": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}],
    }
]


def routed(
    caller: Caller = CALLER, keys: FakeKeys | None = None, source_ip: str = "192.0.2.1", **fields: Any
) -> list[Route]:
    return routes_for(
        caller,
        ask(**fields),
        catalogue=CATALOGUE,
        keys=keys or FakeKeys(),
        source_ip=source_ip,
        now=NOW,
    )


def test_routes_come_in_their_order_with_the_price_in_force() -> None:
    routes = routed(model="mini")

    assert [route.provider.id for route in routes] == ["openai", "groq"]
    assert [route.price.version for route in routes] == ["new", "new"]


def test_a_markup_of_the_key_scales_the_price_in_force_rounded_up() -> None:
    marked_up = CALLER._replace(price_percent=133)

    prices = [route.price for route in routed(marked_up, model="odd")]

    assert [(each.version, each.input, each.output, each.request) for each in prices] == [
        ("1@133%", 1_330_002, 2_660_002, 10)
    ]
    assert [(tier.input, tier.output) for tier in prices[0].tiers] == [(3_990_002, 5_320_002)]
    assert [each.price.input for each in routed(model="odd")] == [1_000_001]


def test_a_provider_in_the_name_pins_the_route() -> None:
    assert [route.provider.id for route in routed(model="groq/mini")] == ["groq"]


def test_a_provider_without_a_key_is_left_out() -> None:
    assert [route.provider.id for route in routed(keys=FakeKeys(openai=()), model="mini")] == ["groq"]


def test_a_provider_that_needs_no_key_is_ready() -> None:
    assert [route.provider.id for route in routed(keys=FakeKeys(ollama=()), model="own")] == ["ollama"]


def test_where_no_provider_is_set_up_the_model_is_unavailable() -> None:
    with pytest.raises(ProviderUnavailable, match="'strict'"):
        routed(keys=FakeKeys(groq=()), model="strict")


def test_a_route_that_cannot_honour_a_field_is_left_out() -> None:
    assert [route.provider.id for route in routed(model="mini", logprobs=True)] == ["openai"]


def test_a_field_that_no_route_can_honour_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedParameter) as refused:
        routed(model="strict", logprobs=True)

    assert refused.value.param == "logprobs"


def test_images_go_only_to_models_that_see() -> None:
    with pytest.raises(UnsupportedParameter, match="does not take images"):
        routed(model="mini", messages=PICTURE)

    assert [route.model_id for route in routed(model="seeing", messages=PICTURE)] == ["seeing"]


@pytest.mark.parametrize("name", ["nothing", "embed", "later", "ollama/mini"])
def test_what_cannot_be_called_is_not_found(name: str) -> None:
    with pytest.raises(ModelNotFound) as refused:
        routed(model=name)

    assert refused.value.param == "model"


@pytest.mark.parametrize(
    ("limits", "refusal"),
    [
        ({"expires_at": NOW}, InvalidApiKey),
        ({"scopes": ("models:read",)}, MissingScope),
        ({"allowed_ips": ("198.51.100.0/24",)}, AddressNotAllowed),
        ({"allowed_models": ("gpt-*",)}, ModelNotAllowed),
        ({"allowed_models": ()}, ModelNotAllowed),
    ],
)
def test_who_may_not_is_refused(limits: dict[str, Any], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        routed(CALLER._replace(**limits), model="mini")


def test_who_may_is_served() -> None:
    caller = CALLER._replace(
        expires_at=NOW + timedelta(seconds=1),
        allowed_ips=("192.0.2.0/24",),
        allowed_models=("mi*",),
    )

    assert len(routed(caller, model="mini")) == 2


def test_a_pinned_name_is_allowed_or_not_like_the_bare_one() -> None:
    caller = CALLER._replace(allowed_models=("mini",))

    assert [route.provider.id for route in routed(caller, model="openai/mini")] == ["openai"]


def test_a_name_of_the_keys_own_comes_before_all_others() -> None:
    caller = CALLER._replace(aliases={"mini": "strict", "fast": "openai/mini"})

    assert [route.model_id for route in routed(caller, model="mini")] == ["strict"]
    assert [route.provider.id for route in routed(caller, model="fast")] == ["openai"]


def test_a_name_of_the_keys_own_opens_no_model_that_the_key_may_not_call() -> None:
    caller = CALLER._replace(aliases={"mini": "strict"}, allowed_models=("mini",))

    with pytest.raises(ModelNotAllowed):
        routed(caller, model="mini")


def test_a_route_whose_price_begins_later_is_left_out_until_then() -> None:
    assert [route.provider.id for route in routed(model="soon")] == ["openai"]


@pytest.mark.parametrize(
    ("name", "strategy"),
    [("mini", "priority"), ("balanced", "weighted"), ("quick", "latency"), ("groq/balanced", "weighted")],
)
def test_a_route_is_ranked_as_its_alias_or_else_its_model_says(name: str, strategy: str) -> None:
    assert {route.strategy for route in routed(model=name)} == {strategy}
