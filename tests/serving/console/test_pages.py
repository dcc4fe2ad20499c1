"""Every page: there in both languages, whole, small, escaped, masked, and guarded."""

import gzip
import io
import re
import time
from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from mlflow.models import infer_signature
from pandas.testing import assert_frame_equal

from features.offers import CONTROL
from features.records import CONTRACTS
from features.store import Store
from querencia import jobs
from serving import desks
from serving.batch import ScoreFile
from serving.campaigns import Campaigns
from serving.console import secret, session
from serving.console.application import POLICY
from serving.console.desk import PAGES
from serving.console.door import own
from serving.console.masks import Masks
from serving.http.keys import KeyFile
from serving.settings import Settings
from tests.querencia.test_page import Reader
from tests.serving.console.conftest import OWN, TestClient, patiently, visitor
from training import sealed
from training.champion import CHAMPION, Champion
from training.history import History
from training.registry import Version

HOSTILE = "<script>alert('id')</script>&"
ADDRESSES = {name: "/console" + ("" if name == "list" else f"/{name}") for name in PAGES}
TOKEN = re.compile(r'href="/console/customer/([^"]+)"')


def first_customer(page: str) -> str:
    return "/console/customer/" + TOKEN.findall(page)[0]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", [*PAGES, "customer"])
def test_every_page_is_whole_small_and_in_one_language(
    gathered: Callable[[str], str], name: str, language: str
) -> None:
    address = ADDRESSES.get(name) or first_customer(gathered("/console"))
    page = gathered(f"{address}?lang={language}")
    words = {"en": "Act now", "es": "Actuar ya"}
    other = words["es" if language == "en" else "en"]
    assert f'<html lang="{language}">' in page
    assert words[language] in page
    assert other not in page
    assert page.count("<h1") == 1
    assert "nan" not in re.findall(r"\bnan\b", page)
    assert len(gzip.compress(page.encode())) < 100_000


def test_a_page_takes_nothing_from_elsewhere(console: TestClient) -> None:
    answer = console.get("/console", headers={"accept-encoding": "gzip"})
    links = [
        value
        for _, attributes in Reader(answer.text).seen
        for key, value in attributes.items()
        if key in ("href", "src", "action")
    ]
    assert links
    assert all(link is not None and link.startswith(("/console", "data:", "#")) for link in links)
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "no-store"
    assert "unsafe-inline" not in POLICY.replace("style-src-attr 'unsafe-inline'", "")


def test_a_language_chosen_is_kept_and_else_the_browser_is_asked(console: TestClient) -> None:
    spanish = {"accept-language": "fr-FR, es-MX;q=0.8, en;q=0.5"}
    assert '<html lang="es">' in console.get("/console", headers=spanish).text
    console.get("/console?lang=es")
    assert '<html lang="es">' in console.get("/console").text
    console.cookies.clear()
    assert '<html lang="en">' in console.get("/console").text


def test_what_the_list_says_is_what_the_campaign_comes_to(
    console: TestClient, trained_company: Settings
) -> None:
    told = Reader(console.get("/console").text).text
    found = Campaigns(trained_company.data).drafts()[0].summary
    assert f"the {found['contacts']:,} customers" in told
    assert f"{found['expected_profit']:,.0f}" in told
    scores = ScoreFile(trained_company.data).read().rows
    best = scores["value"].rank(ascending=False, pct=True, method="first") <= 0.2
    leaving = scores[best & (scores["risk"] >= 0.5)]
    assert f"{len(leaving):,} of your best customers" in told
    assert f"{leaving['value_at_stake'].sum():,.0f}" in told


def exported(console: TestClient, query: str = "") -> pd.DataFrame:
    answer = console.get(f"/console/list.csv?{query}")
    assert answer.headers["content-type"].startswith("text/csv")
    return pd.read_csv(io.StringIO(answer.text))


@pytest.mark.parametrize(
    "query", ["", "budget=150", "budget=400&sort=risk&min_risk=3", "driver=effort", "contacts=30"]
)
def test_the_file_holds_the_customers_of_the_pages_in_their_order(
    console: TestClient, trained_company: Settings, query: str
) -> None:
    rows = exported(console, query)
    listed = rows[rows["arm"] != CONTROL]["customer_id"].tolist()
    shown: list[str] = []
    while True:
        page = console.get(f"/console?{query}&page={len(shown) // 10 + 1}").text
        shown += TOKEN.findall(page)
        if 'rel="next"' not in page:
            break
    every = ScoreFile(trained_company.data).read().rows["customer_id"]
    masks = _masks(trained_company)
    ids = dict(zip(masks.tokens(every), every, strict=True))
    assert [ids[token] for token in shown] == listed
    assert listed


def _masks(settings: Settings) -> Masks:
    return Masks(secret.of(settings.data))


@pytest.mark.parametrize("budget", [100, 350])
def test_the_budget_changes_the_list_as_the_solver_does(
    console: TestClient, trained_company: Settings, budget: float
) -> None:
    limits = trained_company.campaign.model_copy(update={"budget": budget})
    settings = trained_company.model_copy(update={"campaign": limits})
    scores = ScoreFile(settings.data).read()
    name = Campaigns(settings.data).drafts()[0].id
    decided = desks.desk(settings, scores.provenance).decide(scores.rows, campaign=name).rows
    rows = exported(console, f"budget={budget}")
    assert rows["customer_id"].tolist() == decided["customer_id"].tolist()
    assert rows["cost"].sum() <= budget
    assert len(rows) < len(exported(console))


@pytest.mark.parametrize(
    "query", ["budget=-1", "budget=inf", "min_risk=101", "sort=name", "page=0", "offer=gold"]
)
def test_what_cannot_be_asked_for_is_told(console: TestClient, query: str) -> None:
    assert console.get(f"/console?{query}").status_code == 422


def test_a_segment_there_is_none_of_is_told(console: TestClient) -> None:
    answer = console.get("/console?segment=%3Cb%3Enone")
    assert answer.status_code == 409
    assert "<b>none" not in answer.text


def test_those_about_to_leave_are_listed_with_what_is_done_about_each(console: TestClient) -> None:
    page = console.get("/console?view=leaving").text
    assert TOKEN.findall(page)
    assert "Who is about to leave" in page
    assert "Make it a campaign" not in page


def renamed(settings: Settings, customer: str, name: str) -> None:
    """Call a customer by another name in records and scores."""
    for path in (settings.data / "records").glob("*.parquet"):
        table = pq.read_table(path)
        if "customer_id" in table.column_names:
            place = table.column_names.index("customer_id")
            ids = pc.replace_substring(table["customer_id"], customer, name)
            table = table.set_column(place, "customer_id", ids)
        if "segment" in table.column_names:
            place = table.column_names.index("segment")
            hostile = pa.array([HOSTILE] * len(table))
            table = table.set_column(place, "segment", hostile)
        pq.write_table(table, path)
    scores = ScoreFile(settings.data).read()
    scores.rows["customer_id"] = scores.rows["customer_id"].replace(customer, name)
    ScoreFile(settings.data).write(scores)


def test_those_about_to_leave_can_be_narrowed_too(
    console: TestClient, trained_company: Settings
) -> None:
    rows = ScoreFile(trained_company.data).read().rows
    best = rows["value"].rank(ascending=False, pct=True, method="first") <= 0.2
    driver = rows[best & (rows["risk"] >= 0.3)]["driver"].mode()[0]
    wanted = rows[best & (rows["risk"] >= 0.3) & (rows["driver"] == driver)]
    page = console.get(f"/console?view=leaving&min_risk=30&driver={driver}").text
    masks = _masks(trained_company)
    expected = wanted.sort_values("expected_loss", ascending=False, kind="stable")
    first = [*masks.tokens(expected["customer_id"].head(10))]
    assert first
    assert TOKEN.findall(page) == first
    rows = exported(console, f"view=leaving&min_risk=30&driver={driver}")
    assert rows["customer_id"].tolist() == expected["customer_id"].tolist()
    assert rows["reason"].str.len().min() > 10
    assert 'id="min_risk" name="min_risk" min="0" max="100" step="any" value="30"' in page


def test_the_silent_are_a_survey_ready_for_answers(
    console: TestClient, gathered: Callable[[str], str], trained_company: Settings
) -> None:
    assert "/console/silent.csv" in gathered("/console/voice")
    sheet = pd.read_csv(io.StringIO(console.get("/console/silent.csv").text))
    known = set(CONTRACTS["surveys"].names)
    assert set(sheet) <= known
    assert sheet["survey_id"].is_unique
    scores = ScoreFile(trained_company.data).read().rows.set_index("customer_id")
    assert (scores.loc[sheet["customer_id"], "risk"] >= trained_company.list.min_risk).all()
    assert sheet["answered_at"].isna().all()


def test_hostile_names_are_written_and_never_run(shop: Settings) -> None:
    rows = Campaigns(shop.data).drafts()[0].rows()
    renamed(shop, rows[rows["arm"] != CONTROL]["customer_id"].iloc[0], HOSTILE)
    browser = visitor(shop)
    found = browser.post("/console/find", data={"customer_id": HOSTILE}, headers=OWN)
    assert found.status_code == 303
    for address in ("/console", "/console?view=leaving", found.headers["location"]):
        page = browser.get(address).text
        assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "script" not in found.headers["location"]


def test_masked_ids_are_nowhere_and_links_still_work(shop: Settings) -> None:
    browser = visitor(shop, mask_ids=True)
    page = browser.get("/console").text
    listed = Campaigns(shop.data).drafts()[0].rows()["customer_id"]
    customer = browser.get(first_customer(page)).text
    file = browser.get("/console/list.csv").text
    for told in (page, customer, file):
        assert [each for each in listed if each in told] == []
    assert f"••••{listed.iloc[0][-2:]}" in page
    draft = Campaigns(shop.data).drafts()[0].id
    assert browser.get(f"/console/campaigns/{draft}/list.csv").status_code == 403


def test_no_address_and_no_log_tells_an_id(
    shop: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = visitor(shop, log_requests=True)
    page = browser.get("/console").text
    ids = Campaigns(shop.data).drafts()[0].rows()["customer_id"]
    browser.post("/console/find", data={"customer_id": ids.iloc[0]}, headers=OWN)
    browser.get(first_customer(page))
    logged = capsys.readouterr().out
    assert logged.count('"operation":"console"') == 3
    links = " ".join(re.findall(r'(?:href|action)="([^"]+)"', page))
    assert [each for each in ids if each in logged + links] == []


def test_a_campaign_is_made_when_that_is_confirmed_and_equals_what_flag_makes(
    shop: Settings,
) -> None:
    browser, before = visitor(shop), Campaigns(shop.data).drafts()[0].rows()
    wish = {"budget": "300", "min_risk": "2"}
    asked = browser.get("/console/campaigns/new?budget=300&min_risk=2")
    assert 'name="confirm" value="yes"' in asked.text
    refused = browser.post("/console/campaigns", data=wish, headers=OWN)
    assert refused.status_code == 422
    assert_frame_equal(Campaigns(shop.data).drafts()[0].rows(), before)

    made = browser.post("/console/campaigns", data={**wish, "confirm": "yes"}, headers=OWN)
    assert made.status_code == 303
    (draft,) = Campaigns(shop.data).drafts()
    summary, rows = draft.summary, draft.rows()
    limits = shop.campaign.model_copy(update={"budget": 300.0, "min_risk": 0.02})
    again = jobs.flag(shop.model_copy(update={"campaign": limits}))
    assert_frame_equal(rows, again.rows())
    assert summary == again.summary
    assert draft.id in browser.get(made.headers["location"]).text


def test_a_campaign_is_noted_as_sent_when_that_is_confirmed(shop: Settings) -> None:
    browser, (draft,) = visitor(shop), Campaigns(shop.data).drafts()
    contacted = draft.rows()
    address = f"/console/campaigns/{draft.id}/sent"
    assert browser.post(address, headers=OWN).status_code == 422
    assert Campaigns(shop.data).sent() == []
    customer = first_customer(browser.get("/console").text)
    sent = browser.post(address, data={"confirm": "yes"}, headers=OWN)
    assert sent.status_code == 303
    assert [each.id for each in Campaigns(shop.data).sent()] == [draft.id]
    assert "Was contacted as often" in browser.get(customer).text
    now = set(exported(browser)["customer_id"])
    assert now.isdisjoint(contacted["customer_id"])
    assert browser.post(address, data={"confirm": "yes"}, headers=OWN).status_code == 409


def signed_in(settings: Settings, *scopes: str) -> TestClient:
    key = KeyFile(settings.keys).make("-".join(scopes), scopes)  # type: ignore[arg-type]
    browser = visitor(settings, host="192.0.2.7")
    answer = browser.post("/console/signin", data={"key": key}, headers=OWN)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console"
    return browser


def test_elsewhere_a_key_is_asked_for_and_the_session_is_the_browsers_alone(
    shop: Settings,
) -> None:
    browser = visitor(shop, host="192.0.2.7")
    answer = browser.get("/console?budget=5")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/signin?next=%2Fconsole%3Fbudget%3D5"
    assert browser.get(answer.headers["location"]).status_code == 200
    wrong = browser.post("/console/signin", data={"key": "querencia_guess"}, headers=OWN)
    assert wrong.status_code == 403
    assert "set-cookie" not in wrong.headers

    key = KeyFile(shop.keys).make("maria", ["score"])
    browser = visitor(shop, host="192.0.2.7")
    there = {"key": key, "next": "/console/campaigns"}
    opened = browser.post(
        "/console/signin", data=there, headers={**OWN, "x-forwarded-proto": "https"}
    )
    cookie = opened.headers["set-cookie"].lower()
    assert opened.headers["location"] == "/console/campaigns"
    assert all(word in cookie for word in ("httponly", "samesite=strict", "secure"))
    assert key not in opened.headers["set-cookie"]


def test_a_session_lasts_until_it_is_over_its_key_is_revoked_or_somebody_signs_out(
    shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(shop, "score")
    assert browser.get("/console").status_code == 200
    whole = browser.cookies[session.COOKIE]
    browser.cookies.set(session.COOKIE, whole[:-1] + ("0" if whole[-1] != "0" else "1"))
    browser.cookies.clear()
    browser.cookies.set(session.COOKIE, whole[:-1] + "x")
    assert browser.get("/console").status_code == 303

    browser.cookies.clear()
    browser.cookies.set(session.COOKIE, whole)
    assert browser.get("/console").status_code == 200
    later = time.time() + session.SECONDS + 1
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: later)
        assert browser.get("/console").status_code == 303
    KeyFile(shop.keys).revoke("score")
    browser.app.reread_keys()  # type: ignore[attr-defined]
    assert browser.get("/console").status_code == 303


def test_every_process_of_an_installation_knows_a_session_and_no_other_does(
    shop: Settings, trained_company: Settings
) -> None:
    browser = signed_in(shop, "score")
    second = visitor(shop, host="192.0.2.7")
    second.cookies.set(session.COOKIE, browser.cookies[session.COOKIE])
    assert second.get("/console").status_code == 200
    (shop.data / "console.secret").write_bytes(bytes(32))
    third = visitor(shop, host="192.0.2.7")
    third.cookies.set(session.COOKIE, browser.cookies[session.COOKIE])
    assert third.get("/console").status_code == 303
    mode = (trained_company.data / "console.secret").stat().st_mode
    assert mode & 0o077 == 0


def test_signing_out_ends_the_session(shop: Settings) -> None:
    browser = signed_in(shop, "score")
    assert browser.post("/console/signout", headers=OWN).status_code == 303
    assert browser.get("/console").status_code == 303


def test_looking_writing_and_going_back_need_keys_of_their_own(shop: Settings) -> None:
    (draft,) = Campaigns(shop.data).drafts()
    yes = {"confirm": "yes"}
    reader, writer = signed_in(shop, "score"), signed_in(shop, "score", "write")
    assert reader.get("/console").status_code == 200
    assert reader.get("/console/campaigns/new").status_code == 403
    assert reader.post("/console/campaigns", data=yes, headers=OWN).status_code == 403
    sent = f"/console/campaigns/{draft.id}/sent"
    assert reader.post(sent, data=yes, headers=OWN).status_code == 403
    assert writer.get("/console/campaigns/new").status_code == 200
    assert writer.get("/console/model/rollback?to=1").status_code == 403
    assert Campaigns(shop.data).sent() == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"origin": "http://elsewhere.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost"}, 422),
        (OWN, 422),
    ],
)
def test_only_forms_of_our_own_pages_are_listened_to(
    console: TestClient, headers: dict[str, str], status: int
) -> None:
    assert console.post("/console/campaigns", headers=headers).status_code == status


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/console",
        "//elsewhere.example",
        "/consoles",
        "/console\\..",
        "x:y",
    ],
)
def test_signing_in_leads_nowhere_else(address: str) -> None:
    assert own(address) == "/console"
    assert own("/console/model?lang=es") == "/console/model?lang=es"


@pytest.mark.parametrize("address", ["/console/nothing", "/console/customer/nobody"])
def test_what_is_not_there_is_told(console: TestClient, address: str) -> None:
    assert console.get(address).status_code == 404


def test_an_unknown_id_is_told_on_the_list(console: TestClient) -> None:
    answer = console.post("/console/find", data={"customer_id": "nobody"}, headers=OWN)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text


def test_a_customers_page_agrees_with_the_scores(
    console: TestClient, trained_company: Settings
) -> None:
    scores = ScoreFile(trained_company.data).read().rows
    row = scores.sort_values("expected_loss").iloc[-1]
    found = console.post("/console/find", data={"customer_id": row["customer_id"]}, headers=OWN)
    told = Reader(console.get(found.headers["location"]).text).text
    assert f"{row['risk']:.1%}" in told
    assert f"{row['value_at_stake']:,.0f}" in told or f"{row['value_at_stake']:,.2f}" in told
    bought = pd.read_parquet(Store(trained_company.data).path("transactions"))
    last = bought[bought["customer_id"] == row["customer_id"]]["occurred_at"].max()
    assert f"{last:%Y-%m-%d}" in told


def again(shop: Settings) -> Version:
    """The model that serves, registered once more: a training would take its time."""
    champion = Champion.require(shop.registry)
    file = shop.registry.fetch(champion.version) / sealed.EXAMPLE
    example = pd.read_json(file, orient="split")
    signature, folder = infer_signature(example), shop.data.parent / "model"
    champion.model.save(folder)
    with shop.registry.run("train") as run:
        return shop.registry.register(
            run, folder, signature=signature, input_example=example, tags=champion.version.tags
        )


def test_going_back_to_an_earlier_version_needs_to_be_confirmed(shop: Settings) -> None:
    registry = shop.registry
    history = History(registry.folder)
    serving = registry.number(CHAMPION)
    assert serving is not None
    version = again(shop)
    registry.set_alias(CHAMPION, version.number)
    history.note("promoted", version.number, by="test", champion=serving)
    browser = visitor(shop)
    assert f"<option>{serving}</option>" in patiently(browser, "/console/model")
    to = {"to": str(serving)}
    assert browser.get("/console/model/rollback", params=to).status_code == 200
    assert browser.post("/console/model/rollback", data=to, headers=OWN).status_code == 422
    assert registry.number(CHAMPION) == version.number
    yes = {**to, "confirm": "yes"}
    assert browser.post("/console/model/rollback", data=yes, headers=OWN).status_code == 303
    assert registry.number(CHAMPION) == serving
    assert history.entries()[-1].what == "rolled_back"
