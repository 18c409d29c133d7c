"""llm, the command line: each check is a command, as a person types it."""

import json
import os
import signal
import subprocess
import sys
import time
from base64 import b64decode
from pathlib import Path
from typing import Any

import kit

checks = kit.Checks("llm (command line)", "llm", "openai")
checks.absent("models", why="lists those of OpenAI itself only")
LLM = str(Path(sys.executable).with_name("llm"))
FUNCTIONS = f"""
def get_weather(city: str) -> str:
    "Weather in a city"
    return {kit.RESULTS["get_weather"]!r}

def get_time(city: str) -> str:
    "Time in a city"
    return {kit.RESULTS["get_time"]!r}
"""
SCHEMA = json.dumps(kit.WEATHER)


class LlmError(Exception):
    """The command ended with an error; the message is what it said."""


def settle_in() -> None:
    """Write the models into llm's own file for OpenAI-compatible ones, as its documentation says."""
    home = Path.home() / "llm"
    home.mkdir()
    os.environ["LLM_USER_PATH"] = str(home)
    both: dict[str, Any] = {
        "api_key_name": "agg",
        "supports_tools": True,
        "supports_schema": True,
        "vision": True,
    }
    models = [
        {"model_id": "agg", "model_name": kit.MODEL, "api_base": kit.V1, **both},
        {"model_id": "agg-proxy", "model_name": kit.MODEL, "api_base": kit.PROXY, **both},
        {"model_id": "agg-responses", "model_name": kit.MODEL, "api_base": kit.V1, "responses": True, **both},
        {"model_id": "agg-none", "model_name": "no-such-model", "api_base": kit.V1, **both},
        {
            "model_id": "agg-once",
            "model_name": kit.MODEL,
            "api_base": kit.V1,
            **both,
            "headers": {"Idempotency-Key": "once-" + str(time.time_ns())},
        },
    ]
    (home / "extra-openai-models.yaml").write_text(json.dumps(models))  # JSON is YAML


def llm(*words: str, model: str | None = "agg", key: str = kit.API_KEY, **environment: str) -> Any:
    command = [LLM, *words, *(["-m", model] if model else []), *(["--key", key] if key else [])]
    done = subprocess.run(  # noqa: S603 (the client itself)
        command, capture_output=True, text=True, check=False, timeout=60, env=os.environ | environment
    )
    if done.returncode:
        raise LlmError(done.stderr.strip()[-500:])
    return done


def ask(key: str, model: str | None, text: str) -> str:
    return str(llm(text, model="agg-none" if model else "agg", key=key).stdout)


@checks.check
def plain() -> None:
    kit.answered(llm(kit.HELLO, "--no-stream").stdout)


@checks.check
def streamed() -> str:
    kit.answered(llm(kit.HELLO).stdout)
    command = [LLM, "[[standin tokens=100 token-delay=20ms]] Slowly", "-m", "agg", "--key", kit.API_KEY]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as run:  # noqa: S603 (as above)
        assert run.stdout is not None
        found = 0
        while os.read(run.stdout.fileno(), 4096):
            found += 1
    assert found >= kit.LEAST_PIECES, f"only {found} pieces"
    return "piece by piece"


@checks.check
def tools() -> str:
    return kit.used(llm("How is the weather?", "--functions", FUNCTIONS, "--no-stream").stdout)


@checks.check
def tools_streamed() -> str:
    return kit.used(llm("How is the weather?", "--functions", FUNCTIONS).stdout)


@checks.check
def parallel_tools() -> str:
    found = llm("Both, in parallel, please", "--functions", FUNCTIONS).stdout
    return kit.used(found, "get_weather", "get_time")


@checks.check
def image_data() -> str:
    Path("pixel.png").write_bytes(b64decode(kit.PIXEL))
    return kit.saw_image(llm("What is this?", "--at", "pixel.png", "image/png").stdout)


@checks.check
def image_url() -> str:
    return kit.saw_image(llm("What is this?", "--at", kit.IMAGE_URL, "image/png").stdout)


@checks.check
def json_schema() -> str:
    assert set(json.loads(llm("A city, please", "--schema", SCHEMA).stdout)) == {"city"}
    return "parsed"


@checks.check
def embeddings() -> str:
    found = [
        json.loads(
            llm(
                *("embed", "-c", text, "-m", "3-small", "-f", "json"),
                model=None,
                key="",
                OPENAI_API_KEY=kit.API_KEY,
                OPENAI_BASE_URL=kit.V1,
            ).stdout
        )
        for text in ("one", "two")
    ]
    return kit.vectors(found)


@checks.check
def responses() -> str:
    kit.answered(llm(kit.HELLO, model="agg-responses").stdout)
    found = llm("Both, please", "--functions", FUNCTIONS, model="agg-responses").stdout
    return "streamed, tools: " + kit.used(found, "get_weather", "get_time")


@checks.check
def idempotency() -> str:
    mark = kit.at()
    return kit.same(mark, *(llm(kit.HELLO, "--no-stream", model="agg-once").stdout for _ in range(2)))


@checks.check
def cancel() -> str:
    mark = kit.at()
    command = [LLM, kit.LONG, "-m", "agg", "--key", kit.API_KEY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as run:  # noqa: S603
        assert run.stdout is not None
        os.read(run.stdout.fileno(), 10)
        run.send_signal(signal.SIGINT)
    return "Ctrl-C: " + kit.left(mark)


@checks.check
def usage() -> str:
    mark = kit.at()
    said = [llm(kit.HELLO, "-u", *how).stderr for how in ((), ("--no-stream",))]
    counts = [
        line.split(":")[1].replace(",", "").split()
        for text in said
        for line in text.splitlines()
        if "Token" in line
    ]
    return kit.counted(mark, sum(int(each[0]) for each in counts), sum(int(each[2]) for each in counts))


@checks.check
def proxy_path() -> str:
    mark = kit.at()
    kit.answered(llm(kit.HELLO, model="agg-proxy").stdout)
    kit.answered(llm(kit.HELLO, "--no-stream", model="agg-proxy").stdout)
    return kit.created(mark)


checks.faults(ask, dict.fromkeys(kit.FAULTS, LlmError))
checks.retry(ask)

if __name__ == "__main__":
    settle_in()
    checks.run()
