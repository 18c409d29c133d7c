"""Functions under AWS's own Runtime Interface Emulator, and the command that runs them there."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local import invoke
from local.function_emulator import (
    Declared,
    EmulatedFunction,
    NotFoundError,
    declared,
    failed,
    interface_emulator,
)

FROM_API_GATEWAY: dict[str, Any] = {"requestContext": {"requestId": "r-1"}}
# A mistyped key is refused without a read, so nothing here is ever called.
NOWHERE = {
    "AUTH_TABLE": "keys",
    "PEPPER_SECRET": "pepper",
    "ADMIN_KEY_SECRET": "admin",
    "ENVIRONMENT": "local",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
}

Start = Callable[..., EmulatedFunction]


@pytest.fixture
def start(functions: Path, tmp_path: Path) -> Iterator[Start]:
    """Start a function of these tests under the emulator."""
    running: list[EmulatedFunction] = []

    def start(name: str = "scripted", *, streams: bool = True) -> EmulatedFunction:
        function = Declared(
            name=name,
            logical_id="Function",
            folder=functions / name,
            handler="app.handler",
            timeout_seconds=10,
            streams=streams,
        )
        running.append(EmulatedFunction(function, {}, tmp_path / "invoke.log"))
        return running[-1]

    yield start

    for function in running:
        function.close()


def test_a_streaming_function_answers_the_emulator_in_one_piece(start: Start) -> None:
    answer = start().invoke(FROM_API_GATEWAY | {"chunks": 2})

    assert (answer["statusCode"], answer["body"]) == (200, "01")


def test_a_function_that_does_not_stream_runs_on_awss_own_client(start: Start) -> None:
    answer = start(streams=False).invoke({"do": "plain"})

    assert answer["body"] == "plain"


def test_a_failure_is_told_and_the_function_serves_the_next_event(start: Start) -> None:
    function = start()

    answers = [function.invoke({"do": what}) for what in ("plain", "raise", "plain")]

    assert [failed(answer) for answer in answers] == [False, True, False]
    assert (answers[1]["errorType"], answers[1]["errorMessage"]) == ("ValueError", "no such luck")


def test_a_function_that_cannot_be_loaded_is_told_as_failed(start: Start) -> None:
    answer = start("broken").invoke({})

    assert failed(answer)


def test_nothing_is_left_running(start: Start) -> None:
    function = start()
    pid = int(function.invoke({"do": "plain"})["headers"]["x-pid"])

    function.close()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_emulator_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AGGREGATOR_SAM_VENV", str(tmp_path))

    with pytest.raises(NotFoundError, match="aws-lambda-rie"):
        interface_emulator()


def test_the_template_says_how_a_function_runs() -> None:
    chat, authorizer = declared("proxy/create_chat_completion"), declared("auth/authorizer")

    assert (chat.handler, chat.timeout_seconds, chat.streams) == ("app.handler", 900, True)
    assert (authorizer.logical_id, authorizer.streams) == ("AuthAuthorizerFunction", False)
    assert (authorizer.folder / "app.py").is_file()


def test_a_function_that_is_not_declared_is_refused_with_those_that_are() -> None:
    with pytest.raises(NotFoundError, match=r"auth/authorise.*auth/authorizer"):
        declared("auth/authorise")


def test_a_sample_is_found_by_the_functions_name(tmp_path: Path) -> None:
    (tmp_path / "sqs").mkdir()
    (tmp_path / "sqs/settle_usage.json").touch()

    assert invoke.sample_of("billing/settle_usage", tmp_path) == tmp_path / "sqs/settle_usage.json"


def test_a_sample_that_names_its_domain_comes_first(tmp_path: Path) -> None:
    (tmp_path / "apigateway").mkdir()
    for name in ("list_models.json", "proxy_list_models.json"):
        (tmp_path / "apigateway" / name).touch()

    assert invoke.sample_of("proxy/list_models", tmp_path).name == "proxy_list_models.json"


def test_a_function_without_a_sample_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="settle_usage"):
        invoke.sample_of("billing/settle_usage", tmp_path)


def test_the_environment_is_that_of_all_functions_and_of_this_one(tmp_path: Path) -> None:
    file = tmp_path / "env.json"
    file.write_text(
        json.dumps({
            "Parameters": {"ENVIRONMENT": "local", "AUTH_TABLE": "none"},
            "AuthAuthorizerFunction": {"AUTH_TABLE": "keys", "CACHE_SECONDS": 60},
            "HealthGetHealthFunction": {"AUTH_TABLE": "other"},
        })
    )  # fmt: skip

    environment = invoke.environment_of(declared("auth/authorizer"), file)

    assert environment == {"ENVIRONMENT": "local", "AUTH_TABLE": "keys", "CACHE_SECONDS": "60"}


def test_without_a_running_stack_the_command_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AGGREGATOR_LOCAL_DIR", str(tmp_path))
    (tmp_path / "event.json").write_text("{}")

    status = invoke.main(["auth/authorizer", str(tmp_path / "event.json")])

    assert status == 2
    assert "make run" in capsys.readouterr().err


def test_the_command_prints_the_answer_of_the_real_function(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AGGREGATOR_LOCAL_DIR", str(tmp_path))
    (tmp_path / "env.json").write_text(json.dumps({"AuthAuthorizerFunction": NOWHERE}))
    (tmp_path / "event.json").write_text(
        json.dumps({
            "type": "REQUEST",
            "methodArn": "arn:aws:execute-api:us-east-1:000000000000:api/local/GET/v1/models",
            "headers": {"Authorization": "Bearer agg_local_mistyped"},
        })
    )  # fmt: skip

    status = invoke.main(["auth/authorizer", str(tmp_path / "event.json")])

    answer = json.loads(capsys.readouterr().out)
    assert status == 0
    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Deny"
