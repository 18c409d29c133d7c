"""`sam local` runs the functions as this machine is, against the emulator that `make run` started."""

import platform

import pytest

from tests.contract.sam.asking import SamLocal
from tests.tables import load_template

EMULATOR = "http://127.0.0.1:4566"


def _declared() -> dict[str, set[str]]:
    """Variables that the template gives each function."""
    template = load_template()
    shared = set(template["Globals"]["Function"]["Environment"]["Variables"])
    return {
        name: shared | set(each["Properties"].get("Environment", {}).get("Variables", {}))
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::Serverless::Function"
    }


@pytest.fixture(scope="module")
def here() -> SamLocal:
    """On this machine, with an env file that names each declared variable."""
    environment = {
        name: {each: f"{name} {each}" for each in variables} | {"AWS_ENDPOINT_URL": EMULATOR}
        for name, variables in _declared().items()
    }
    return SamLocal.of(f"local-{platform.machine()}", environment)


def test_the_emulators_address_reaches_every_function(here: SamLocal) -> None:
    reached = {
        name for name, each in here.functions.items() if each["environment"]["AWS_ENDPOINT_URL"] == EMULATOR
    }

    assert reached == set(_declared())
    assert len(reached) >= 36


def test_every_variable_of_the_env_file_reaches_its_function(here: SamLocal) -> None:
    for name, variables in _declared().items():
        environment = here.functions[name]["environment"]
        assert {each: environment[each] for each in variables} == {
            **{each: f"{name} {each}" for each in variables},
            "AWS_ENDPOINT_URL": EMULATOR,
        }


def test_a_container_gets_text_only_and_knows_that_it_is_local(here: SamLocal) -> None:
    for each in here.functions.values():
        assert {type(value) for value in each["environment"].values()} == {str}
        assert each["environment"]["AWS_SAM_LOCAL"] == "true"


@pytest.mark.parametrize(
    ("machine", "architecture"), [("x86_64", "x86_64"), ("aarch64", "arm64"), ("arm64", "arm64")]
)
def test_functions_and_layers_are_of_the_machines_architecture(machine: str, architecture: str) -> None:
    resolved = SamLocal.of(f"local-{machine}", {})

    assert {each["architecture"] for each in resolved.functions.values()} == {architecture}
    assert {each["image"] for each in resolved.functions.values()} == {f"python:3.13-{architecture}"}
    assert resolved.layers == dict.fromkeys(
        ("CommonLayer", "RuntimeLayer", "DependenciesLayer", "PaymentsLayer", "SignInLayer"), architecture
    )


@pytest.mark.parametrize("command", ["invoke", "start-api", "start-lambda"])
def test_each_command_is_pointed_at_the_emulator(command: str) -> None:
    resolved = SamLocal.of(f"local-{platform.machine()}", {}, ("local", command))

    assert resolved.options["env_vars"] == ".local/env.json"
    assert resolved.options["docker_network"] == "host"
    assert resolved.options["region"] == "us-east-1"  # the emulator's


def test_without_an_env_file_functions_call_aws(here: SamLocal) -> None:
    resolved = SamLocal.of(f"local-{platform.machine()}", {})

    assert {each["environment"]["AWS_ENDPOINT_URL"] for each in resolved.functions.values()} == {""}
    assert set(resolved.functions) == set(here.functions)
