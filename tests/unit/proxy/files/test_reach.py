"""Which files each provider of the shipped catalogue fetches itself, in each dialect; the others are fetched here."""

import json
from pathlib import Path
from typing import Any

import pytest

from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.load_catalogue import packaged
from aggregator.orchestrator.merge import merged
from aggregator.orchestrator.model import Route as CatalogueRoute
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.files.contents import FILE, IMAGE
from aggregator.proxy.files.named import Named
from aggregator.proxy.files.reach import fetches_of, left_to_us, most_bytes
from aggregator.proxy.model import Ask
from tests.fakes.chat_world import ask, chat_event, route

CATALOGUE = Catalogue(merged(packaged(), None, None, region="us-east-1"), version=1)
PROVIDERS = Path(__file__).parents[4] / "local/catalogue/providers.json"
CHAT_ASK = ask()
MESSAGE_ASK = MESSAGES.read(
    chat_event({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]})
)
RESPONSE_ASK = RESPONSES.read(chat_event({"model": "m", "input": "x"}))
NAMES = {
    "bedrock-converse": "anthropic.claude-x",
    "bedrock": "openai.gpt-5.9",
    "bedrock-mantle": "openai.gpt-oss-120b",
}


def named(kind: str, url: str) -> Named:
    return Named(("input", 0), kind, url, "input.0")


def at(provider: str) -> CatalogueRoute:
    listed = CATALOGUE.provider(provider)
    return route("x", provider=listed, upstream_model=NAMES.get(provider, "some-model")).via


def fetched(ask: Ask, provider: str, kind: str, url: str) -> bool:
    """Whether the provider fetches it itself."""
    return not left_to_us([named(kind, url)], fetches_of(ask, at(provider)))


PNG, PDF = "https://x.example/a.png?sig=1", "https://x.example/a.pdf"


@pytest.mark.parametrize(
    ("provider", "images", "files"),
    [
        ("openai", True, False),
        ("azure", True, False),
        ("anthropic", True, True),
        ("google", True, True),
        ("google-openai", False, False),
        ("mistral", True, False),
        ("deepseek", True, False),
        ("groq", True, False),
        ("xai", True, False),
        ("bedrock", False, False),
        ("bedrock-mantle", False, False),
        ("bedrock-converse", False, False),
        ("together", True, False),
        ("fireworks", True, False),
        ("cohere", True, False),
        ("openrouter", True, True),
        ("ollama", False, False),
        ("vllm", True, False),
    ],
)
def test_in_its_own_protocol_a_provider_fetches_what_its_entry_says(
    provider: str, images: bool, files: bool
) -> None:
    assert fetched(CHAT_ASK, provider, IMAGE, PNG) is images
    assert fetched(CHAT_ASK, provider, FILE, PDF) is files


@pytest.mark.parametrize(
    ("ask", "provider", "images", "files"),
    [
        (RESPONSE_ASK, "openai", True, True),
        (RESPONSE_ASK, "azure", True, True),
        (RESPONSE_ASK, "groq", True, False),
        (RESPONSE_ASK, "xai", True, True),
        (RESPONSE_ASK, "bedrock", False, False),
        (RESPONSE_ASK, "bedrock-mantle", False, False),
        (RESPONSE_ASK, "openrouter", True, True),
        (MESSAGE_ASK, "anthropic", True, True),
        (MESSAGE_ASK, "deepseek", False, False),
        (MESSAGE_ASK, "bedrock-converse", False, False),
        (MESSAGE_ASK, "openrouter", True, True),
    ],
)
def test_in_a_clients_dialect_it_fetches_what_the_entry_of_that_says(
    ask: Ask, provider: str, images: bool, files: bool
) -> None:
    assert fetched(ask, provider, IMAGE, PNG) is images
    assert fetched(ask, provider, FILE, PDF) is files


def test_every_provider_says_what_it_fetches_and_where_that_is_said() -> None:
    for entry in json.loads(PROVIDERS.read_text()).values():
        for holder in (entry, *entry.get("dialects", {}).values()):
            assert {"image", "file", "source"} <= holder["fetches"].keys()
            assert holder["fetches"]["source"].startswith("https://")


@pytest.mark.parametrize("provider", ["openai", "anthropic", "google", "vllm", "openrouter"])
@pytest.mark.parametrize(
    "url", ["s3://bucket/a.png", "gs://bucket/a.png", "file:///a.png", "ftp://x.example/a.png"]
)
def test_no_provider_gets_an_address_of_another_scheme(provider: str, url: str) -> None:
    assert not fetched(CHAT_ASK, provider, IMAGE, url)


@pytest.mark.parametrize(
    ("provider", "url", "expected"),
    [
        ("openai", "http://x.example/a.png", True),
        ("openai", "HTTPS://x.example/a", True),
        ("anthropic", "http://x.example/a.png", False),
        ("anthropic", "https://x.example/a", True),
        ("google", "https://x.example/a.jpg", True),
        ("google", "https://x.example/a.JPEG", True),
        ("google", "https://x.example/a.webp", True),
        ("google", "http://x.example/a.png", False),
        ("google", "https://x.example/a.gif", False),
        ("google", "https://x.example/a", False),
        ("google", "https://x.example/a?b=.png", False),
        ("google", "https://user@x.example/a.png", False),
        ("google", "https://storage.googleapis.com/b/a.png", False),
        ("google", "https://generativelanguage.googleapis.com:443/v1beta/files/a.png", False),
        ("google", "https://drive.GOOGLE.com/a.png", False),
        ("google", "https://notgoogle.com/a.png", True),
    ],
)
def test_an_address_that_a_provider_cannot_fetch_is_fetched_here(
    provider: str, url: str, expected: bool
) -> None:
    assert fetched(CHAT_ASK, provider, IMAGE, url) is expected


@pytest.mark.parametrize("entry", [{}, {"image": ["*"], "file": ["*"]}])
def test_an_entry_that_says_nothing_fetches_what_it_is_told_to(entry: dict[str, Any]) -> None:
    assert left_to_us([named(IMAGE, PNG), named(FILE, PDF)], entry) == ()


def test_a_provider_says_how_large_a_file_may_be() -> None:
    fetches = fetches_of(CHAT_ASK, at("bedrock-converse"))

    assert (most_bytes(IMAGE, fetches), most_bytes(FILE, fetches)) == (3_932_160, 4_718_592)
    assert most_bytes(IMAGE, {}) is None
