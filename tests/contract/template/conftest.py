"""template.yaml as it is written, and as CloudFormation sees it once the SAM translator has been over it."""

import pytest

from local.check_template import translated
from local.paths import TEMPLATE
from local.template import defaults_of
from tests.contract.template.stack import JsonObject, Stack
from tests.tables import load_template


@pytest.fixture(scope="session")
def template() -> JsonObject:
    """The template as it is written."""
    return load_template()


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The template translated, at its parameters' defaults."""
    written = load_template()
    defaults = defaults_of(written)
    plain = translated(written, defaults)
    return Stack(plain["Resources"], plain["Conditions"], defaults)


@pytest.fixture(scope="session")
def observability() -> JsonObject:
    """The nested stack of alarms and saved queries."""
    return load_template(TEMPLATE.parent / "stacks" / "observability.yaml")


@pytest.fixture(scope="session")
def objectives() -> JsonObject:
    """The nested stack of objectives."""
    return load_template(TEMPLATE.parent / "stacks" / "objectives.yaml")


@pytest.fixture(scope="session")
def dashboards() -> JsonObject:
    """The nested stack of dashboards."""
    return load_template(TEMPLATE.parent / "stacks" / "dashboards.yaml")
