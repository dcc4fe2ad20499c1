"""The console in a real browser: each page's main task by clicks and keys, and axe's judgement."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from features.offers import CONTROL
from serving.campaigns import Campaigns
from serving.console.desk import PAGES
from serving.settings import ServiceSettings, Settings
from tests.serving.console.browser import (
    MARKS,
    follow,
    gathered,
    open_page,
    violations,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = MARKS
HEADINGS = {
    "en": {"list": "about to leave", "campaigns": "Did it pay?", "model": "Can we trust it?"},
    "es": {"list": "a punto de irse", "campaigns": "¿Ha valido la pena?", "model": "¿Es de fiar?"},
}


@pytest.fixture(scope="module")
def own(trained_company: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The company in a data folder of its own: campaigns are made in it."""
    data = tmp_path_factory.mktemp("browser") / "data"
    shutil.copytree(trained_company.data, data)
    service = ServiceSettings(log_requests=False)
    return trained_company.model_copy(update={"data": data, "service": service})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_axe_finds_nothing(page: "Page", address: str, language: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    for name in (*PAGES, "customer", "campaigns/new", "signin"):
        if name == "customer":
            open_page(page, address, "list", language)
            follow(page, page.locator("table.list tbody th a").first)
        else:
            open_page(page, address, name, language)
        assert violations(page) == [], name
        assert page.evaluate("document.documentElement.lang") == language


def test_on_a_phone_nothing_is_wider_than_the_screen(page: "Page", address: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    for name in PAGES:
        open_page(page, address, name)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, name


@pytest.mark.parametrize("language", ["en", "es"])
def test_ten_customers_why_and_what_it_brings_are_found_at_once(
    page: "Page", address: str, own: Settings, language: str
) -> None:
    open_page(page, address, "list", language)
    assert HEADINGS[language]["list"] in page.locator("h1").inner_text()
    rows = page.locator("table.list tbody tr")
    assert rows.count() == 10
    first = Campaigns(own.data).all()[-1].rows()
    first = first[first["arm"] != CONTROL].iloc[0]["customer_id"]
    assert rows.first.locator("th a").inner_text() == first
    follow(page, rows.first.locator("th a"))
    assert first in page.locator("h1").inner_text()
    assert page.locator("#reasons").is_visible()
    assert page.locator("svg.sketch circle.now").count() > 1


def test_the_budget_is_moved_by_keys_and_the_list_follows(page: "Page", address: str) -> None:
    open_page(page, address, "list")
    before = page.locator(".tabs [aria-current] span").inner_text()
    slider = page.locator("#budget")
    slider.focus()
    slider.press("Home")
    for _ in range(8):
        slider.press("ArrowRight")
    told = page.locator("#budget-is").inner_text()
    assert "of profit" in told
    assert slider.get_attribute("aria-valuetext") == told
    slider.press("Enter")
    page.wait_for_url("**budget=**")
    after = page.locator(".tabs [aria-current] span").inner_text()
    assert int(after.replace(",", "")) < int(before.replace(",", ""))


def test_without_a_script_the_form_still_works(chromium: object, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False)  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(address)
    page.fill("#min_risk", "5")
    page.select_option("#sort", "risk")
    follow(page, page.locator(".limits button"))
    risks = page.locator('td[data-label="risk"]').all_inner_texts()
    shown = [float(risk.rstrip("%")) for risk in risks]
    assert shown == sorted(shown, reverse=True)
    assert min(shown) >= 5
    context.close()


def test_who_is_about_to_leave_is_one_click_away(page: "Page", address: str) -> None:
    open_page(page, address, "list")
    follow(page, page.get_by_role("link", name="Who is about to leave"))
    risks = page.locator('td[data-label="risk"]').all_inner_texts()
    assert risks
    assert all(float(risk.rstrip("%")) >= 50 for risk in risks)


def test_a_customer_is_found_by_id_with_the_keyboard(
    page: "Page", address: str, own: Settings
) -> None:
    customer = Campaigns(own.data).all()[-1].rows()["customer_id"].iloc[-1]
    open_page(page, address, "list")
    page.locator("#customer_id").focus()
    page.keyboard.type(customer)
    page.keyboard.press("Enter")
    page.wait_for_url("**/customer/*")
    assert customer in page.locator("h1").inner_text()
    assert customer not in page.url


def test_the_first_tab_stop_skips_to_the_content(page: "Page", address: str) -> None:
    open_page(page, address, "list")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_list_is_downloaded(page: "Page", address: str, tmp_path: Path) -> None:
    open_page(page, address, "list")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    file = tmp_path / "list.csv"
    download.value.save_as(file)
    shown = page.locator("table.list tbody th a").all_inner_texts()
    listed = [line.partition(",")[0] for line in file.read_text().splitlines()[1:]]
    assert listed[: len(shown)] == shown


@pytest.mark.parametrize("name", ["indicators", "journey", "voice", "model", "data"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_each_page_is_reached_by_clicks_and_tells_its_figures(
    page: "Page", address: str, name: str, language: str
) -> None:
    open_page(page, address, "list", language)
    follow(page, page.locator(f'header a[href="/console/{name}"]'))
    gathered(page)
    assert page.locator(f'header a[href="/console/{name}"]').get_attribute("aria-current") == "page"
    assert page.locator("main table tbody tr").count() > 2
    if name == "model":
        assert page.locator("main figure svg[role=img]").count() >= 1


def test_the_language_is_changed_by_a_click_and_kept(page: "Page", address: str) -> None:
    open_page(page, address, "list")
    follow(page, page.get_by_role("link", name="Español"))
    follow(page, page.locator('header a[href="/console/campaigns"]'))
    assert page.locator("h1").inner_text() == HEADINGS["es"]["campaigns"]


def test_a_campaign_is_made_and_noted_as_sent_by_clicks(
    page: "Page", address: str, own: Settings
) -> None:
    open_page(page, address, "list")
    page.fill("#contacts", "40")
    follow(page, page.get_by_role("button", name="Show the list"))
    follow(page, page.get_by_role("link", name="Make it a campaign"))
    follow(page, page.get_by_role("button", name="Yes, make the campaign"))
    (draft,) = Campaigns(own.data).drafts()
    assert draft.summary["settings"]["campaign"]["contacts"] == 40
    assert draft.id in page.locator("[role=status]").inner_text()
    follow(page, page.get_by_role("link", name="It was sent"))
    follow(page, page.get_by_role("button", name="Yes, it was sent"))
    assert [each.id for each in Campaigns(own.data).sent()] == [draft.id]
