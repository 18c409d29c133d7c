"""A revoked key, as OpenAI's and Anthropic's own SDKs raise it."""

import pytest

from tests.e2e.conftest import NewSdk
from tests.e2e.revocation import Revocation
from tests.e2e.sdks import ALL, INVALID_KEY, Said, told


@pytest.mark.parametrize(("name", "call"), ALL)
def test_a_revoked_key(sdk: NewSdk, revocation: Revocation, name: str, call: str) -> None:
    revocation.refusals()

    raised = sdk(name, revocation.key).refused(call)

    told(raised, Said(401, "authentication_error", "invalid_api_key", INVALID_KEY))
