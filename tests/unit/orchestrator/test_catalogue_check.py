from collections.abc import Callable
from typing import Any

import pytest

from aggregator.orchestrator.addresses import problem_of_url
from aggregator.orchestrator.check import check
from tests.unit.orchestrator.samples import data, price, provider, route

JsonObject = dict[str, Any]
Spoil = Callable[[JsonObject], Any]


def test_a_sound_catalogue_has_no_problem() -> None:
    assert check(data()) == []


SPOILS: list[tuple[Spoil, str]] = [
    (lambda c: c["models"].append(c["models"][0]), "model mini: is there 2 times"),
    (lambda c: c["providers"].append(provider("groq")), "provider groq: is there 2 times"),
    (
        lambda c: c["providers"][0].update(keyHeader="Content-Type"),
        "provider openai: keyHeader must be the name of a header that is free for a key",
    ),
    (
        lambda c: c["providers"][0].update(keyHeader="api key"),
        "provider openai: keyHeader must be the name of a header that is free for a key",
    ),
    (
        lambda c: c["providers"][0].update(keyHeader="api-key", protocol="gemini"),
        "provider openai: keyHeader is for the protocol openai: the others have their own",
    ),
    (
        lambda c: c["providers"][0].update(fetches={"image": ["*"]}),
        'provider openai: fetches must have \'file\', the endings of what is fetched there: ["pdf"], ["*"], or []',
    ),
    (
        lambda c: c["providers"][0].update(
            dialects={"responses": {"fetches": {"image": ["*.png"], "file": []}}}
        ),
        'provider openai: fetches must have \'image\', the endings of what is fetched there: ["pdf"], ["*"], or []',
    ),
    (
        lambda c: c["models"][0].update(prices=[]),
        "model mini, route openai: has no price",
    ),
    (
        lambda c: c["models"][0]["prices"][0].pop("output"),
        "model mini, route openai, price v1: has no output price",
    ),
    (
        lambda c: c["models"][0]["prices"][0].update(input=0),
        "model mini, route openai, price v1: input is free of charge, which only a provider without a key may be",
    ),
    (
        lambda c: c["models"][0]["prices"][0].update(input=0.15),
        "model mini, route openai, price v1: input must be a whole number of nano-US-dollars",
    ),
    (
        lambda c: c["models"][0]["prices"][0].update(cachedInput=150_000_001),
        "model mini, route openai, price v1: cached input costs more than input",
    ),
    (
        lambda c: c["models"][0]["prices"][0].update(
            tiers=[{"aboveInputTokens": 5, "input": 2, "output": 2, "cachedInput": 3}]
        ),
        "model mini, route openai, price v1, tier 5: cached input costs more than input",
    ),
    (
        lambda c: c["models"][0]["prices"][0].update(
            tiers=[
                {"aboveInputTokens": 9, "input": 2, "output": 2},
                {"aboveInputTokens": 5, "input": 2, "output": 2},
            ]
        ),
        "model mini, route openai, price v1: tiers must start at growing numbers of input tokens",
    ),
    (
        lambda c: c["models"][0]["prices"][0].update(tools={"web_surf": 1}),
        (
            "model mini, route openai, price v1: tool web_surf is none of web_search, web_search_preview, web_fetch, "
            "code_interpreter, code_interpreter_4g, code_interpreter_16g, code_interpreter_64g"
        ),
    ),
    (
        lambda c: c["models"][0]["prices"][0].update(tools={"web_search": -1}),
        "model mini, route openai, price v1: web_search must be a whole number of nano-US-dollars a call",
    ),
    (
        lambda c: c["models"][0]["prices"][0].update(serviceTiers={"batch": {"input": 1, "output": 1}}),
        (
            "model mini, route openai, price v1, service tier batch: "
            "a service tier with a price must be one of flex, priority"
        ),
    ),
    (
        lambda c: c["models"][0]["prices"][0].update(serviceTiers={"flex": {"input": 1}}),
        "model mini, route openai, price v1, service tier flex: has no output price",
    ),
    (
        lambda c: c["models"][0]["prices"][0].update(
            serviceTiers={"flex": {"input": 1, "output": 1, "tiers": [{"aboveInputTokens": 9, "output": 1}]}}
        ),
        "model mini, route openai, price v1, service tier flex, tier 9: has no input price",
    ),
    (
        lambda c: c["models"][0]["prices"].append(price("v2", "1969-01-01T00:00:00.000Z")),
        "model mini, route openai: effective dates are out of order",
    ),
    (
        lambda c: c["models"][0]["prices"].append(price("v2", "soon")),
        "model mini, route openai, price v2: effectiveAt is no moment",
    ),
    (
        lambda c: c["models"][0]["prices"].append(price("v1", "2027-01-01T00:00:00.000Z")),
        "model mini, route openai: price version v1 is missing or not the only one of its name",
    ),
    (
        lambda c: c["models"][0].pop("maxOutputTokens"),
        "model mini, route openai: maxOutputTokens is missing, so nothing caps the cost",
    ),
    (
        lambda c: c["models"][0].update(capabilities=["chat", "vision"]),
        "model mini, route openai: maxImageTokens is missing, so nothing caps the cost of an image",
    ),
    (
        lambda c: c["models"][0].update(capabilities=["chat", "fly"]),
        "model mini, route openai: capability fly is unknown",
    ),
    (
        lambda c: c["models"][0].update(capabilities=["tools"]),
        "model mini, route openai: can neither chat nor embed",
    ),
    (
        lambda c: c["models"][0].update(routes=[route("nobody", "x")]),
        "model mini, route nobody: there is no such provider",
    ),
    (lambda c: c["models"][0].update(routes=[]), "model mini: has no route"),
    (
        lambda c: c["models"][0]["routes"].append(route("openai", "other")),
        "model mini: has 2 routes over openai, so that openai/mini pins none",
    ),
    (
        lambda c: c["models"][0]["routes"][0].update(weight=0),
        "model mini, route openai: weight must be 1 or more, and order a whole number",
    ),
    (
        lambda c: c["models"][0].update(id="a/b"),
        "model a/b: the id must be letters, digits and ._:-",
    ),
    (lambda c: c["models"][0].pop("contextWindow"), "model mini: contextWindow is missing"),
    (
        lambda c: c["providers"][0].update(protocol="carrier pigeon"),
        "provider openai: protocol must be one of anthropic, bedrock, gemini, openai",
    ),
    (
        lambda c: c["providers"][0].update(maxTokensField="limit"),
        "provider openai: maxTokensField must be one of max_completion_tokens, max_tokens",
    ),
    (
        lambda c: c["providers"][0].update(silenceSeconds=0),
        "provider openai: silenceSeconds must be between 1 and 900",
    ),
    (
        lambda c: c["providers"][0].update(reasoningSilenceSeconds=901),
        "provider openai: reasoningSilenceSeconds must be between 1 and 900",
    ),
    (
        lambda c: c["providers"][0].update(timeoutSeconds=901),
        "provider openai: timeoutSeconds must be between 1 and 900",
    ),
    (
        lambda c: c["providers"][0].update(baseUrl="http://api.openai.com/v1"),
        "provider openai: baseUrl must be https (http only to this machine)",
    ),
    (lambda c: c["aliases"].update(fast="nobody"), "alias fast: there is no model nobody"),
    (lambda c: c["aliases"].update(mini="embed"), "alias mini: is the id of a model as well"),
    (lambda c: c["aliases"].update({"a/b": "mini"}), "alias a/b: must be letters, digits and ._:-"),
]


@pytest.mark.parametrize(("spoil", "problem"), SPOILS, ids=[problem for _, problem in SPOILS])
def test_a_problem_is_named_with_its_place(spoil: Spoil, problem: str) -> None:
    content = data()
    spoil(content)

    assert problem in check(content)


def test_a_model_of_a_provider_without_a_key_may_be_free() -> None:
    content = data()
    content["providers"][0]["keyless"] = True
    content["models"][0]["prices"] = [price(input=0, output=0)]

    assert check(content) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1",
        "https://bedrock-runtime.{region}.amazonaws.com/openai/v1",
        "http://127.0.0.1:11434/v1",
        "http://localhost:8001/v1",
        "http://[::1]:8001/v1",
    ],
)
def test_a_provider_may_be_called_at_public_addresses_and_on_this_machine(url: str) -> None:
    assert problem_of_url(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.openai.com/v1",
        "ftp://api.openai.com/v1",
        "http://api.openai.com/v1",
        "https://169.254.169.254/latest",
        "https://10.0.0.7/v1",
        "https://192.168.1.1/v1",
        "https://[fe80::1]/v1",
        "https://[::ffff:10.0.0.7]/v1",
        "https://user:secret@api.openai.com/v1",
        "https://api.openai.com/v1?key=secret",
    ],
)
def test_a_provider_may_not_be_called_in_clear_or_on_a_private_network(url: str) -> None:
    assert problem_of_url(url) != ""
