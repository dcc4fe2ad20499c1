"""A real browser over a console: what its tests share, with whatever company."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import uvicorn

from serving.http.application import Application
from serving.http.meters import Meters
from serving.settings import Settings
from serving.watch import Watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MARKS = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.timeout(600),
]
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"),
)


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """The address of a console."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    edition = Watch(settings).edition
    app = Application(settings, lambda: edition, Meters())
    config = uvicorn.Config(app, port=port, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}/console"
    server.should_exit = True
    thread.join()


@contextmanager
def launched() -> Iterator["Browser"]:
    """Chromium."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def tab(chromium: "Browser", address: str) -> Iterator["Page"]:
    """A tab that fails where the page asks anybody else, or breaks its own policy."""
    context = chromium.new_context(locale="en-GB", accept_downloads=True)
    page = context.new_page()
    wrong: list[str] = []
    page.on("request", lambda asked: wrong.extend([asked.url] * elsewhere(asked.url, address)))
    page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert wrong == []


def elsewhere(url: str, address: str) -> bool:
    return not url.startswith((address, "data:"))


def gathered(page: "Page") -> None:
    """Wait, as a person does, until what the page tells is gathered."""
    page.locator(".working").wait_for(state="detached", timeout=180_000)


def follow(page: "Page", link: "Locator") -> None:
    """Click, and wait for the page it leads to."""
    with page.expect_navigation():
        link.click()


def open_page(page: "Page", address: str, name: str, language: str = "en") -> None:
    """Open a page."""
    path = "" if name == "list" else f"/{name}"
    page.goto(f"{address}{path}?lang={language}")
    gathered(page)


def violations(page: "Page") -> list[tuple[str, str]]:
    """What axe finds wrong, each with the element it found it at."""
    found = axe_api.Axe().run(page).response["violations"]
    return [(each["id"], each["nodes"][0]["html"][:120]) for each in found]
