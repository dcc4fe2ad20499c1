"""A console over the simulated company, asked in process."""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.folders import copied

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette's client would rather have httpx's successor
    from starlette.testclient import TestClient as TestClient

from querencia import shows
from serving.edition import Edition
from serving.http.application import Application
from serving.http.meters import Meters
from serving.settings import ServiceSettings, Settings
from serving.watch import Watch

OWN = {"sec-fetch-site": "same-origin"}
"""What a browser says of a form of the page's own."""


@pytest.fixture
def shop(trained_company: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The trained company in folders of its own, for tests that change something."""
    settings = copied(trained_company, tmp_path)
    configured = tmp_path / "querencia.toml"
    configured.write_text(shows.configuration(settings))
    monkeypatch.setenv("QUERENCIA_CONFIG", str(configured))  # for processes that it starts
    return settings


@pytest.fixture(scope="session")
def company_edition(trained_company: Settings) -> Edition:
    return Watch(trained_company).edition


def visitor(
    settings: Settings,
    *,
    edition: Edition | None = None,
    host: str = "127.0.0.1",
    **service: object,
) -> TestClient:
    """A browser that does not follow; on the same machine unless told otherwise."""
    quiet = ServiceSettings.model_validate({"log_requests": False, **service})
    configured = settings.model_copy(update={"service": quiet})
    answers = edition or Watch(configured).edition
    app = Application(configured, lambda: answers, Meters())
    return TestClient(app, base_url="http://localhost", client=(host, 5000), follow_redirects=False)


@pytest.fixture(scope="session")
def console(trained_company: Settings, company_edition: Edition) -> TestClient:
    """On the same machine, where nobody needs a key; nothing may be changed by it."""
    return visitor(trained_company, edition=company_edition)


def patiently(browser: TestClient, path: str) -> str:
    """Ask for a page until what it tells is gathered."""
    for _ in range(600):
        answer = browser.get(path)
        if answer.status_code != 202:
            assert answer.status_code == 200, answer.text
            return str(answer.text)
        assert answer.headers["refresh"]
    raise AssertionError(path)


@pytest.fixture(scope="session")
def gathered(console: TestClient) -> Callable[[str], str]:
    """The same, of the console that all look at."""
    return partial(patiently, console)


@pytest.fixture(scope="module")
def address(own: Settings) -> Iterator[str]:
    """Of a console over the settings that a file of tests has as its own."""
    from tests.serving.console.browser import served  # needs a browser's driver

    with served(own) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """A browser."""
    from tests.serving.console.browser import launched

    with launched() as browser:
        yield browser


@pytest.fixture
def page(chromium: object, address: str) -> Iterator[object]:
    """A tab in it, for one test."""
    from tests.serving.console.browser import tab

    with tab(chromium, address) as page:
        yield page
