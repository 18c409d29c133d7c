"""What the console's first view takes: `make first-view` prints bytes, requests and milliseconds.

On a stack of its own. "First" is a browser that was never here, and functions that were never called; "again" the same
person on a fresh page, with the browser's cache and warm functions. Bytes are those of the wire, headers included.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.e2e.browser.screen import Reader, Screen, started
from tests.e2e.stack import start, stop, wait_until_up


class Wire:
    """What a page loads: requests that reach the server, and their bytes."""

    def __init__(self, screen: Screen) -> None:
        self.requests = 0
        self.bytes = 0
        self._cached: set[str] = set()
        session = screen.context.new_cdp_session(screen.page)
        session.on("Network.requestServedFromCache", lambda event: self._cached.add(event["requestId"]))
        session.on("Network.loadingFinished", self._count)
        session.send("Network.enable")

    def _count(self, event: dict[str, Any]) -> None:
        if event["requestId"] not in self._cached and event["encodedDataLength"]:
            self.requests += 1
            self.bytes += int(event["encodedDataLength"])


def look(screen: Screen, wire: Wire, key: str, called: str) -> None:
    """Open the console, sign in, and print what it took until the first number shows."""
    before = (wire.requests, wire.bytes)
    begun = time.perf_counter()
    screen.visit()
    screen.page.locator("input[name=key]").wait_for()
    shown = time.perf_counter()
    page = (wire.requests - before[0], wire.bytes - before[1])
    _sign_in(screen.page, key)
    number = time.perf_counter()
    screen.settle()
    print(
        f"{called}: the page {page[0]} requests, {page[1]:,} bytes, {1000 * (shown - begun):.0f} ms; "
        f"from the key to the first number {1000 * (number - shown):.0f} ms; "
        f"with the overview {wire.requests - before[0]} requests, {wire.bytes - before[1]:,} bytes"
    )


def _sign_in(page: Page, key: str) -> None:
    page.locator("input[name=key]").fill(key)
    page.keyboard.press("Enter")
    page.locator(".figure dd").first.wait_for()


def main() -> None:
    """Start a stack and a browser, and look twice."""
    with tempfile.TemporaryDirectory() as folder:
        run = start(Path(folder))
        try:
            stack = wait_until_up(run, Path(folder))
            with started() as browser:
                screen = Screen.open(browser, stack.base_url, Reader())
                wire = Wire(screen)
                for called in ("first", "again", "and again"):
                    look(screen, wire, stack.api_key, called)
        finally:
            stop(run)


if __name__ == "__main__":
    main()
