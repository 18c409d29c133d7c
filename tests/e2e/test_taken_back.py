"""A provider whose circuit opened some tests ago is taken back once it is well."""

import pytest

from tests.e2e.caller import eventually
from tests.e2e.conftest import NewUser
from tests.e2e.served import provider_of

LIVE_SECONDS = 60


@pytest.mark.usefixtures("opened")
def test_a_provider_that_is_well_again_is_taken_back(new_user: NewUser) -> None:
    user = new_user("5.00")

    reply = eventually(
        lambda: user.chat("hello", model="routed-circuit"),
        lambda reply: reply.headers["x-aggregator-provider"] == "deepseek",
        LIVE_SECONDS,
    )

    assert provider_of(reply) == "deepseek"
    assert "x-aggregator-left-out" not in reply.headers
