"""Limits and Idempotency-Keys under real concurrency, on the local emulator; moto would let too many pass."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from random import Random
from threading import Barrier

import pytest

from aggregator.auth.caller import Caller, Over
from aggregator.errors import InsufficientQuota, RateLimitExceeded, RequestInProgress
from aggregator.proxy.answers.idempotency import once
from aggregator.proxy.answers.kept_responses import KeptResponse
from aggregator.proxy.answers.kept_store import KeptResponseStore
from aggregator.proxy.answers.store import AnswerStore
from aggregator.proxy.limits.store import LimitStore
from aggregator.proxy.limits.take import give_back, take
from aggregator.runtime.aws import AwsError
from aggregator.runtime.signed_client import SignedClient
from aggregator.runtime.signed_s3 import SignedS3
from aggregator.runtime.sigv4 import Credentials
from aggregator.runtime.streaming import StreamingResponse
from local.emulator import REGION, Emulator
from local.paths import EMULATOR_PYTHON
from tests.fakes.memory_objects import MemoryObjects
from tests.tables import create_table
from tests.unit.proxy.answers.idempotency_desk import allows_all, read, request
from tests.unit.proxy.limits.limits_desk import demand

pytestmark = pytest.mark.skipif(not EMULATOR_PYTHON.exists(), reason="`make setup` installs the emulator")

THREADS = 16


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The emulator with the proxy's table and a bucket."""
    running = Emulator(tmp_path_factory.mktemp("emulator"))
    try:
        running.wait_until_ready()
        create_table(running.client("dynamodb"), "ProxyTable")
        running.client("s3").create_bucket(Bucket="answers")
        yield running
    finally:
        running.process.stop()


@pytest.fixture
def dynamodb(emulator: Emulator) -> Iterator[SignedClient]:
    client = SignedClient("dynamodb", region=REGION, endpoint=emulator.url, credentials=credentials)
    yield client
    client.close()


@pytest.fixture
def objects(emulator: Emulator) -> Iterator[SignedS3]:
    client = SignedS3("answers", region=REGION, endpoint=emulator.url, credentials=credentials)
    yield client
    client.close()


def credentials() -> Credentials:
    return Credentials("000000000000", "local")


def race(tries: int, attempt: Callable[[int], str]) -> Counter[str]:
    """What `tries` attempts by all threads at once came to."""
    start = Barrier(THREADS)

    def thread(n: int) -> list[str]:
        start.wait()
        return [attempt(each) for each in range(n, tries, THREADS)]

    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(said for several in pool.map(thread, range(THREADS)) for said in several)


@pytest.mark.promise("limits")
@pytest.mark.parametrize(
    ("name", "limits", "passes", "refusal"),
    [
        ("rpm", {"requestsPerMinute": 50}, 50, "RateLimitExceeded"),
        ("tpm", {"tokensPerMinute": 509}, 50, "RateLimitExceeded"),
        ("upm", {"usdPerMinuteNanoUsd": 5_099}, 50, "RateLimitExceeded"),
        ("places", {"concurrentRequests": 50}, 50, "RateLimitExceeded"),
        ("daily", {"dailyBudgetNanoUsd": 5_099}, 50, "InsufficientQuota"),
        (
            "all",
            {"requestsPerMinute": 60, "concurrentRequests": 55, "monthlyBudgetNanoUsd": 5_000},
            50,
            "InsufficientQuota",
        ),
    ],
)
def test_exactly_as_many_requests_pass_as_the_limits_allow(
    dynamodb: SignedClient, name: str, limits: dict[str, int], passes: int, refusal: str
) -> None:
    store = LimitStore(dynamodb, "ProxyTable")
    caller = Caller(key_id=f"race-{name}", user_id="ann", limits=limits)

    def attempt(n: int) -> str:
        try:
            take(store, caller, demand(f"r{n}", at_most_nano_usd=100, at_least_nano_usd=100))
        except (RateLimitExceeded, InsufficientQuota) as refused:
            return type(refused).__name__
        return "passed"

    said = race(160, attempt)

    assert said == {"passed": passes, refusal: 160 - passes}


@pytest.mark.parametrize(("number", "daily", "passes"), [(2, 5_099, 50), (40, 5_000, 50)])
def test_as_many_keys_as_a_key_may_make_spend_its_budget_once(
    dynamodb: SignedClient, number: int, daily: int, passes: int
) -> None:
    store = LimitStore(dynamodb, "ProxyTable")
    limits = {"dailyBudgetNanoUsd": daily}
    maker = f"maker-of-{number}"
    callers = [
        Caller(key_id=f"{maker}-{n}", user_id="ann", limits=limits, over=(Over(maker, limits),))
        for n in range(number)
    ]

    def attempt(n: int) -> str:
        asked = demand(f"r{n}", at_most_nano_usd=200, at_least_nano_usd=100)
        try:
            taken = take(store, callers[n % number], asked)
        except InsufficientQuota:
            return "refused"
        give_back(store, taken, 100)
        return "passed"

    said = race(160, attempt)

    item = dynamodb.call(
        "GetItem", {"TableName": "ProxyTable", "Key": {"pk": {"S": f"LIMITS#{maker}"}, "sk": {"S": "LIMITS"}}}
    )["Item"]
    assert said["passed"] <= passes
    assert item["d#2026-11-23"] == {"N": str(100 * said["passed"])}
    assert (
        sum(int(each["N"]) for name, each in item.items() if name.startswith("d#2026-11-23#"))
        == 100 * said["passed"]
    )


def test_tokens_of_a_minute_are_those_that_were_used_after_a_race(dynamodb: SignedClient) -> None:
    store = LimitStore(dynamodb, "ProxyTable")
    caller = Caller(key_id="used", user_id="ann", limits={"tokensPerMinute": 1_000})

    def attempt(n: int) -> str:
        try:
            taken = take(store, caller, demand(f"r{n}", tokens=100))
        except RateLimitExceeded:
            return "refused"
        give_back(store, taken, used_tokens=7)
        return "passed"

    said = race(160, attempt)

    item = dynamodb.call(
        "GetItem", {"TableName": "ProxyTable", "Key": {"pk": {"S": "LIMITS#used"}, "sk": {"S": "LIMITS"}}}
    )["Item"]
    assert item["t#29923920"] == {"N": str(7 * said["passed"])}


@pytest.mark.promise("limits")
def test_places_and_budgets_come_back_whole_from_a_race(dynamodb: SignedClient) -> None:
    store = LimitStore(dynamodb, "ProxyTable")
    limits = {"concurrentRequests": 4, "dailyBudgetNanoUsd": 1_000}
    caller = Caller(key_id="back", user_id="ann", limits=limits)
    running, most_running = set[int](), [0]

    def attempt(n: int) -> str:
        asked = demand(f"r{n}", at_most_nano_usd=100, at_least_nano_usd=1)
        try:
            taken = take(store, caller, asked)
        except RateLimitExceeded:
            return "refused"
        running.add(n)
        most_running.append(len(running))
        running.remove(n)
        give_back(store, taken, 1)
        return "passed"

    said = race(160, attempt)

    item = dynamodb.call(
        "GetItem", {"TableName": "ProxyTable", "Key": {"pk": {"S": "LIMITS#back"}, "sk": {"S": "LIMITS"}}}
    )["Item"]
    assert max(most_running) <= 4
    assert item["d#2026-11-23"] == {"N": str(said["passed"])}
    assert "running" not in item


@pytest.mark.promise("once")
def test_of_many_with_the_same_key_exactly_one_is_carried_out(dynamodb: SignedClient) -> None:
    store = AnswerStore(dynamodb, "ProxyTable", cache(MemoryObjects))
    carried_out = []

    def attempt(n: int) -> str:
        def carry_out() -> StreamingResponse:
            carried_out.append(n)
            return StreamingResponse(200, {}, [b"answer"])

        try:
            return read(once(store, request(f"r{n}", key="raced"), carry_out, allows=allows_all)).decode()
        except RequestInProgress:
            return "in progress"

    said = race(96, attempt)

    assert len(carried_out) == 1
    assert set(said) <= {"answer", "in progress"}
    assert said["answer"] >= 1


def test_an_answer_over_the_item_limit_goes_through_the_bucket(
    emulator: Emulator, dynamodb: SignedClient, objects: SignedS3
) -> None:
    store = AnswerStore(dynamodb, "ProxyTable", lambda: objects)
    body = os.urandom(1_000_000)

    once(store, request(key="large"), lambda: StreamingResponse(200, {}, [body]), allows=allows_all)
    again = once(
        store, request("r2", key="large"), lambda: StreamingResponse(200, {}, [b""]), allows=allows_all
    )

    listed = emulator.client("s3").list_objects_v2(Bucket="answers", Prefix="answers/")
    assert read(again) == body
    assert again.headers["x-aggregator-original-request-id"] == "r1"
    assert listed["KeyCount"] == 1
    with pytest.raises(AwsError, match="NoSuchKey"):
        objects.get("answers/none")


def test_the_largest_answer_in_an_item_fits_into_it(dynamodb: SignedClient) -> None:
    objects = MemoryObjects()
    store = AnswerStore(dynamodb, "ProxyTable", lambda: objects)
    body = os.urandom(349_000)
    headers = {f"x-header-{n}": "v" * 100 for n in range(40)}

    once(store, request(key="fits"), lambda: StreamingResponse(200, headers, [body]), allows=allows_all)
    again = once(
        store, request("r2", key="fits"), lambda: StreamingResponse(200, {}, [b""]), allows=allows_all
    )

    assert objects.objects == {}
    assert read(again) == body


def kept_response(response_id: str) -> KeptResponse:
    """One that no single item holds, with two items of its own."""
    noise = "".join(map(chr, Random(response_id).choices(range(0x4E00, 0x9E00), k=300_000)))
    output = [
        {"type": "message", "id": f"msg_{response_id}"},
        {"type": "reasoning", "id": f"rs_{response_id}"},
    ]
    return KeptResponse({"id": response_id, "output": output}, [{"content": noise}], {}, 4_000_000_000)


def left_of(dynamodb: SignedClient, user_id: str) -> list[str]:
    """The names of all that is stored of a user."""
    found = dynamodb.call("Query", {
        "TableName": "ProxyTable",
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": f"USER#{user_id}"}},
        "ConsistentRead": True,
    })  # fmt: skip
    return [each["sk"]["S"] for each in found["Items"]]


def test_of_deletions_that_meet_one_deletes_and_nothing_is_left(dynamodb: SignedClient) -> None:
    store = KeptResponseStore(dynamodb, "ProxyTable")
    for n in range(5):
        store.keep("del", kept_response(f"resp_{n}"))

    said = race(80, lambda n: f"{n % 5} {store.delete('del', f'resp_{n % 5}')}")

    assert said == {f"{n} {gone}": times for n in range(5) for gone, times in ((True, 1), (False, 15))}
    assert left_of(dynamodb, "del") == []


def test_who_reads_what_is_being_deleted_gets_all_of_it_or_nothing(dynamodb: SignedClient) -> None:
    store = KeptResponseStore(dynamodb, "ProxyTable")
    whole = kept_response("resp_1")
    store.keep("read", whole)

    def attempt(n: int) -> str:
        if n == 40:
            return f"deleted {store.delete('read', 'resp_1')}"
        found = store.read("read", "resp_1", 0)
        return "none" if found is None else f"whole {found == whole}"

    said = race(80, attempt)

    assert said["deleted True"] == 1
    assert set(said) <= {"deleted True", "none", "whole True"}
    assert left_of(dynamodb, "read") == []
