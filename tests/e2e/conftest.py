"""The whole stack, started once for all tests here, and callers with the keys that tests need."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.caller import ApiCaller, UserCaller
from tests.e2e.stack import Stack, start, stop, wait_until_up

NewUser = Callable[..., UserCaller]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the stack, so that `-m "not e2e"` leaves it out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running stack; every provider is the stand-in."""
    folder = tmp_path_factory.mktemp("stack")
    run = start(folder)
    try:
        yield wait_until_up(run, folder)
    finally:
        stop(run)


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
