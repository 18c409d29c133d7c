"""Routing through the whole stack: what operators change is live within a minute, and a dead provider is got round."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.caller import ApiCaller, Reply, UserCaller, eventually
from tests.e2e.conftest import NewUser

JsonObject = dict[str, Any]

LIVE_SECONDS = 60
DEAD = "[[standin on={} status=500]] hello"


def model(*routes: JsonObject, **fields: Any) -> JsonObject:
    return {
        "contextWindow": 8_000,
        "maxInputTokens": 8_000,
        "maxOutputTokens": 1_000,
        "routes": list(routes),
        "price": {"version": "listed", "input": "1.00", "output": "2.00"},
        **fields,
    }


def over(provider: str, upstream: str, **fields: Any) -> JsonObject:
    """A route with a name of its own at the provider, so that no other test opens its circuit."""
    return {"provider": provider, "upstreamModel": upstream, **fields}


MODELS: dict[str, JsonObject] = {
    "routed-fallback": model(over("openai", "fallback"), over("groq", "fallback", order=1)),
    "routed-weighted": model(
        over("openai", "weighted", weight=80), over("mistral", "weighted", weight=20), strategy="weighted"
    ),
    "routed-circuit": model(over("deepseek", "circuit"), over("xai", "circuit", order=1)),
    "routed-priced": model(over("openai", "priced")),
    "routed-alone": model(over("together", "alone")),
}


class Patient(UserCaller):
    """Asks again where a model is not known yet: an idle environment may hold the catalogue of half a minute ago."""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        deadline = time.monotonic() + LIVE_SECONDS
        while (reply := super().call(method, path, body, **headers)).status == 404:
            if time.monotonic() > deadline:
                break
            time.sleep(0.2)
        return reply


@pytest.fixture(scope="module")
def user(admin: ApiCaller, new_user: NewUser) -> Iterator[UserCaller]:
    """A user with a key that has a name of its own for a model, once all the models here are live."""
    for name, fields in MODELS.items():
        put = admin.call("PUT", f"/orchestrator/models/{name}", fields)
        assert put.status == 200, put.body
    made = new_user("5.00", aliases={"mine": "groq/routed-fallback"})
    caller = Patient(made.base_url, str(made.key), made.user_id, made.key_id)
    live = eventually(
        lambda: [caller.chat("hi", model=name).status for name in MODELS], _all_good, LIVE_SECONDS
    )
    assert _all_good(live), live
    yield caller
    caller.close()


def _all_good(statuses: list[int]) -> bool:
    return set(statuses) == {200}


def provider_of(reply: Reply) -> str:
    assert reply.status == 200, reply.body
    return reply.headers["x-aggregator-provider"]


def test_a_dead_provider_is_got_round_and_the_charge_is_that_of_the_one_that_answered(
    user: UserCaller,
) -> None:
    reply = user.chat(DEAD.format("openai"), model="routed-fallback")

    assert provider_of(reply) == "groq"
    assert reply.headers["x-aggregator-attempts"] == "3"
    assert Decimal(reply.headers["x-aggregator-cost-usd"]) > 0


def test_a_provider_that_is_busy_for_longer_is_not_asked_again(user: UserCaller) -> None:
    reply = user.chat("[[standin on=openai status=429 retry-after=60]] hello", model="routed-fallback")

    assert provider_of(reply) == "groq"
    assert reply.headers["x-aggregator-attempts"] == "2"


def test_a_stream_falls_back_before_its_first_byte(user: UserCaller) -> None:
    reply = user.chat(DEAD.format("openai"), model="routed-fallback", stream=True)

    assert provider_of(reply) == "groq"
    assert reply.body.endswith(b"data: [DONE]\n\n")


def test_routes_share_requests_by_weight(user: UserCaller) -> None:
    asked = 100

    by_provider = Counter(provider_of(user.chat("hi", model="routed-weighted")) for _ in range(asked))

    assert by_provider.keys() == {"openai", "mistral"}
    assert 60 <= by_provider["openai"] <= 96  # 80, within five standard deviations


def test_a_request_may_ask_for_another_strategy(user: UserCaller) -> None:
    path = "/v1/chat/completions"
    said = {"model": "routed-weighted", "messages": [{"role": "user", "content": "hi"}]}

    replies = [user.post(path, said, **{"x-aggregator-strategy": "priority"}) for _ in range(10)]
    unknown = user.post(path, said, **{"x-aggregator-strategy": "luck"})

    assert {provider_of(reply) for reply in replies} == {"openai"}
    assert {reply.headers["x-aggregator-strategy"] for reply in replies} == {"priority"}
    assert (unknown.status, unknown.json["error"]["param"]) == (400, "x-aggregator-strategy")


def test_a_key_has_names_of_its_own_for_models(user: UserCaller) -> None:
    reply = user.chat("hi", model="mine")

    assert (provider_of(reply), reply.headers["x-aggregator-model"]) == ("groq", "routed-fallback")
    assert user.get("/v1/models/mine").json["id"] == "routed-fallback"


def test_the_same_request_is_answered_from_the_cache_for_nothing(user: UserCaller) -> None:
    said = {"model": "routed-alone", "messages": [{"role": "user", "content": "hello cache"}], "stream": True}
    hour = {"x-aggregator-cache": "3600"}

    first = user.post("/v1/chat/completions", said, **hour)
    again = user.post("/v1/chat/completions", said, **hour)
    charged = eventually(lambda: _charges(user, "routed-alone"), lambda found: len(found) >= 2)

    assert (first.headers["x-aggregator-cache"], again.headers["x-aggregator-cache"]) == ("miss", "hit")
    assert first.body == again.body
    assert first.headers["x-request-id"] in charged
    assert again.headers["x-request-id"] not in charged


def _charges(user: UserCaller, model_id: str) -> list[str]:
    entries = user.get(f"/billing/transactions/{user.user_id}?limit=1000").json["entries"]
    return [each["id"] for each in entries if (each.get("request") or {}).get("model") == model_id]


@pytest.fixture(scope="module")
def opened(user: UserCaller) -> Reply:
    """The first answer that a provider was left out of, after it kept failing."""
    for _ in range(20):
        user.chat(DEAD.format("deepseek"), model="routed-circuit")
        reply = user.chat("hello", model="routed-circuit")
        if "x-aggregator-left-out" in reply.headers:
            return reply
    raise AssertionError("no circuit opened")


def test_a_provider_that_keeps_failing_is_left_alone(opened: Reply) -> None:
    assert provider_of(opened) == "xai"
    assert opened.headers["x-aggregator-left-out"] == "deepseek"
    assert opened.headers["x-aggregator-attempts"] == "1"


@pytest.mark.usefixtures("opened")
def test_a_price_is_live_within_a_minute_and_a_roll_back_takes_it_back(
    admin: ApiCaller, user: UserCaller
) -> None:
    before = admin.get("/orchestrator/models/routed-priced").json["version"]
    dear = {"price": {"version": "dear", "input": "100.00", "output": "200.00"}}

    put = admin.call("PUT", "/orchestrator/models/routed-priced", dear)
    seconds, live = _until(user, "dear")
    back = admin.post("/orchestrator/rollback", {"version": before})
    seconds_back, as_before = _until(user, "listed")

    changes = admin.get("/orchestrator/changes?model=routed-priced&limit=3").json["data"]
    assert (put.status, back.status) == (200, 200)
    assert max(seconds, seconds_back) < LIVE_SECONDS
    assert Decimal(live.headers["x-aggregator-cost-usd"]) == 100 * Decimal(
        as_before.headers["x-aggregator-cost-usd"]
    )
    assert [change["action"] for change in changes] == [f"rollback to {before}", "put", "put"]
    assert {change["byKeyId"] for change in changes} == {"admin"}


def _until(user: UserCaller, version: str) -> tuple[float, Reply]:
    """How long it takes until a price is charged, and the first answer that is charged by it."""
    began = time.monotonic()
    holds: Callable[[Reply], bool] = lambda reply: reply.headers["x-aggregator-price-version"] == version  # noqa: E731
    reply = eventually(lambda: user.chat("hello", model="routed-priced"), holds, LIVE_SECONDS)
    assert holds(reply), reply.headers
    return time.monotonic() - began, reply


@pytest.mark.usefixtures("opened")
def test_a_provider_that_is_well_again_is_taken_back(user: UserCaller) -> None:
    reply = eventually(
        lambda: user.chat("hello", model="routed-circuit"),
        lambda reply: reply.headers["x-aggregator-provider"] == "deepseek",
        LIVE_SECONDS,
    )

    assert provider_of(reply) == "deepseek"
    assert "x-aggregator-left-out" not in reply.headers
