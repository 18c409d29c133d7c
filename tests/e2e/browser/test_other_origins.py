"""An application on another origin, with the official SDKs in a real browser: it works where its origin is listed."""

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from local.paths import ROOT
from local.ports import free_port
from tests.e2e.browser.screen import PATIENCE_MS
from tests.e2e.conftest import NewUser
from tests.e2e.stack import Stack

HERE = Path(__file__).parent / "other_origin"
NewPage = Callable[[int], Page]


@pytest.fixture(scope="module")
def script() -> str:
    """The application with the SDKs that it names, in one file, as a bundler makes it."""
    npm, cache = shutil.which("npm"), ROOT / ".local/other-origin"
    assert npm, "npm is not installed"
    cache.mkdir(parents=True, exist_ok=True)
    installed, wanted = cache / "package.json", (HERE / "package.json").read_text(encoding="utf-8")
    bundler = cache / "node_modules/.bin/esbuild"
    if not bundler.exists() or installed.read_text(encoding="utf-8") != wanted:
        shutil.copy(HERE / "package.json", cache)
        install = [npm, "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"]
        subprocess.run(install, cwd=cache, check=True, capture_output=True)  # noqa: S603 - npm, on our own package.json
    shutil.copy(HERE / "page.js", cache)
    bundle = [str(bundler), "page.js", "--bundle", "--format=esm"]
    done = subprocess.run(bundle, cwd=cache, check=True, capture_output=True)  # noqa: S603 - the bundler just installed
    return done.stdout.decode()


@pytest.fixture(scope="module")
def unlisted_port() -> int:
    """Where it is served as well: nobody lists this one."""
    return free_port()


@pytest.fixture(scope="module")
def _served(
    script: str, application_port: int, unlisted_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """The application on both ports, from a server: Playwright answers preflights itself for pages that it makes up."""
    folder = tmp_path_factory.mktemp("application")
    (folder / "page.js").write_text(script, encoding="utf-8")
    (folder / "index.html").write_text(
        '<link rel="icon" href="data:,"><script type="module" src="page.js"></script>', encoding="utf-8"
    )
    with ExitStack() as servers:
        for port in (application_port, unlisted_port):
            server = servers.enter_context(
                ThreadingHTTPServer(("127.0.0.1", port), partial(Quiet, directory=str(folder)))
            )
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            servers.callback(server.shutdown)
        yield


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing of it."""

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (the base class names it)
        pass


@pytest.fixture
def new_page(browser: Browser, _served: None) -> Iterator[NewPage]:
    """Open the application, as it is served on a port."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)

    def make(port: int) -> Page:
        page = context.new_page()
        page.goto(f"http://localhost:{port}/")
        return page

    yield make
    context.close()


def test_the_sdks_work_on_a_listed_origin_and_read_what_is_told_in_headers(
    new_page: NewPage, application_port: int, stack: Stack, new_user: NewUser
) -> None:
    user = new_user(credit="1.00")

    said: dict[str, Any] = new_page(application_port).evaluate(
        "([server, key]) => asked(server, key)", [stack.base_url, user.key]
    )

    assert all(said[name] for name in ("chat", "streamed", "message", "whole"))
    assert all("-" in name for name in said["requestIds"])
    assert said["cost"].startswith("0.00")


def test_on_a_listed_origin_a_refusal_of_the_gateway_is_read_in_its_own_words(
    new_page: NewPage, application_port: int, stack: Stack
) -> None:
    said = new_page(application_port).evaluate(
        "([server, key]) => refused(server, key)", [stack.base_url, "agg_local_0_wrong"]
    )

    assert {each["status"] for each in said.values()} == {401}
    assert "This API key is not valid" in json.dumps(said["chat"])
    assert "This API key is not valid" in json.dumps(said["message"])


def test_on_any_other_origin_nothing_is_sent_and_nothing_is_read(
    new_page: NewPage, unlisted_port: int, stack: Stack, new_user: NewUser
) -> None:
    user = new_user(credit="1.00")

    said = new_page(unlisted_port).evaluate(
        "([server, key]) => refused(server, key)", [stack.base_url, user.key]
    )

    assert {each["status"] for each in said.values()} == {None}
    assert {each["message"] for each in said.values()} == {"Connection error."}
    assert user.balance_at_rest()["available"] == "1.00"
