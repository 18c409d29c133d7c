"""Whoever is suspended gets a 403 at once, as each SDK raises it; what streams goes on to its end, and is paid for."""

import sys
import time
from collections.abc import Iterator

import pytest
import urllib3

from tests.e2e.caller import ApiCaller, UserCaller
from tests.e2e.conftest import NewSdk, NewUser
from tests.e2e.sdks import ALL, GENERATE, Said, told

SUSPENDED = Said(
    403,
    "permission_error",
    "user_suspended",
    "The user of this API key is suspended. Whoever runs this platform can resume them.",
)
SLOW = "[[standin tokens=40 token-delay=20ms]]"


def say(admin: ApiCaller, user: UserCaller, state: str) -> None:
    answer = admin.call("PATCH", f"/identity/users/{user.user_id}", {"state": state})
    assert (answer.status, answer.json["state"]) == (200, state), answer.body


def written_down(admin: ApiCaller, user: UserCaller) -> UserCaller:
    answer = admin.post(
        "/identity/users",
        {"userId": user.user_id, "email": f"{user.user_id}@example.com", "name": "Ann", "role": "member"},
    )
    assert answer.status == 201, answer.body
    return user


@pytest.fixture(scope="module")
def in_use(new_user: NewUser, admin: ApiCaller) -> Iterator[UserCaller]:
    """A suspended user whose key is in use: the authorizer's answer, which is kept, lets it in."""
    user = written_down(admin, new_user())
    assert user.chat("hello", max_tokens=16).status == 200
    say(admin, user, "suspended")
    yield user
    user.close()


@pytest.fixture(scope="module")
def unused(new_user: NewUser, admin: ApiCaller) -> UserCaller:
    """One whose key nobody has proven before."""
    user = written_down(admin, new_user(scopes=["inference", "keys:manage"]))
    say(admin, user, "suspended")
    return user


@pytest.mark.parametrize(("name", "call"), GENERATE)
def test_a_key_in_use_is_refused_by_the_wallet(sdk: NewSdk, in_use: UserCaller, name: str, call: str) -> None:
    told(sdk(name, in_use.key).refused(call), SUSPENDED)


@pytest.mark.parametrize(("name", "call"), ALL)
def test_a_key_that_the_authorizer_reads_is_refused_everywhere(
    sdk: NewSdk, unused: UserCaller, name: str, call: str
) -> None:
    told(sdk(name, unused.key).refused(call), SUSPENDED)


def test_the_first_request_after_the_answer_is_refused_and_the_first_after_resuming_served(
    new_user: NewUser, admin: ApiCaller
) -> None:
    user = written_down(admin, new_user())
    assert user.chat("hello", max_tokens=16).status == 200
    began = time.monotonic()
    say(admin, user, "suspended")
    answered = time.monotonic()

    refused = user.chat("hello", max_tokens=16)
    seconds = time.monotonic() - began
    say(admin, user, "active")
    served = user.chat("hello", max_tokens=16)

    sys.stdout.write(
        f"refused {seconds:.3f} s after the call to suspend, {seconds - answered + began:.3f} s after its answer\n"
    )
    assert (refused.status, refused.json["error"]["code"]) == (403, "user_suspended")
    assert served.status == 200


def test_a_stream_that_runs_ends_as_it_would_and_is_charged_for(new_user: NewUser, admin: ApiCaller) -> None:
    user = written_down(admin, new_user())
    assert user.chat("hello", max_tokens=16).status == 200
    body = {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": SLOW}],
        "max_tokens": 64,
        "stream": True,
    }
    answer = urllib3.request(
        "POST",
        f"{user.base_url}/v1/chat/completions",
        json=body,
        headers={"Authorization": f"Bearer {user.key}"},
        preload_content=False,
        retries=False,
        timeout=60,
    )
    chunks = answer.stream(1024)
    first = next(chunks)
    say(admin, user, "suspended")

    rest = b"".join(chunks)

    assert first
    assert rest.rstrip().endswith(b"data: [DONE]")
    say(admin, user, "active")
    assert user.balance_at_rest()["held"] == "0.00"
    requests = user.get("/billing/requests").json["requests"]
    assert [(each["outcome"], each["stream"]) for each in requests] == [
        ("completed", True),
        ("completed", False),
    ]
