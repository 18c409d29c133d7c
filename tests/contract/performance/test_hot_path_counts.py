"""What a chat costs that no machine changes: calls to AWS at the wire, write units, bytes of what is written."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.billing.account_item import AMOUNT
from aggregator.billing.grant_store import GrantStore
from aggregator.billing.model import bucket_for
from aggregator.billing.reserve import reserve
from aggregator.billing.rest import return_rest
from aggregator.billing.settle import sweep_over
from aggregator.billing.transaction import Order, book
from bench.entered import entered
from bench.events import authorizer_event, chat_body, chat_event, message_body, message_event
from bench.lambdas import SOURCES, Function, FunctionProcess, ours
from bench.life import live
from bench.part_counts import item_bytes
from bench.runtime_api import body_of
from bench.units import MeteredDynamoDb, size_of
from bench.world import World

CHAT = ours("proxy/create_chat_completion", layers=SOURCES, streams=True)
MESSAGES = ours("proxy/create_message", layers=SOURCES, streams=True)
AUTHORIZER = ours("auth/authorizer", layers=SOURCES)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """AWS that answers at once and counts, and a provider."""
    with World(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture
def chat(world: World, tmp_path: Path) -> Iterator[FunctionProcess]:
    """The chat function under its true runtime, started."""
    world.forget()
    with FunctionProcess(CHAT, world.environment(), tmp_path / "log") as process:
        yield process


def calls(world: World) -> dict[str, int]:
    return {
        name.partition(".")[0]: count for name, count in world.counts().items() if name.endswith(".calls")
    }


def test_a_start_reads_the_catalogue_and_the_keys_before_its_first_request(
    world: World, chat: FunctionProcess
) -> None:
    before = calls(world)

    chat.invoke(chat_event(chat_body()))

    assert before == {"GetItem": 2, "GetSecretValue": 1}
    assert calls(world) == before | {"UpdateItem": 1, "PutEvents": 1}


@pytest.mark.parametrize("stream", [False, True])
def test_a_warm_chat_makes_two_calls_to_aws(world: World, chat: FunctionProcess, stream: bool) -> None:
    body = chat_body(stream=stream, tokens=10)
    chat.invoke(chat_event(body))
    world.forget()

    answers = [body_of(chat.invoke(chat_event(body, number)).answer) for number in range(10)]

    assert calls(world) == {"UpdateItem": 10, "PutEvents": 10}
    assert all(b'"statusCode":200' in answer for answer in answers)


def test_a_chat_that_holds_a_large_part_of_its_account_makes_one_write_more(tmp_path: Path) -> None:
    folder = tmp_path / "tight"
    folder.mkdir()
    body = chat_body(tokens=10)
    with (
        World(folder, available_nano_usd=1_000) as tight,
        FunctionProcess(CHAT, tight.environment(), tmp_path / "log") as process,
    ):
        process.invoke(chat_event(body))
        tight.forget()
        answers = [body_of(process.invoke(chat_event(body, number)).answer) for number in range(10)]

        assert calls(tight) == {"UpdateItem": 20, "PutEvents": 10}
    assert all(b'"statusCode":200' in answer for answer in answers)


def test_a_rich_account_writes_one_unit_a_smaller_one_two_and_a_tight_one_three() -> None:
    metered = MeteredDynamoDb()
    store = GrantStore(metered, "billing")
    units = {}
    for name, credit in (("rich", 10**12), ("smaller", 10**8), ("tight", 3 * 10**7)):
        _credit(store, name, credit)
        metered.take()
        hold = reserve(
            store,
            name,
            at_most_nano_usd=9_852_000,
            at_least_nano_usd=9_852_000,
            now_epoch_seconds=1_764_000_000,
        )
        return_rest(store, name, hold, 10_800, request_id="r", ends=None)
        spent = metered.take()
        units[name] = (spent["calls"], spent["write_units"])

    assert units == {"rich": (1, 1), "smaller": (2, 2), "tight": (3, 3)}


# Python functions that a warm request enters, from its event to its last byte: what it does, as a number that no
# machine changes. A few in a hundred more than there are, for what a newer Python enters otherwise. Raise one only with
# the figures of a bench.
ENTERED = [
    (CHAT, chat_event(chat_body()), 395),
    (CHAT, chat_event(chat_body(stream=True, tokens=10)), 575),
    (MESSAGES, message_event(message_body()), 522),
    (MESSAGES, message_event(message_body(stream=True, tokens=10)), 707),
]


@pytest.mark.parametrize(("function", "event", "most"), ENTERED)
def test_a_warm_request_enters_few_functions(
    world: World, tmp_path: Path, function: Function, event: bytes, most: int
) -> None:
    assert entered(function, world.environment(), event, tmp_path / "log") <= most


def test_a_decision_about_a_key_makes_one_call_and_the_next_ten_seconds_none(
    world: World, tmp_path: Path
) -> None:
    with FunctionProcess(AUTHORIZER, world.environment(), tmp_path / "log") as process:
        world.forget()
        answers = [process.invoke(authorizer_event(world.key.text)) for _ in range(3)]

    effects = [
        json.loads(body_of(each.answer))["policyDocument"]["Statement"][0]["Effect"] for each in answers
    ]
    assert effects == ["Allow"] * 3
    assert calls(world) == {"GetItem": 1}


def test_a_life_costs_four_write_units_in_batches_of_ten() -> None:
    steps = live(100, batch=10, users=1)

    assert {name: step["writeUnits"] for name, step in steps.items()} == {
        "reserve": 1.0,
        "settle": 2.2,
        "publish": 0.0,
        "record": 0.8,
    }


def test_a_life_costs_thirteen_write_units_alone() -> None:
    steps = live(20, batch=1, users=20)

    assert sum(step["writeUnits"] for step in steps.values()) == 13.0


def test_what_a_request_writes_fits_one_unit_however_many_holds_are_open() -> None:
    sizes = item_bytes()

    assert sizes["accountBuckets"] == 13
    assert sizes["account"] <= 1024
    assert sizes["entry"] <= 1024


def test_an_account_stays_small_though_a_request_is_lost_in_every_five_minutes_of_a_day() -> None:
    metered = MeteredDynamoDb()
    store = GrantStore(metered, "billing")
    _credit(store)
    sizes = []
    for moment in range(1_764_000_000, 1_764_086_400, 300):
        store.hold("ann", 9_852_000, bucket_for(moment))
        account = metered.engine.items["ACCOUNT#ann", "BALANCE"]
        sizes.append((sum(name.startswith(AMOUNT) for name in account), size_of(account)))
        sweep_over(store, "ann", moment)

    assert max(buckets for buckets, _ in sizes) == 86
    assert max(size for _, size in sizes) <= 3.5 * 1024


def _credit(store: GrantStore, user_id: str = "ann", amount: int = 10**12) -> None:
    order = Order("c", user_id, "credit", amount, "2025-11-24T00:00:00Z")
    book(store, order, now_epoch_seconds=0, sleep=lambda _: None)
