"""Every function answers its sample event in its true runtime, as `make invoke` runs it."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.emulator import ACCESS
from local.function_emulator import EmulatedFunction, declared, failed
from local.invoke import sample_of
from local.template import load
from tests.e2e.stack import Stack

ROOT = Path(__file__).parents[2]


def functions() -> list[str]:
    resources = load(ROOT / "template.yaml")["Resources"].values()
    return sorted(
        resource["Properties"]["CodeUri"].removeprefix("functions/")
        for resource in resources
        if resource["Type"] == "AWS::Serverless::Function"
    )


@pytest.mark.parametrize("name", functions())
def test_a_function_answers_its_sample_event_in_the_true_runtime(
    stack: Stack, tmp_path: Path, name: str
) -> None:
    environments: dict[str, dict[str, str]] = json.loads((stack.folder / "env.json").read_text())
    function = declared(name)
    event: Any = json.loads(sample_of(name).read_text())

    with EmulatedFunction(function, ACCESS | environments[function.logical_id], tmp_path / "log") as running:
        answer = running.invoke(event)

    assert not failed(answer), answer
    if "httpMethod" in event and name != "auth/authorizer":
        assert answer["statusCode"] < 500, answer
