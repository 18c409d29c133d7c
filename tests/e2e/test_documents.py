"""What the pages for people say to type is typed, against the running stack: no command of theirs is refused."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.stack import Stack

ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    "README.ru.md",
    "docs/guide.md",
    "docs/operator.md",
    *sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs" / "migrating").glob("*.md")),
]
# What starts, deploys or asks of the network is tested elsewhere.
NOT_HERE = ("make ", "git clone")
# An answer that is an error fails the script, and says what it was.
HEAD = 'set -euo pipefail\ncurl() { command curl --silent --fail-with-body --max-time 60 "$@" && echo; }\n'

_FENCE = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_is_answered(
    stack: Stack, page: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    fences = [(kind, _here(body, stack)) for kind, body in _FENCE.findall(text)]
    shell = [body for kind, body in fences if kind == "sh" and not body.startswith(NOT_HERE)]
    python = [body for kind, body in fences if kind == "python"]
    monkeypatch.setenv("API", stack.base_url)
    monkeypatch.setenv("KEY", stack.api_key)

    assert shell
    _type("".join(shell))
    for body in python:
        exec(compile(body, page, "exec"), {})  # noqa: S102 (our own documents)
        assert "Say hello" in capsys.readouterr().out


def _here(command: str, stack: Stack) -> str:
    """The command as somebody types it whose server is this stack."""
    return command.replace("http://127.0.0.1:8000", stack.base_url).replace(".local/", f"{stack.folder}/")


def _type(commands: str) -> None:
    done = subprocess.run(  # noqa: S603 (our own documents)
        ["bash", "-c", HEAD + commands],  # noqa: S607 (whichever is at hand)
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
