"""What OpenAI and Anthropic say that we cost them, asked of strict stand-ins and read to the nano-dollar."""

import logging
from collections.abc import Iterator
from datetime import date

import pytest

from aggregator.billing.margin.ask import getter
from aggregator.billing.margin.model import CostsUnread, named
from aggregator.billing.margin.providers import costs
from local.http_server import HttpServer, Reply
from local.provider_costs import ANTHROPIC_KEY, OPENAI_KEY, CostsStandIn, anthropic_item, openai_item
from local.proxy_event import Request

FIRST, END = date(2026, 11, 24), date(2026, 11, 27)
KEYS = {"openai": OPENAI_KEY, "anthropic": ANTHROPIC_KEY}


@pytest.fixture(scope="module")
def server() -> Iterator[HttpServer]:
    """One server for all: what it answers is each test's own."""
    server = HttpServer(0)

    def handle(request: Request, reply: Reply) -> None:
        current[-1].handle(request, reply)

    server.start(handle)
    yield server
    server.close()


current: list[CostsStandIn] = []


@pytest.fixture
def stand_in() -> CostsStandIn:
    current.append(CostsStandIn())
    return current[-1]


def ask(server: HttpServer, provider: str, key: str | None = None) -> dict[str, object]:
    get = getter(backoff_seconds=0, longest_wait_seconds=1)
    base = f"http://127.0.0.1:{server.port}"
    return dict(costs(provider, key or KEYS[provider], get, FIRST, END, base=base))


def test_openais_line_items_are_added_up_by_model(server: HttpServer, stand_in: CostsStandIn) -> None:
    stand_in.costs["openai"] = {
        "2026-11-24": [
            openai_item("gpt-4o-mini-2024-07-18, input", 0.06),
            openai_item("gpt-4o-mini-2024-07-18, output", 0.1),
            openai_item("gpt-5, cached input", 1e-7),
            openai_item("web search tool calls", 0.025),
            openai_item(None, 3),
        ],
        "2026-11-25": [],
    }

    assert ask(server, "openai") == {
        "2026-11-24": {"gpt-4o-mini": 160_000_000, "gpt-5": 100, "(other)": 3_025_000_000},
        "2026-11-25": {},
    }


def test_anthropics_cents_are_decimal_strings(server: HttpServer, stand_in: CostsStandIn) -> None:
    stand_in.costs["anthropic"] = {
        "2026-11-26": [
            anthropic_item("claude-sonnet-4-20250514", "123.78912"),
            anthropic_item("claude-sonnet-4-20250514", "0.0000001"),
            anthropic_item(None, "2", "web_search"),
        ]
    }

    assert ask(server, "anthropic") == {
        "2026-11-26": {"claude-sonnet-4": 1_237_891_201, "(other)": 20_000_000}
    }


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_all_pages_are_read(server: HttpServer, stand_in: CostsStandIn, provider: str) -> None:
    item = openai_item("gpt-5, input", 1) if provider == "openai" else anthropic_item("claude-opus-4", "100")
    stand_in.costs[provider] = {f"2026-11-{day}": [item] for day in (24, 25, 26)}
    stand_in.page_days = 1

    found = ask(server, provider)

    assert list(found) == ["2026-11-24", "2026-11-25", "2026-11-26"]
    assert len(stand_in.asked) == 3


def test_who_is_busy_is_asked_again(server: HttpServer, stand_in: CostsStandIn) -> None:
    stand_in.costs["openai"] = {"2026-11-24": [openai_item("gpt-5, input", 1)]}
    stand_in.busy = 3

    assert ask(server, "openai") == {"2026-11-24": {"gpt-5": 1_000_000_000}}
    assert len(stand_in.asked) == 4


def test_who_is_down_for_good_is_given_up(server: HttpServer, stand_in: CostsStandIn) -> None:
    stand_in.down = {"anthropic"}

    with pytest.raises(CostsUnread, match=r"^it answers 500$"):
        ask(server, "anthropic")
    assert len(stand_in.asked) == 5


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_key_that_is_refused_is_told_without_the_key(
    server: HttpServer, stand_in: CostsStandIn, provider: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = f"{KEYS[provider]}-not-this-one"

    with pytest.raises(CostsUnread, match=r"^it refuses the admin key$"):
        ask(server, provider, secret)

    assert secret not in caplog.text
    assert len(stand_in.asked) == 1


@pytest.mark.parametrize(("provider", "key"), [("openai", "sk-proj-x"), ("anthropic", "sk-ant-api03-x")])
def test_a_key_that_is_no_admin_key_is_sent_nowhere(
    server: HttpServer, stand_in: CostsStandIn, provider: str, key: str
) -> None:
    with pytest.raises(CostsUnread, match=r"^its key is no admin key$"):
        ask(server, provider, key)
    assert stand_in.asked == []


@pytest.mark.parametrize(
    "results",
    [
        [{"object": "organization.costs.result"}],
        [{**openai_item("gpt-5, input", 1), "amount": {"value": "much", "currency": "usd"}}],
        [{**openai_item("gpt-5, input", 1), "amount": {"value": 1, "currency": "eur"}}],
        ["text"],
    ],
)
def test_an_answer_of_another_form_is_told(
    server: HttpServer, stand_in: CostsStandIn, results: list[dict[str, object]]
) -> None:
    stand_in.costs["openai"] = {"2026-11-24": results}

    with pytest.raises(CostsUnread):
        ask(server, "openai")


def test_nobody_at_the_address_is_told() -> None:
    get = getter(backoff_seconds=0, longest_wait_seconds=1)

    with pytest.raises(CostsUnread, match=r"^it does not answer$"):
        costs("openai", OPENAI_KEY, get, FIRST, END, base="http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        ("claude-sonnet-4-20250514", "claude-sonnet-4"),
        ("gpt-3.5-turbo-0125", "gpt-3.5-turbo"),
        ("o3", "o3"),
    ],
)
def test_a_snapshot_is_of_its_model(model: str, name: str) -> None:
    assert named(model) == name
