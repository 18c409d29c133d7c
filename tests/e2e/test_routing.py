"""Routing through the whole stack: what operators change is live within a minute, and a dead provider is got round."""

from collections import Counter
from decimal import Decimal

import pytest

from tests.e2e.caller import ApiCaller, UserCaller, eventually
from tests.e2e.conftest import NewUser
from tests.e2e.repricing import Repricing
from tests.e2e.served import DEAD, provider_of

LIVE_SECONDS = 60


@pytest.fixture(scope="module")
def user(new_user: NewUser) -> UserCaller:
    """A user with a key that has a name of its own for a model."""
    return new_user("5.00", aliases={"mine": "groq/routed-fallback"})


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
    charged = eventually(lambda: _charges(user, "routed-alone"), lambda found: len(found) >= 1)

    assert (first.headers["x-aggregator-cache"], again.headers["x-aggregator-cache"]) == ("miss", "hit")
    assert first.body == again.body
    assert first.headers["x-request-id"] in charged
    assert again.headers["x-request-id"] not in charged


def _charges(user: UserCaller, model_id: str) -> list[str]:
    entries = user.get(f"/billing/transactions/{user.user_id}?limit=1000").json["entries"]
    return [each["id"] for each in entries if (each.get("request") or {}).get("model") == model_id]


def test_a_price_is_live_within_a_minute_and_a_roll_back_takes_it_back(
    admin: ApiCaller, repricing: Repricing
) -> None:
    repricing.wait()

    assert repricing.statuses == [200, 200]
    assert repricing.live is not None
    assert repricing.back is not None
    (seconds, live), (seconds_back, as_before) = repricing.live, repricing.back
    changes = admin.get("/orchestrator/changes?model=routed-priced&limit=3").json["data"]
    assert max(seconds, seconds_back) < LIVE_SECONDS
    assert Decimal(live.headers["x-aggregator-cost-usd"]) == 100 * Decimal(
        as_before.headers["x-aggregator-cost-usd"]
    )
    assert [change["action"] for change in changes] == [f"rollback to {repricing.version}", "put", "put"]
    assert {change["byKeyId"] for change in changes} == {"admin"}
