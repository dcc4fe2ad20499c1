"""The console over a real shop that has purchases and nothing else, in a real browser.

UCI Online Retail is not part of the product: QUERENCIA_REAL_DATA names a folder with its file,
`online_retail.parquet`; without it there is nothing to test.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from features import adapters
from querencia import jobs
from serving.console.desk import PAGES
from serving.settings import FILE_VARIABLE, Settings, load
from tests.serving.console.browser import (
    MARKS,
    follow,
    open_page,
    violations,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

REAL_DATA = "QUERENCIA_REAL_DATA"
pytestmark = [
    *MARKS,
    pytest.mark.timeout(1_200),
    pytest.mark.skipif(
        REAL_DATA not in os.environ, reason=f"{REAL_DATA} names no folder with the published files"
    ),
]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The shop, read by its definition, scored, and with a list."""
    folder = tmp_path_factory.mktemp("retail")
    file = Path(os.environ[REAL_DATA]).absolute() / "online_retail.parquet"
    (folder / file.name).symlink_to(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv(REAL_DATA)  # it is no setting
        patch.setenv(FILE_VARIABLE, str(adapters.FILES["online_retail"]))
        settings = load(service={"log_requests": False})
        jobs.check(settings, {}, lambda _: None)
        jobs.train(settings, lambda _: None)
        jobs.score(settings, lambda _: None)
        jobs.flag(settings)
        yield settings


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_page_is_whole_without_surveys_tickets_and_offers(
    page: "Page", address: str, language: str
) -> None:
    for name in PAGES:
        open_page(page, address, name, language)
        assert violations(page) == [], name
        assert "nan" not in page.locator("main").inner_text().split()
        if name in ("journey", "voice"):
            told = page.locator("[aria-labelledby=more] tbody tr").first
            assert told.locator(".chip").count() > 3
            assert "[tables." in page.locator("main pre").inner_text()


@pytest.mark.parametrize("language", ["en", "es"])
def test_ten_customers_why_and_what_it_brings_take_three_clicks(
    page: "Page", address: str, language: str
) -> None:
    open_page(page, address, "list", language)
    rows = page.locator("table.list tbody tr")
    assert rows.count() == 10
    follow(page, page.locator(".card a[href*=min_risk]"))
    risks = page.locator("table.list tbody td:nth-of-type(3)").all_inner_texts()
    assert all(float(risk.split("%")[0].replace(",", ".")) >= 50 for risk in risks)
    follow(page, rows.first.locator("th a"))
    assert page.locator("#do").is_visible()
    assert page.locator("#reasons").is_visible()
