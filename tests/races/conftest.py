"""Races run on every engine that is there; which those are, the run says."""

from collections.abc import Iterator

import pytest

from tests.races import engines
from tests.races.engines import Engine

ENGINES = {"ministack": engines.ministack, "dynamodb-local": engines.dynamodb_local}


def pytest_report_header() -> str:
    """Name the engines, or why one is missing."""
    if engines.java() is None:
        return "races: ministack only; DynamoDB Local needs Java, which is not on this machine"
    return "races: ministack, DynamoDB Local"


@pytest.fixture(scope="session", autouse=True)
def credentials() -> Iterator[None]:
    """Credentials that engines take and AWS does not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "local")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "local")
        patch.delenv("AWS_SESSION_TOKEN", raising=False)
        yield


@pytest.fixture(scope="session", params=[name for name in ENGINES if name == "ministack" or engines.java()])
def running_engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """One engine, running for all races."""
    with ENGINES[request.param](tmp_path_factory.mktemp(request.param)) as engine:
        yield engine


@pytest.fixture
def engine(running_engine: Engine) -> Iterator[Engine]:
    """The engine with an empty billing table."""
    engines.fresh_table(running_engine)
    yield running_engine
    running_engine.hang_up()
