"""Everything that goes wrong, gone through once for all tests here."""

from collections.abc import Iterator

import pytest

from tests.faults import document
from tests.faults.everything import Everything, run_everything
from tests.faults.platform import Platform


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The deployed platform, at rest."""
    with Platform(tmp_path_factory.mktemp("faults")) as running:
        yield running


@pytest.fixture(scope="session")
def found(platform: Platform) -> Everything:
    """What became of every request."""
    return run_everything(platform, document.PLACE.read_text(encoding="utf-8"))
