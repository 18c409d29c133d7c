"""Read template.yaml, and let the SAM translator turn it into plain CloudFormation, as the cloud does."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from local.paths import BUILD

JsonObject = dict[str, Any]

# In a process of its own: the translator takes a second to import, and is seldom needed twice.
_TRANSLATE = """
import json, sys
from samtranslator.translator.transform import transform
asked = json.load(sys.stdin)
json.dump(transform(asked["template"], asked["parameters"], None), sys.stdout)
"""


class TemplateError(Exception):
    """The template cannot be translated; the message is the translator's."""


# The one in C reads our template ten times as fast; where PyYAML was built without it, the other does.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _CloudFormationLoader(_SafeLoader):  # type: ignore[misc]
    """Reads `!Ref x` as `{"Ref": x}` and `!Sub x` as `{"Fn::Sub": x}`, like the long forms."""


def _intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> JsonObject:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        content: Any = loader.construct_scalar(node)
        return {name: content.split(".", 1) if suffix == "GetAtt" else content}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    raise TypeError(f"!{suffix} on {node.tag}")


_CloudFormationLoader.add_multi_constructor("!", _intrinsic)
# `Version: 2012-10-17` is a policy's version, not a date.
_CloudFormationLoader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)


def load(path: Path) -> JsonObject:
    """Return a CloudFormation template as a dictionary, its short-form functions in their long form."""
    with path.open(encoding="utf-8") as file:
        template: JsonObject = yaml.load(file, Loader=_CloudFormationLoader)  # noqa: S506 (a SafeLoader)
    return template


def defaults_of(template: JsonObject) -> dict[str, str]:
    """Its parameters' defaults, as text."""
    return {name: str(each.get("Default", "")) for name, each in template["Parameters"].items()}


def translate(template: JsonObject, parameters: Mapping[str, str], region: str) -> JsonObject:
    """Return what CloudFormation makes of a SAM template; the answer is kept, for it takes a second.

    Raises:
        TemplateError: the translator refuses the template.
    """
    asked = json.dumps({"template": template, "parameters": dict(parameters)}, sort_keys=True)
    kept = BUILD / f"template-{hashlib.sha256((asked + region).encode()).hexdigest()[:16]}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(f".{os.getpid()}")
        partial.write_text(_run_translator(asked, region), encoding="utf-8")
        partial.replace(kept)
    translated: JsonObject = json.loads(kept.read_text(encoding="utf-8"))
    return translated


def _run_translator(asked: str, region: str) -> str:
    done = subprocess.run(  # noqa: S603 (our own interpreter and script)
        [sys.executable, "-c", _TRANSLATE],
        input=asked,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "AWS_DEFAULT_REGION": region},
    )
    if done.returncode:
        raise TemplateError(done.stderr)
    return done.stdout
