"""The layer carries botocore's description of each AWS service that is called, and of no other."""

import re

from local.paths import ROOT

PACKAGE = ROOT / "layers" / "common" / "python" / "aggregator"


def test_the_layer_describes_the_services_that_are_called() -> None:
    makefile = (ROOT / "layers" / "Makefile").read_text(encoding="utf-8")
    (line,) = re.findall(r"^AWS_SERVICES := (.+)$", makefile, re.MULTILINE)
    code = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))

    called = set(re.findall(r'BotoClient\(\s*"([a-z0-9]+)"', code))

    assert called <= set(line.split())
    assert {"dynamodb", "sesv2", "sqs"} <= called
