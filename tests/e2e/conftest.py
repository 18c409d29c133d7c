"""The whole stack, started once for all tests here, and callers with the keys that tests need."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3

from local.otlp.server import Receiver
from local.ports import free_port
from tests.e2e import served
from tests.e2e.caller import ApiCaller, Reply, UserCaller
from tests.e2e.repricing import Repricing
from tests.e2e.revocation import Revocation
from tests.e2e.sdks import Sdk, sdk_of
from tests.e2e.stack import Stack, start, stop, wait_until_up

LISTED = "https://app.example.com"
"""An origin whose pages may call the stack from a browser; `application_port` is that of another."""

NewUser = Callable[..., UserCaller]
NewSdk = Callable[..., Sdk]

# These change the catalogue: what documents say to type, and the samples, which take all of it back.
LAST = ("test_documents.py", "test_samples.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the stack, so that `-m "not e2e"` leaves it out; what takes the catalogue back comes last."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
    items.sort(key=lambda item: LAST.index(item.path.name) if item.path.name in LAST else -1)


@pytest.fixture(scope="session")
def application_port() -> int:
    """Where a test may serve an application of another origin: the stack lists `http://localhost` with it."""
    return free_port()


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    """Where the stack tells what requests came to."""
    with Receiver() as taking:
        yield taking


@pytest.fixture(scope="session")
def stack(
    tmp_path_factory: pytest.TempPathFactory, application_port: int, receiver: Receiver
) -> Iterator[Stack]:
    """The running stack; every provider is the stand-in, and its catalogue has what `served` adds."""
    folder = tmp_path_factory.mktemp("stack")
    origins = f"{LISTED},http://localhost:{application_port}"
    run = start(folder, cors_origins=origins, otlp_endpoint=receiver.url)
    try:
        running = wait_until_up(run, folder)
        caller = ApiCaller(running.base_url, running.admin_key)
        served.serve(caller)
        caller.close()
        yield running
    finally:
        stop(run)


@pytest.fixture(autouse=True)
def _published(request: pytest.FixtureRequest) -> Iterator[None]:
    """What the platform sends to providers is of their published types, by the judge in the stand-in."""
    stack: Stack | None = request.getfixturevalue("stack") if "stack" in request.fixturenames else None
    yield
    if stack is None:
        return
    try:
        told = urllib3.request("DELETE", f"{stack.stand_in_url}/__standin/misfits", retries=False, timeout=60)
    except urllib3.exceptions.HTTPError:  # the test has stopped it
        return
    assert told.json()["misfits"] == [] or request.node.get_closest_marker("unjudged")


@pytest.fixture(scope="session")
def admin(stack: Stack) -> Iterator[ApiCaller]:
    """A caller with the admin's key."""
    caller = ApiCaller(stack.base_url, stack.admin_key)
    yield caller
    caller.close()


@pytest.fixture(scope="session")
def http(stack: Stack) -> Iterator[ApiCaller]:
    """A caller with the key of the first user, whom all tests share: ask nothing of its balance."""
    caller = ApiCaller(stack.base_url, stack.api_key)
    yield caller
    caller.close()


@pytest.fixture(scope="session")
def stranger(stack: Stack) -> Iterator[ApiCaller]:
    """A caller without a key."""
    caller = ApiCaller(stack.base_url, None)
    yield caller
    caller.close()


@pytest.fixture(scope="session")
def new_user(stack: Stack, admin: ApiCaller) -> Iterator[NewUser]:
    """Make a caller who is a user of its own: `new_user(credit="5.00", scopes=[...])`; `user_id` is in it."""
    made: list[UserCaller] = []

    def make(credit: str = "1.00", **key_fields: object) -> UserCaller:
        user_id = f"user-{uuid.uuid4().hex[:12]}"
        key = admin.post("/auth/api-keys", {"userId": user_id, "name": "test", **key_fields})
        assert key.status == 201, key.body
        if credit != "0":
            booked = admin.post(
                "/billing/transaction",
                {
                    "userId": user_id,
                    "type": "credit",
                    "amount": credit,
                    "currency": "USD",
                    "description": "test",
                },
            )
            assert booked.status == 201, booked.body
        made.append(UserCaller(stack.base_url, key.json["key"], user_id, key.json["id"]))
        return made[-1]

    yield make
    for caller in made:
        caller.close()


@pytest.fixture(scope="session")
def revocation(new_user: NewUser, admin: ApiCaller) -> Iterator[Revocation]:
    """The measurement of how long a revoked key goes on, from its start."""
    measuring = Revocation(new_user(), admin)
    yield measuring
    measuring.stop()


@pytest.fixture(scope="session")
def repricing(new_user: NewUser, admin: ApiCaller) -> Iterator[Repricing]:
    """The measurement of how long a new price takes, from its start."""
    measuring = Repricing(new_user("5.00"), admin)
    yield measuring
    measuring.stop()


@pytest.fixture
def sdk(stack: Stack) -> Iterator[NewSdk]:
    """Make an SDK's client: `sdk("openai", key)`."""
    made: list[Sdk] = []

    def make(name: str, key: str | None, **how: bool) -> Sdk:
        made.append(sdk_of(name, stack.base_url, key, **how))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="session")
def opened(new_user: NewUser) -> Reply:
    """The first answer that a provider was left out of, after it kept failing."""
    user = new_user("5.00")
    for _ in range(20):
        user.chat(served.DEAD.format("deepseek"), model="routed-circuit")
        reply = user.chat("hello", model="routed-circuit")
        if "x-aggregator-left-out" in reply.headers:
            return reply
    raise AssertionError("no circuit opened")
