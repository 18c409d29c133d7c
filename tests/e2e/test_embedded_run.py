import ast
import contextlib
import io
import json
import platform
import re
import shlex
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import urllib3

from tests.contract.sam.asking import SamLocal
from tests.e2e.caller import ApiCaller, eventually
from tests.e2e.stack import ROOT, Stack, start


def has_container_engine() -> bool:
    """Whether SAM could start a container here; the command alone may be there without an engine."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    return subprocess.run([docker, "info"], capture_output=True, check=False).returncode == 0  # noqa: S603 (the real one)


def snippets(stack: Stack) -> tuple[list[str], list[str]]:
    """The curl commands and the Python programs of the banner, as a person would paste them."""
    banner = stack.output().partition("The platform is up")[2]
    curls = [each for each in re.split(r"\n(?=curl)|\n\n", banner) if each.startswith("curl")]
    openai, _, rest = banner[banner.index("from openai") :].partition("\n\nWith Anthropic's")
    anthropic = rest[rest.index("from anthropic") : rest.index("\n\nWhat it cost")]
    return curls, [openai, anthropic]


def test_run_json_is_for_its_owners_eyes_and_names_what_scripts_need(stack: Stack) -> None:
    file = stack.folder / "run.json"

    said = json.loads(file.read_text())

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {"baseUrl", "apiKey", "adminKey", "userId"} <= said.keys()


def test_env_json_holds_the_environment_of_every_function(stack: Stack) -> None:
    said = json.loads((stack.folder / "env.json").read_text())

    assert said["AuthAuthorizerFunction"]["AUTH_TABLE"] == stack.resources["AuthTable"]
    assert {each["AWS_ENDPOINT_URL"] for each in said.values()} == {stack.emulator_url}


def test_sam_local_passes_all_of_env_json_on(stack: Stack) -> None:
    said = json.loads((stack.folder / "env.json").read_text())

    resolved = SamLocal.of(f"local-{platform.machine()}", said)

    passed_on = {name: each["environment"] for name, each in resolved.functions.items()}
    assert set(passed_on) == set(said)
    for name, variables in said.items():
        assert {each: passed_on[name].get(each) for each in variables} == variables


@pytest.mark.skipif(
    not has_container_engine(),
    reason="no container engine on this machine: what SAM would start is tested, its containers are not",
)
def test_sam_local_invoke_answers_in_its_container(stack: Stack) -> None:
    subprocess.run(["make", "build", "ENV=local"], cwd=ROOT, check=True, capture_output=True)  # noqa: S607

    done = subprocess.run(  # noqa: S603 (what README says)
        [
            *(str(ROOT / ".venv/sam/bin/sam"), "local", "invoke", "OrchestratorListModelsFunction"),
            *("--config-env", f"local-{platform.machine()}", "--env-vars", str(stack.folder / "env.json")),
            *("--event", "events/apigateway/orchestrator_list_models.json"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert json.loads(done.stdout)["statusCode"] == 200, done.stderr


def test_the_curl_lines_of_the_banner_work_as_pasted(stack: Stack) -> None:
    curls, _ = snippets(stack)

    answers = [
        subprocess.run(  # noqa: S603 (what a person would run)
            shlex.split(curl.replace("\\\n", "")), capture_output=True, text=True, check=True
        ).stdout
        for curl in curls
    ]

    plain, streamed, balance, metrics = answers
    assert json.loads(plain)["choices"][0]["message"]["content"]
    assert streamed.endswith("data: [DONE]\n\n")
    assert json.loads(balance)["userId"] == "demo"
    assert "totals" in json.loads(metrics)


def test_the_programs_of_the_banner_work_as_pasted(stack: Stack) -> None:
    _, programs = snippets(stack)

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for program in programs:
            exec(compile(ast.parse(program), "snippet", "exec"), {})  # noqa: S102 (what a person would run)

    assert printed.getvalue() == 2 * 'You said "Say hello", and this is my answer: everything works.\n'


def test_the_first_chunk_of_a_stream_arrives_before_the_provider_sends_its_last(stack: Stack) -> None:
    pool = urllib3.PoolManager(retries=False, timeout=60)
    body = {
        "model": "gpt-4o-mini",
        "stream": True,
        "messages": [{"role": "user", "content": "[[standin hang-after=3]] hi"}],
    }
    answer = pool.request(
        "POST",
        f"{stack.base_url}/v1/chat/completions",
        body=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {stack.api_key}", "Content-Type": "application/json"},
        preload_content=False,
    )

    first = next(answer.stream(1024))

    assert first.startswith(b"data: {")
    answer.close()
    pool.clear()


def test_every_request_has_a_line(stack: Stack, http: ApiCaller) -> None:
    request_id = http.chat("a line of its own").headers["x-request-id"]

    lines = eventually(
        lambda: stack.output().splitlines(),
        lambda said: any(each.endswith(request_id[:21]) for each in said),  # others ask meanwhile
    )

    (line,) = [each for each in lines if each.endswith(request_id[:21])]
    assert re.search(r"POST /v1/chat/completions +200 +\d+ ms  gpt-4o-mini  \d+ tokens  \$0\.0000\d+", line)


@pytest.mark.parametrize(
    ("call", "body", "status", "code"),
    [
        ("POST /v1/chat/completions", b"{}", 401, "invalid_api_key"),
        ("GET /billing/balance/demo", None, 401, "invalid_api_key"),
        ("GET /no/such/path", None, 404, "not_found"),
        ("DELETE /v1/chat/completions", None, 404, "not_found"),
        ("POST /billing/transaction", b"x" * (6 * 1024 * 1024 + 1), 413, "payload_too_large"),
        ("POST /v1/chat/completions", b"x" * (10 * 1024 * 1024 + 1), 413, "payload_too_large"),
    ],
)
def test_what_the_gateway_refuses_has_the_envelope_and_a_request_id(
    stranger: ApiCaller, call: str, body: bytes | None, status: int, code: str
) -> None:
    method, _, path = call.partition(" ")

    answer = stranger.call(method, path, body)

    assert (answer.status, answer.json["error"]["code"]) == (status, code)
    assert answer.headers["x-request-id"] == answer.json["error"]["request_id"]


def test_a_made_up_key_is_refused_on_streaming_and_other_routes_alike(stack: Stack) -> None:
    caller = ApiCaller(stack.base_url, "agg_local_nobody_nothing")

    answers = [caller.chat("hello"), caller.get("/billing/balance/demo")]

    assert [(each.status, each.json["error"]["code"]) for each in answers] == [(401, "invalid_api_key")] * 2
    caller.close()


def test_a_run_whose_port_is_taken_says_so_and_starts_nothing(stack: Stack, tmp_path: Path) -> None:
    port = int(stack.base_url.rpartition(":")[2])

    status = start(tmp_path, port=port).wait(120)

    assert status == 1
    said = (tmp_path / "output.log").read_text()
    assert f"Port {port} is not free: Address already in use. Try another: make run PORT={port + 1}" in said
    assert "Traceback" not in said
