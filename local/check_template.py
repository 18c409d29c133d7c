"""cfn-lint over the templates as they are written, and over what CloudFormation makes of template.yaml.

Some faults show only there: the linter knows neither what SAM adds nor what it passes on. `python -m
local.check_template` exits with 1 if there is a finding.
"""

import copy
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform  # type: ignore[import-untyped]

from local.paths import ROOT, TEMPLATE, VENV
from local.template import defaults_of, load

JsonObject = dict[str, Any]

REGION = "eu-central-1"
# A route of a function that is made under a condition names it under the same one once more: SAM writes it so. And what
# it has read of a mapping is not looked up there any more.
OF_SAM = ("W1028", "W7001")
# Values of parameters that decide a condition and are free text, or many that come to the same.
SAMPLES = {
    "CorsOrigins": ["https://app.example.com", "https://app.example.com,http://localhost:5173"],
    "Deployment": ["Canary10Percent5Minutes"],
    "DomainName": ["api.example.com"],
    "FirewallRequests": ["2000"],
    "HostedZoneId": ["Z0123456789ABCDEFGHIJ"],
    "ConsoleUrl": ["https://a1b2c3.execute-api.eu-central-1.amazonaws.com/api/console/"],
    "OtlpEndpoint": ["https://otlp.example.com", "cloudwatch"],
    "SignInClientId": ["console"],
    "SignInIssuer": ["https://accounts.google.com"],
    "StripeEventSource": ["aws.partner/stripe.com/ed_test_61Q"],
    "MailSender": ["alerts@example.com"],
}
# Where `sam package` would put what is a local folder or file.
_PACKAGED = {
    "AWS::Serverless::Function": ("CodeUri", "s3://bucket/code"),
    "AWS::Serverless::LayerVersion": ("ContentUri", "s3://bucket/code"),
    "AWS::CloudFormation::Stack": ("TemplateURL", "https://s3.amazonaws.com/bucket/stack"),
}


def packaged(template: JsonObject) -> JsonObject:
    """The template as it is uploaded; the translator takes no local folder."""
    resources = {}
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] in _PACKAGED:
            key, place = _PACKAGED[resource["Type"]]
            properties = properties | {key: place}
        resources[name] = resource | {"Properties": properties} if properties else resource
    return template | {"Resources": resources}


def parameter_sets(template: JsonObject) -> Iterator[dict[str, str]]:
    """The defaults, and these with each value of each parameter that decides a condition."""
    defaults = defaults_of(template)
    yield defaults
    for name, parameter in template["Parameters"].items():
        if f'{{"Ref": "{name}"}}' in json.dumps(template["Conditions"]):
            for value in SAMPLES.get(name) or parameter["AllowedValues"]:
                if value != defaults[name]:
                    yield defaults | {name: value}


def translated(template: JsonObject, parameters: JsonObject) -> JsonObject:
    """What CloudFormation makes of the template with these parameters."""
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    with _region():
        plain: JsonObject = transform(copy.deepcopy(packaged(template)), dict(parameters), None)
    # Conditions that choose a DeletionPolicy are the first transform's, which the translator leaves alone.
    return plain | {"Transform": ["AWS::LanguageExtensions"]}


def translations(template: JsonObject) -> dict[str, JsonObject]:
    """Each different outcome, under the parameters that led to it first."""
    defaults = defaults_of(template)
    found: dict[str, JsonObject] = {}
    seen: set[str] = set()
    for parameters in parameter_sets(template):
        plain = translated(template, parameters)
        # Each translation names its deployment anew.
        text = re.sub(
            r"(?<=ApiDeployment)[0-9a-f]{10}|(?<=deployment id: )[0-9a-f]{40}", "", json.dumps(plain)
        )
        outcome = json.dumps(json.loads(text), sort_keys=True)
        if outcome not in seen:
            seen.add(outcome)
            changed = dict(parameters.items() - defaults.items())
            found[" ".join(f"{name}={value}" for name, value in changed.items()) or "the defaults"] = plain
    return found


@contextmanager
def _region() -> Iterator[None]:
    """The translator asks for one, and takes it from the environment alone."""
    before = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = REGION
    try:
        yield
    finally:
        if before is None:
            del os.environ["AWS_DEFAULT_REGION"]
        else:
            os.environ["AWS_DEFAULT_REGION"] = before


def main() -> int:
    """Lint all; print the findings; return the exit status."""
    written = [TEMPLATE, *sorted((ROOT / "stacks").glob("*.yaml"))]
    worst = _lint(written)
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, plain) in enumerate(translations(load(TEMPLATE)).items()):
            path = Path(folder, f"translated-{number}.json")
            path.write_text(json.dumps(plain, indent=1), encoding="utf-8")
            print(f"template.yaml, translated with {name}", flush=True)
            worst = max(worst, _lint([path], *OF_SAM))
    return worst


def _lint(paths: list[Path], *ignored: str) -> int:
    command = [str(VENV / "bin" / "cfn-lint"), "--regions", "eu-central-1", "us-east-1"]
    command += [*(["--ignore-checks", *ignored] if ignored else []), "--template"]
    done = subprocess.run([*command, *map(str, paths)], cwd=ROOT, check=False)  # noqa: S603 (our own tool)
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
