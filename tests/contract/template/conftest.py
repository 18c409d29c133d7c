"""template.yaml as it is written, and as CloudFormation sees it once the SAM translator has been over it."""

import pytest
from samtranslator.translator.transform import transform  # type: ignore[import-untyped]

from local.paths import TEMPLATE
from tests.contract.template.stack import JsonObject, Stack
from tests.tables import load_template

# Where the packaged code would lie: the translator takes no local folder.
_PACKAGED = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


@pytest.fixture(scope="session")
def template() -> JsonObject:
    """The template as it is written."""
    return load_template()


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The template translated, at its parameters' defaults."""
    written = load_template()
    for resource in written["Resources"].values():
        if resource["Type"] in _PACKAGED:
            resource["Properties"][_PACKAGED[resource["Type"]]] = "s3://bucket/code"
    defaults = {name: str(each.get("Default", "")) for name, each in written["Parameters"].items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        plain = transform(written, defaults, None)
    return Stack(plain["Resources"], plain["Conditions"])


@pytest.fixture(scope="session")
def observability() -> JsonObject:
    """The nested stack of alarms and dashboard."""
    return load_template(TEMPLATE.parent / "stacks" / "observability.yaml")
