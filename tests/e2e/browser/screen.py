"""A page of the console as a person has it before them, and all that they must never see noted beside it.

Whatever the page says to the browser's console as an error, asks of another host, or does against its policy is
noted, and `require_clean` fails on it: every test of the package ends with that.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import Any, Self

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    sync_playwright,
)

from local import chromium

JsonObject = dict[str, Any]

DESKTOP = (1280, 800)
PHONE = (360, 740)
SCHEMES = ("light", "dark")

PATIENCE_MS = 20_000
"""How long something may take to appear: a function's first call starts it."""

_GO = """async link => {
    location.hash = link;
    for (let frame = 0; frame < 2; frame += 1) await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
}"""
"""Go, and wait until what the new view asks for is on its way: effects run a frame after what shows them."""
_SETTLED = """view => {
    const shown = document.querySelector("nav a[aria-current]");
    const busy = document.querySelector("main .loading, main [aria-busy=true]");
    const there = !view || shown?.getAttribute("href")?.startsWith(`#/${view}`);
    return document.querySelector("main h1") && !busy && there;
}"""
_TOO_WIDE = """() => [...document.querySelectorAll("body *")]
    .filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .filter(each => !each.closest(".scroll, pre, .hidden, .skip"))
    .map(each => `${each.tagName.toLowerCase()}.${each.className} ${Math.round(each.getBoundingClientRect().right)}`)"""
_AUDIT = "axe.run(document, {resultTypes: ['violations']})"
_SERIOUS = ("serious", "critical")
_STATUS = re.compile(r"the server responded with a status of (\d+)")


@contextmanager
def started() -> Iterator[Browser]:
    """The machine's Chromium, for as long as the block lasts."""
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.found(), args=as_root)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Reader:
    """Who looks: language, zone, and how wide and light the screen is."""

    language: str = "en-US"
    zone: str = "Etc/UTC"
    size: tuple[int, int] = DESKTOP
    scheme: str = "light"


class Screen:
    """One page in a context of its own, which shares nothing with others: no cookie, no storage."""

    def __init__(self, context: BrowserContext, server: str) -> None:
        self.server = server
        self.context = context
        self.page: Page = context.new_page()
        self.asked: list[str] = []
        self._noted: list[str] = []
        self._expected: set[int] = set()
        self._lost: set[str] = set()
        self._hosts: tuple[str, ...] = (f"{server}/", "data:", f"blob:{server}/")
        context.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self._noted.append(f"page error: {error}"))
        self.page.on("request", self._see)

    @classmethod
    def open(cls, browser: Browser, server: str, reader: Reader | None = None) -> Self:
        """A fresh page, which shows nothing yet."""
        reader = reader or Reader()
        width, height = reader.size
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if reader.scheme == "dark" else "light",
            locale=reader.language,
            timezone_id=reader.zone,
            reduced_motion="reduce",
        )
        return cls(context, server)

    def visit(self, link: str = "") -> Self:
        """Open the console, at `link` (`#/usage?by=key`)."""
        self.page.goto(f"{self.server}/console/{link}")
        return self

    def sign_in(self, key: str) -> Self:
        """Type a key and press Enter, as a person does; return once a view shows."""
        self.page.locator("input[name=key]").fill(key)
        self.page.keyboard.press("Enter")
        self.page.locator("nav a[aria-current]").wait_for(state="attached")
        return self.settle()

    def show(self, link: str) -> Self:
        """Go to another view by its address, as a click does: `usage?by=key`, `requests/ID`."""
        self.page.evaluate(_GO, f"#/{link}")
        return self.settle(re.split(r"[/?]", link)[0])

    def settle(self, view: str = "") -> Self:
        """Wait until nothing is on its way any more."""
        self.page.wait_for_function(_SETTLED, arg=view)
        return self

    def turn(self, size: tuple[int, int], scheme: str) -> Self:
        """Another size and scheme of the same page."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        return self

    def figure(self, title: str) -> str:
        """The number under a title, as the overview has them; the first of them."""
        return (
            self.page.locator(".figure", has=self.page.get_by_text(title, exact=True))
            .first.locator("dd")
            .first.inner_text()
        )

    def rows(self, caption: str) -> list[list[str]]:
        """Cells of a table, by its caption."""
        table = self.table(caption)
        return [row.locator("td").all_inner_texts() for row in table.locator("tbody tr").all()]

    def table(self, caption: str) -> Locator:
        """A table by its caption."""
        return self.page.get_by_role("region", name=caption, exact=True).locator("table")

    def text(self) -> str:
        """All words of the page."""
        return self.page.locator("body").inner_text()

    def too_wide(self) -> list[str]:
        """What sticks out to the right; nothing where the page fits."""
        found: list[str] = self.page.evaluate(_TOO_WIDE)
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("the page scrolls sideways")
        return found

    def findings(self) -> list[str]:
        """What axe holds for serious or critical, with where it is."""
        if not self.page.evaluate("typeof axe === 'object'"):
            source = resources.files("axe_playwright_python").joinpath("axe.min.js")
            self.page.evaluate(source.read_text(encoding="utf-8"))
        found: JsonObject = self.page.evaluate(_AUDIT)
        return [
            f"{each['impact']} {each['id']}: {node['html'][:200]}"
            for each in found["violations"]
            if each["impact"] in _SERIOUS
            for node in each["nodes"]
        ]

    def expect_statuses(self, *statuses: int) -> Self:
        """The browser says of each refused call that it was: these are meant."""
        self._expected |= set(statuses)
        return self

    def expect_failures(self, path: str) -> Self:
        """The browser says of each call whose answer never came that it failed: those at `path` are meant."""
        self._lost.add(path)
        return self

    def allow_hosts(self, *begins: str) -> Self:
        """Other addresses that the page may ask from now on: where a person is sent to pay, for one."""
        self._hosts += begins
        return self

    def noted(self) -> list[str]:
        """What was noted so far, and must not have been."""
        return list(self._noted)

    def close(self) -> None:
        """Let go of the page, and fail on what was noted."""
        self.context.close()
        assert self._noted == [], self._noted

    def _hear(self, message: ConsoleMessage) -> None:
        status = _STATUS.search(message.text)
        meant = status is not None and int(status[1]) in self._expected
        meant |= "ERR_FAILED" in message.text and message.location.get("url", "").endswith(tuple(self._lost))
        if message.type in ("error", "warning") and not meant:
            self._noted.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _see(self, request: Request) -> None:
        self.asked.append(request.url)
        if not request.url.startswith(self._hosts):
            self._noted.append(f"asked another host: {request.url}")


def looks(screen: Screen, sizes: Sequence[tuple[int, int]] = (DESKTOP, PHONE)) -> JsonObject:
    """What is wrong with how the page looks, at each size and scheme; empty where nothing is."""
    wrong: JsonObject = {}
    for size in sizes:
        for scheme in SCHEMES:
            screen.turn(size, scheme)
            found = screen.findings() + screen.too_wide()
            if found:
                wrong[f"{size[0]} px, {scheme}"] = found
    screen.turn(DESKTOP, "light")
    return wrong


def stub(page: Page, path: str, status: int, body: JsonObject, headers: dict[str, str] | None = None) -> None:
    """Answer a call in place of the API from now on: for what it would not say when asked."""
    page.route(
        re.compile(re.escape(path)),
        lambda route: route.fulfill(
            status=status,
            body=json.dumps(body),
            headers={"Content-Type": "application/json"} | (headers or {}),
        ),
    )
