"""A few columns of docs/conformance.md, with the SDKs at hand; `make conformance` has them all, and all clients."""

import sys
from collections.abc import Iterator

import pytest

from conformance.accounts import Api
from conformance.environments import Client
from conformance.row import run_row
from tests.e2e.stack import Stack

# A new price is waited for meanwhile: see repricing.py.
pytestmark = pytest.mark.usefixtures("repricing")

EVERYDAY = ("plain", "streamed", "tools_streamed", "image_data", "json_schema", "models")
MONEY = ("wrong_key", "no_money", "no_model", "idempotency", "cancel", "usage", "proxy_path")


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[Api]:
    api = Api(stack.base_url, stack.admin_key)
    yield api
    api.close()


@pytest.mark.parametrize(
    ("client", "more"), [("openai_python", ("embeddings", "responses")), ("anthropic_python", ())]
)
def test_an_unmodified_sdk_gets_what_it_asks_for_and_pays_what_it_used(
    api: Api, client: str, more: tuple[str, ...]
) -> None:
    only = (*EVERYDAY, *more, *MONEY)

    row = run_row(Client(client, sys.executable), "check_sync.py", api, api.prices(), only)

    assert {name: (cell.ok, cell.detail) for name, cell in row.cells.items() if cell.ok is not True} == {}
    assert set(row.cells) == set(only)
