"""The service as its clients meet it: one real process, asked over HTTP."""

import json
import random
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from jsonschema import Draft202012Validator

from features import snapshot
from features.errors import QuerenciaError
from features.provenance import Provenance
from features.records import TIMELINES
from features.store import Store
from querencia import jobs, server, shows
from querencia.server import Running
from serving import words
from serving.batch import ScoreFile
from serving.http.page import POLICY
from serving.ranking import Ranking
from serving.settings import Settings
from tests.folders import copied
from training.champion import Champion
from training.scoring import Scores, score

pytestmark = pytest.mark.timeout(600)

MOST_IDS, MOST_HISTORIES = 10_000, 1_000
FIGURES = (
    *("risk", "value", "value_at_stake", "expected_loss"),
    *("value_low", "value_high"),
    *("expected_purchases", "expected_purchases_low", "expected_purchases_high"),
    *("expected_spend", "expected_spend_low", "expected_spend_high"),
)
WINDOW = ("next_purchase_from", "next_purchase_at", "next_purchase_by")
TOLD = {"customer_id", "known", *FIGURES, *WINDOW, "reason"}
PURCHASE = {"occurred_at": "2025-03-02T10:00:00Z", "amount": 12.5}


@pytest.fixture(scope="module")
def own(trained_company: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The trained folder once more, for a service that may write to it."""
    folder = tmp_path_factory.mktemp("service")
    settings = copied(trained_company, folder)
    (folder / "querencia.toml").write_text(shows.configuration(settings))
    return settings


@pytest.fixture(scope="module")
def service(own: Settings) -> Iterator[Running]:
    configured = own.data.parent / "querencia.toml"
    with server.running(QUERENCIA_CONFIG=str(configured)) as running:
        yield running


@pytest.fixture(scope="module")
def client(service: Running) -> Iterator[httpx.Client]:
    url = f"http://{service.host}:{service.port}"
    with httpx.Client(base_url=url, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def scores(trained_company: Settings) -> Scores:
    return ScoreFile(trained_company.data).read()


@pytest.fixture(scope="module")
def tables(trained_company: Settings) -> Mapping[str, pd.DataFrame]:
    """The records of every table, with the columns that a client may post."""
    store = Store(trained_company.data)
    return {
        name: pd.read_parquet(store.path(name)).filter([*contract.names])
        for name, contract in TIMELINES.items()
    }


def history(tables: Mapping[str, pd.DataFrame], customer_id: str) -> dict[str, Any]:
    """All that is known of a customer, as a client posts it: in any order, in any time zone."""
    return {
        "customer_id": customer_id,
        **{name: rows_of(table, customer_id) for name, table in tables.items()},
    }


def rows_of(table: pd.DataFrame, customer_id: str) -> list[dict[str, Any]]:
    own = table[table["customer_id"] == customer_id].drop(columns="customer_id")
    for name in own.select_dtypes("datetimetz"):
        own[name] = (
            own[name].dt.tz_convert("America/New_York").map(pd.Timestamp.isoformat, "ignore")
        )
    rows = [{str(k): v for k, v in row.items() if pd.notna(v)} for row in own.to_dict("records")]
    random.Random(0).shuffle(rows)  # noqa: S311 - an order, not a secret
    return rows


def posted(*transactions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"histories": [{"customer_id": "posted", "transactions": transactions}], **more}


def refused(answer: httpx.Response, status: int) -> dict[str, Any]:
    """What the problem is, which every refusal says in the same shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "faults", "request_id"}
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["detail"]
    return problem


def answered(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


def agree(customers: list[dict[str, Any]], rows: pd.DataFrame) -> None:
    """Every figure of the answer is that of the scores, to 1e-6."""
    assert [customer["customer_id"] for customer in customers] == rows["customer_id"].tolist()
    for name in FIGURES:
        told = pd.Series([customer[name] for customer in customers], dtype=float)
        expected = rows[name].tolist()
        assert told.tolist() == pytest.approx(expected, rel=1e-6, abs=1e-6, nan_ok=True), name
    for name in WINDOW:
        due = pd.to_datetime([customer[name] for customer in customers], utc=True)
        assert due.equals(pd.DatetimeIndex(rows[name]).as_unit(due.unit)), name
    assert [customer["reason"] for customer in customers] == words.reasons(rows)


def is_told(told: dict[str, Any], origin: Provenance) -> bool:
    """Whether an answer says which definitions, version and cut-off it comes from."""
    cutoff = datetime.fromisoformat(told["cutoff"])
    age = (datetime.now(UTC) - cutoff).total_seconds() / 86_400
    same = ("model_version", "churn", "horizon_days", "currency", "time_zone", "feature_version")
    return (
        cutoff == origin.cutoff
        and told["age_days"] == pytest.approx(age, abs=0.02)
        and all(told[name] == getattr(origin, name) for name in same)
    )


def test_customers_are_scored_by_id(client: httpx.Client, scores: Scores) -> None:
    rows = scores.rows.sample(50, random_state=0)
    answer = answered(client, "/score", {"customer_ids": rows["customer_id"].tolist()})

    agree(answer["customers"], rows)
    assert all(customer["known"] for customer in answer["customers"])
    assert is_told(answer["provenance"], scores.provenance)


def test_unknown_customers_are_told_as_such_in_their_place(
    client: httpx.Client, scores: Scores
) -> None:
    known = scores.rows["customer_id"].iloc[0]
    asked = ["nobody", known, "", known, "'; DROP TABLE customers --"]
    answers = answered(client, "/score", {"customer_ids": asked})["customers"]

    assert [answer["customer_id"] for answer in answers] == asked
    assert [answer["known"] for answer in answers] == [False, True, False, True, False]
    assert set(answers[0]) == TOLD
    assert {name for name in TOLD if answers[0][name] is not None} == {"customer_id", "known"}
    assert answers[1] == answers[3]


def test_a_posted_history_gets_the_score_of_the_batch(
    client: httpx.Client, scores: Scores, tables: Mapping[str, pd.DataFrame]
) -> None:
    once, often = (scores.rows["frequency"] == 0), (scores.rows["frequency"] > 0)
    rows = pd.concat([scores.rows[once].head(10), scores.rows[often].head(50)])
    histories = [history(tables, customer_id) for customer_id in rows["customer_id"]]
    answer = answered(client, "/score", {"histories": histories})

    assert {name for posted in histories for name, own in posted.items() if own} == {
        "customer_id",
        *TIMELINES,
    }
    agree(answer["customers"], rows)
    assert is_told(answer["provenance"], scores.provenance)


def test_only_the_figures_asked_for_are_told(
    client: httpx.Client, scores: Scores, tables: Mapping[str, pd.DataFrame]
) -> None:
    known = scores.rows["customer_id"].iloc[0]
    asked = {"customer_ids": [known, "nobody"], "histories": [history(tables, known)]}
    whole = answered(client, "/score", asked)["customers"]
    for figures in (["risk"], ["reason", "value"], ["next_purchase_at", "risk"], [*FIGURES]):
        told = answered(client, "/score", {**asked, "figures": figures})["customers"]
        names = [each for each in whole[0] if each in {"customer_id", "known", *figures}]
        assert [list(each) for each in told] == [names] * 3
        assert told == [{name: each[name] for name in names} for each in whole]


@pytest.mark.parametrize("table", sorted({*TIMELINES} - {"transactions"}))
def test_every_table_makes_a_difference(
    client: httpx.Client, scores: Scores, tables: Mapping[str, pd.DataFrame], table: str
) -> None:
    rows = scores.rows[scores.rows["customer_id"].isin(tables[table]["customer_id"])].head(30)
    assert len(rows) == 30
    without = [history(tables, customer_id) | {table: []} for customer_id in rows["customer_id"]]
    answers = answered(client, "/score", {"histories": without})["customers"]
    assert [answer["risk"] for answer in answers] != pytest.approx(rows["risk"].tolist(), abs=1e-6)


def test_ids_and_histories_may_be_asked_together(
    client: httpx.Client, scores: Scores, tables: Mapping[str, pd.DataFrame]
) -> None:
    customer_id = scores.rows["customer_id"].iloc[7]
    body = {"customer_ids": [customer_id], "histories": [history(tables, customer_id)]}
    by_id, by_history = answered(client, "/score", body)["customers"]
    assert by_id["risk"] == pytest.approx(by_history["risk"], abs=1e-9)
    assert by_id["reason"] == by_history["reason"]


def test_a_cutoff_is_where_histories_are_looked_back_from(
    client: httpx.Client, trained_company: Settings, tables: Mapping[str, pd.DataFrame]
) -> None:
    cutoff = datetime(2025, 8, 1, 12, tzinfo=UTC)
    store = Store(trained_company.data)
    model = Champion.require(trained_company.registry).model
    rows = snapshot.take(
        store.records(themes=model.themes),
        [cutoff],
        trained_company.features,
        has=store.has,
        themes=model.themes,
    )
    expected = score(model, rows).rows.tail(20)
    histories = [history(tables, customer_id) for customer_id in expected["customer_id"]]
    answer = answered(
        client, "/score", {"histories": histories, "cutoff": "2025-08-01T07:00:00-05:00"}
    )

    agree(answer["customers"], expected)
    assert datetime.fromisoformat(answer["provenance"]["cutoff"]) == cutoff


def test_nothing_after_the_cutoff_counts(client: httpx.Client) -> None:
    later = {"occurred_at": "2025-05-01T00:00:00Z", "amount": 1000}
    cutoff = "2025-05-01T00:00:00Z"
    without, with_later = (
        answered(client, "/score", posted(*bought, cutoff=cutoff))["customers"]
        for bought in ([PURCHASE], [PURCHASE, later])
    )
    assert without == with_later


@pytest.mark.parametrize(
    "body",
    [
        posted(PURCHASE, cutoff="2025-03-02T10:00:00Z"),
        posted(PURCHASE | {"amount": -12.5}),
        posted({"occurred_at": "2998-01-01T00:00:00Z", "amount": 5}),
    ],
    ids=["bought at the cut-off", "refund only", "in the future"],
)
def test_a_history_without_a_purchase_yet_is_unknown(
    client: httpx.Client, body: dict[str, Any]
) -> None:
    (customer,) = answered(client, "/score", body)["customers"]
    assert (customer["customer_id"], customer["known"]) == ("posted", False)
    assert customer["risk"] is None


def test_unknown_histories_keep_their_place_among_known_ones(client: httpx.Client) -> None:
    histories = [
        {"customer_id": name, "transactions": [PURCHASE | {"amount": amount}]}
        for name, amount in (("a", -1), ("b", 5), ("c", -1), ("b", 50))
    ]
    answers = answered(client, "/score", {"histories": histories})["customers"]
    assert [answer["customer_id"] for answer in answers] == ["a", "b", "c", "b"]
    assert [answer["known"] for answer in answers] == [False, True, False, True]


def test_extreme_histories_have_finite_answers(client: httpx.Client) -> None:
    first, day = datetime(1900, 1, 1, tzinfo=UTC), timedelta(days=1)
    long = [{"occurred_at": (first + i * day).isoformat(), "amount": 1e10} for i in range(9000)]
    (customer,) = answered(client, "/score", posted(*long))["customers"]
    assert 0 <= customer["risk"] <= 1
    assert customer["value"] >= 0


def test_the_list_is_ordered_by_what_there_is_to_lose(
    client: httpx.Client, scores: Scores, trained_company: Settings
) -> None:
    answer = answered(client, "/at_risk", {"most": 5})
    bounds = trained_company.list.model_dump() | {"most": 5}
    expected = scores.rows.iloc[Ranking.of(scores.rows).at_risk(**bounds)]

    assert len(answer["customers"]) == 5
    agree(answer["customers"], expected)
    losses = [customer["expected_loss"] for customer in answer["customers"]]
    assert losses == sorted(losses, reverse=True)
    assert is_told(answer["provenance"], scores.provenance)


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"top_share": 0.05},
        {"min_risk": 0.9},
        {"min_risk": 0, "top_share": 1, "most": 50},
        {"min_risk": 1, "most": 3},
    ],
)
def test_the_list_can_be_narrowed(
    client: httpx.Client, scores: Scores, trained_company: Settings, wanted: dict[str, float]
) -> None:
    answers = answered(client, "/at_risk", wanted)["customers"]
    bounds = trained_company.list.model_dump() | {"most": 20} | wanted
    expected = scores.rows["customer_id"].iloc[Ranking.of(scores.rows).at_risk(**bounds)]
    assert [answer["customer_id"] for answer in answers] == expected.tolist()
    assert all(answer["risk"] >= bounds["min_risk"] for answer in answers)


def test_the_list_needs_no_body(client: httpx.Client) -> None:
    assert client.post("/at_risk").json() == answered(client, "/at_risk", {})


def test_the_model_card_is_that_of_the_champion(
    client: httpx.Client, trained_company: Settings
) -> None:
    card = client.get("/model").json()
    champion = Champion.require(trained_company.registry)

    assert card["version"] == str(champion.version.number) == "1"
    assert datetime.fromisoformat(card["trained_as_of"]) == datetime(2025, 10, 1, tzinfo=UTC)
    assert card["training"] == champion.model.provenance.model_dump(mode="json")
    assert card["features"] == list(champion.model.risk.logistic.features)
    assert card["provenance"]["model_version"] == "1"
    assert card["metrics"] == champion.version.metrics
    assert card["metrics"]["auc_score"] > 0.7


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_is_told(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


MALFORMED = {
    "asks nothing": ({}, "give customer_ids, histories, rows"),
    "empty lists": ({"customer_ids": [], "histories": []}, "give customer_ids"),
    "unknown field": ({"customer_ids": ["a"], "limit": 3}, "Extra inputs are not permitted"),
    "the shape of before": ({"request": {"customer_ids": ["a"]}}, "not permitted"),
    "one id alone": ({"customer_ids": "a"}, "valid array"),
    "number as id": ({"customer_ids": [7]}, "valid string"),
    "too many ids": ({"customer_ids": ["a"] * (MOST_IDS + 1)}, f"at most {MOST_IDS}"),
    "too many histories": (
        {"histories": posted(PURCHASE)["histories"] * (MOST_HISTORIES + 1)},
        f"at most {MOST_HISTORIES}",
    ),
    "empty history": (posted(), "at least 1"),
    "no customer": ({"histories": [{"transactions": [PURCHASE]}]}, "required"),
    "no amount": (posted({"occurred_at": "2025-03-02T10:00:00Z"}), "required"),
    "NaN amount": (posted(PURCHASE | {"amount": float("nan")}), "finite number"),
    "infinite amount": (posted(PURCHASE | {"amount": float("inf")}), "finite number"),
    "too large to add up": (posted(PURCHASE | {"amount": -1.1e10}), "-10000000000"),
    "words as amount": (posted(PURCHASE | {"amount": "12 EUR"}), "valid number"),
    "naive time": (posted(PURCHASE | {"occurred_at": "2025-03-02T10:00:00"}), "timezone"),
    "a day only": (posted(PURCHASE | {"occurred_at": "2025-03-02"}), "timezone"),
    "no time at all": (posted(PURCHASE | {"occurred_at": "soon"}), "valid datetime"),
    "before all records": (posted(PURCHASE | {"occurred_at": "0001-01-01T00:00:00Z"}), "1900"),
    "the end of time": (posted(PURCHASE | {"occurred_at": "9999-12-31T23:59:59Z"}), "3000"),
    "another currency": (posted(PURCHASE | {"currency": "USD"}), "not permitted"),
    "unknown column": (posted(PURCHASE | {"shop": "Madrid"}), "not permitted"),
    "unknown table": ({"histories": [{"visits": []}]}, "not permitted"),
    "survey of no kind": (
        {"histories": [{"surveys": [{"asked_at": "2025-03-02T10:00:00Z"}]}]},
        "required",
    ),
    "naive cut-off": (posted(PURCHASE, cutoff="2025-03-02T10:00:00"), "timezone"),
    "cut-off with ids": (
        {"customer_ids": ["a"], "cutoff": "2025-03-02T10:00:00Z"},
        "cutoff is for histories",
    ),
}


@pytest.mark.parametrize(("body", "why"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_request_is_told_what_is_wrong(
    client: httpx.Client, body: dict[str, Any], why: str
) -> None:
    answer = client.post(
        "/score", content=json.dumps(body), headers={"content-type": "application/json"}
    )
    problem = refused(answer, 422)
    assert any(why in fault["what"] for fault in problem["faults"]), answer.text


@pytest.mark.parametrize(
    "body",
    [{"most": 0}, {"most": MOST_IDS + 1}, {"top_share": 0}, {"min_risk": 1.1}, {"minimum": 1}],
)
def test_a_malformed_wish_for_a_list_is_refused(
    client: httpx.Client, body: dict[str, float]
) -> None:
    answer = client.post("/at_risk", json=body)
    assert [fault["at"] for fault in refused(answer, 422)["faults"]] == list(body)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        (b'{"customer_ids": ["\\ud800"]}', 400),
        (b'{"customer_ids": ["a"', 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b'"a"', 422),
        (b"null", 422),
        (b'{"rows": {"columns": ["T"], "data": [[NaN]]}}', 422),
        (b'{"rows": {"columns": ["T"], "data": [[1e999]]}}', 422),
    ],
)
def test_what_is_no_object_of_json_is_refused(
    client: httpx.Client, content: bytes, status: int
) -> None:
    answer = client.post("/score", content=content, headers={"content-type": "application/json"})
    refused(answer, status)


@pytest.mark.parametrize(
    "kind",
    [
        *("text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"),
        *("application/vnd.bentoml+pickle", "application/json; charset=latin-1", ""),
    ],
)
def test_only_json_is_read(client: httpx.Client, kind: str) -> None:
    answer = client.post("/score", content=b"cos\nsystem\n", headers={"content-type": kind})
    refused(answer, 415)


def test_a_body_may_not_be_too_large(client: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:  # sent without its length
        yield from [b" " * 1_000_000] * 9

    for content in (b" " * 8_000_001, pieces()):
        kind = {"content-type": "application/json"}
        refused(client.post("/score", content=content, headers=kind), 413)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/score", 405), ("DELETE", "/model", 405), ("GET", "/nothing/here", 404)],
)
def test_other_ways_and_places_are_told_as_such(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    refused(client.request(method, path), status)


def test_a_fault_of_many_is_told_by_ten(client: httpx.Client) -> None:
    rows = [PURCHASE | {"amount": "x"}] * 50
    problem = refused(client.post("/score", json=posted(*rows)), 422)
    assert len(problem["faults"]) == 10
    assert problem["faults"][0]["at"] == "histories.0.transactions.0.amount"
    assert "40 more" in problem["detail"]


def test_customers_are_not_named_in_log_and_metrics(
    service: Running, client: httpx.Client, scores: Scores, tables: Mapping[str, pd.DataFrame]
) -> None:
    customer_id = scores.rows["customer_id"].iloc[0]
    own = history(tables, customer_id)
    for body in (
        {"customer_ids": [customer_id]},
        {"customer_ids": customer_id},
        {customer_id: 1},
        {"histories": [own]},
        {"histories": [own | {"transactions": []}]},
        {"histories": [own | {"transactions": [PURCHASE | {"amount": customer_id}]}]},
        {"histories": [own | {"transactions": customer_id}]},
    ):
        client.post("/score", json=body, headers={"x-request-id": customer_id})
    client.post("/score", content=f'{{"customer_ids": ["{customer_id}"'.encode())
    client.post("/at_risk", json={"most": customer_id})
    client.post("/customer", json={"customer_id": customer_id})
    client.post("/explain", json={"customer_ids": [customer_id]})
    client.get(f"/{customer_id}")

    log = service.log.read_text()
    assert log.count('"operation":"score"') >= 8  # so what was asked is in there
    for told in (log, client.get("/metrics").text):
        assert re.findall(r"cus-\w+", told) == []


@pytest.fixture(scope="module")
def docs(client: httpx.Client) -> dict[str, Any]:
    read: dict[str, Any] = client.get("/openapi.json").json()
    return read


def described(schema: dict[str, Any]) -> dict[str, str]:
    return {name: field.get("description", "") for name, field in schema["properties"].items()}


def test_the_documentation_tells_every_figure_with_its_unit(docs: dict[str, Any]) -> None:
    told = described(docs["components"]["schemas"]["CustomerScore"])
    assert set(told) == TOLD
    assert all(told.values())
    money = ("value", "value_at_stake", "expected_loss", "expected_spend")
    assert all("in the currency" in told[name] for name in money)
    assert "probability" in told["risk"]
    assert "days" in told["expected_purchases"]


@pytest.mark.parametrize(
    "path",
    ["/score", "/explain", "/at_risk", "/customer", "/decide", "/records", "/outcomes", "/forget"],
)
def test_the_documentation_tells_what_may_be_asked(docs: dict[str, Any], path: str) -> None:
    asked = docs["paths"][path]["post"]
    assert asked["summary"]
    assert asked["description"]
    content = asked["requestBody"]["content"]["application/json"]
    schema = docs["components"]["schemas"][content["schema"]["$ref"].rsplit("/", 1)[-1]]
    assert all(described(schema).values())
    assert content["examples"]


@pytest.mark.parametrize(
    "name",
    [
        *("Transaction", "Survey", "Ticket", "Contact", "Referral", "Offer", "ReferredPurchase"),
        *("History", "Provenance", "Definitions", "Reason", "FeatureRows", "ProblemDetails"),
    ],
)
def test_the_documentation_explains_its_parts(docs: dict[str, Any], name: str) -> None:
    told = described(docs["components"]["schemas"][name])
    assert [field for field, text in told.items() if not text and field != "provenance"] == []


def test_pages_may_not_load_anything(client: httpx.Client) -> None:
    for path in ("/", "/openapi.json"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
    page = client.get("/").text
    assert "<script" not in page
    assert "src=" not in page
    assert "default-src 'none'" in POLICY


def test_the_page_tells_every_operation_with_an_example(
    client: httpx.Client, docs: dict[str, Any]
) -> None:
    page = client.get("/").text
    assert set(docs["paths"]) == {
        *("/score", "/explain", "/at_risk", "/customer", "/decide", "/model"),
        *("/records", "/outcomes", "/forget"),
    }
    assert all(f"localhost:3000{path}" in page for path in docs["paths"])


def test_the_examples_of_the_documentation_are_answered(
    client: httpx.Client, docs: dict[str, Any]
) -> None:
    for path, methods in docs["paths"].items():
        for asked in methods.values():
            content = asked.get("requestBody", {}).get("content", {}).get("application/json", {})
            for example in content.get("examples", {}).values():
                answered(client, path, example["value"])


def test_pages_from_elsewhere_may_not_ask(client: httpx.Client) -> None:
    asks = {"origin": "https://example.org", "access-control-request-method": "POST"}
    preflight = client.options("/score", headers=asks)
    assert preflight.status_code == 405
    refused(client.get("/model", headers={"host": "example.org"}), 403)
    for answer in (preflight, client.get("/model", headers=asks)):
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_rows_of_features_get_the_figures_of_the_scores(
    client: httpx.Client, scores: Scores, trained_company: Settings
) -> None:
    store, model = Store(trained_company.data), Champion.require(trained_company.registry).model
    rows = snapshot.take(
        store.records(themes=model.themes),
        [scores.provenance.cutoff],
        trained_company.features,
        has=store.has,
        themes=model.themes,
    ).rows.set_index("customer_id")
    for size in (1, 200):
        chosen = scores.rows.sample(size, random_state=1)
        asked = rows.loc[chosen["customer_id"], list(model.risk.logistic.features)]
        data = asked.astype(object).where(asked.notna(), None).to_numpy().tolist()
        body = {"rows": {"columns": list(asked), "data": data}}
        for only in ({}, {"figures": ["risk"]}, {"figures": ["reason", "value", "risk"]}):
            told = answered(client, "/score", {**body, **only})["rows"]
            assert {*told["columns"]} == {*only.get("figures", FIGURES)} - {"reason"}
            expected = chosen[told["columns"]].to_numpy(float)
            assert np.array(told["data"], dtype=float) == pytest.approx(
                expected, rel=1e-6, abs=1e-6, nan_ok=True
            )


ROW = {"frequency": 3, "recency": 120, "T": 150, "monetary_value": 41.5}


def row_of(**features: Any) -> dict[str, Any]:
    return {"rows": {"columns": [*features], "data": [[*features.values()]]}}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (row_of(**ROW, mood=1), "no features of this model"),
        (row_of(frequency=1), "recency, T, monetary_value are missing"),
        (row_of(**ROW | {"recency": 500}), "impossible"),
        (row_of(**ROW | {"T": None}), "impossible"),
        ({"rows": {"columns": [*ROW, "T"], "data": [[3, 120, 150, 41.5, 1]]}}, "named twice"),
        ({"rows": {"columns": [*ROW], "data": [[3, 120, 150, 41.5], [1]]}}, "needs 4 numbers"),
        (row_of(**ROW) | {"figures": ["reason"]}, "rows have neither"),
        (row_of(**ROW) | {"figures": []}, "at least 1 item"),
        (row_of(**ROW) | {"figures": ["mood"]}, "'risk', 'value'"),
    ],
)
def test_rows_that_no_model_can_use_are_refused(
    client: httpx.Client, body: dict[str, Any], why: str
) -> None:
    assert why in refused(client.post("/score", json=body), 422)["detail"]


def test_reasons_add_up_to_the_risk(
    client: httpx.Client, scores: Scores, tables: Mapping[str, pd.DataFrame]
) -> None:
    asked = scores.rows["customer_id"].sample(5, random_state=3).tolist()
    body = {"customer_ids": [*asked, "nobody"], "histories": [history(tables, asked[0])]}
    told = answered(client, "/explain", body)["customers"]

    assert [each["customer_id"] for each in told] == [*asked, "nobody", asked[0]]
    assert (told[5]["known"], told[5]["reasons"]) == (False, [])
    rows = scores.rows.set_index("customer_id")
    for each in (*told[:5], told[6]):
        points = [reason["points"] for reason in each["reasons"]]
        assert points == sorted(points, reverse=True)
        assert each["base_risk"] + sum(points) == pytest.approx(each["risk"], abs=1e-9)
        assert each["risk"] == pytest.approx(rows.loc[each["customer_id"], "risk"], abs=1e-6)
    assert [each["driver"] for each in told[6]["reasons"]] == [
        each["driver"] for each in told[0]["reasons"]
    ]


def test_all_there_is_to_say_of_one_customer(client: httpx.Client, scores: Scores) -> None:
    row = scores.rows.iloc[11]
    told = answered(client, "/customer", {"customer_id": row["customer_id"]})
    assert told["score"]["risk"] == row["risk"]
    assert told["explanation"]["risk"] == pytest.approx(row["risk"], abs=1e-6)
    assert told["features"]["frequency"] == row["frequency"]
    assert told["features"]["silence"] == pytest.approx(row["silence"])

    nobody = answered(client, "/customer", {"customer_id": "nobody"})
    assert (nobody["score"]["known"], nobody["explanation"]["known"]) == (False, False)
    assert set(nobody["features"].values()) == {None}


def test_meters_know_operations_and_no_made_up_paths(client: httpx.Client) -> None:
    answered(client, "/score", {"customer_ids": ["a", "b"]})
    for i in range(5):
        client.get(f"/made/up/{i}")
    told = client.get("/metrics").text
    assert 'querencia_requests_total{operation="score",status="200"}' in told
    assert 'operation="unknown",status="404"' in told
    assert "made" not in told
    assert "querencia_model_version 1.0" in told
    assert 'querencia_age_days{of="scores"}' in told


def test_a_request_is_known_by_an_id(service: Running, client: httpx.Client) -> None:
    own = "0123456789abcdef"
    assert client.get("/model", headers={"x-request-id": own}).headers["x-request-id"] == own
    made = client.get("/model").headers["x-request-id"]
    assert own != made
    until = time.monotonic() + 10  # the line is written after the answer
    while f'"id":"{made}"' not in service.log.read_text() and time.monotonic() < until:
        time.sleep(0.05)
    assert f'"id":"{made}"' in service.log.read_text()


PURCHASES = [
    {
        "transaction_id": f"sent-{i}",
        "customer_id": "cus-sent",
        "occurred_at": "2025-09-30T10:00:00Z",
        "amount": amount,
    }
    for i, amount in enumerate((20, "21,50", 22))
]


def take_in(own: Settings) -> None:
    """Take in what was sent, as soon as the service has removed whom it was to forget."""
    until = time.monotonic() + 60
    while True:
        try:
            jobs.check(own, {}, lambda _: None, append=True)
            return
        except QuerenciaError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def test_records_are_kept_once_however_often_they_are_sent(
    client: httpx.Client, own: Settings
) -> None:
    sent = {"transactions": PURCHASES}
    key = {"idempotency-key": "order-17"}
    first, again = (client.post("/records", json=sent, headers=key).json() for _ in range(2))
    assert (first["accepted"], first["unchanged"]) == (2, 0)
    assert first["refused"] == [
        {"table": "transactions", "row": 1, "reasons": ["amount is not an amount"]}
    ]
    assert is_told(first["provenance"], ScoreFile(own.data).read().provenance)
    assert {**again, "provenance": 0} == {**first, "provenance": 0}
    other = answered(client, "/records", sent)
    assert (other["accepted"], other["unchanged"], len(other["refused"])) == (0, 2, 1)
    refused(client.post("/records", json={"transactions": PURCHASES[:1]}, headers=key), 422)

    take_in(own)
    rows = pd.read_parquet(Store(own.data).path("transactions"))
    assert (rows["customer_id"] == "cus-sent").sum() == 2
    assert answered(client, "/records", {"transactions": PURCHASES[:1]})["unchanged"] == 1


def test_a_customer_who_is_forgotten_is_answered_for_no_more(
    client: httpx.Client, own: Settings, scores: Scores
) -> None:
    bought = pd.read_parquet(Store(own.data).path("transactions")).groupby("customer_id")
    gone = bought["occurred_at"].min().drop(scores.rows["customer_id"][:100]).idxmin()
    told = answered(client, "/forget", {"customer_id": gone})
    assert is_told(told["provenance"], scores.provenance)
    (customer,) = answered(client, "/score", {"customer_ids": [gone]})["customers"]
    assert not customer["known"]
    deadline = time.monotonic() + 60
    while told["state"] == "removing" and time.monotonic() < deadline:
        time.sleep(0.2)
        told = answered(client, "/forget", {"customer_id": gone})
    assert (told["state"], told["versions"]) == ("removed", [1])
    assert told["removed"]["records/transactions"] > 0
    assert gone not in ScoreFile(own.data).read().rows["customer_id"].tolist()
    again = PURCHASES[0] | {"customer_id": gone, "transaction_id": "again"}
    assert answered(client, "/records", {"transactions": [again]})["refused"] == [
        {"table": "transactions", "row": 0, "reasons": ["erased"]}
    ]


def test_the_client_of_the_documentation_works(service: Running, scores: Scores) -> None:
    page = (Path(__file__).parents[2] / "docs" / "http.md").read_text("utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(snippet.splitlines()) <= 24
    known: dict[str, Any] = {}
    local = snippet.replace("http://localhost:3000", f"http://{service.host}:{service.port}")
    exec(local.replace("c-1", scores.rows["customer_id"].iloc[0]), known)  # noqa: S102
    assert known["answer"]["customers"][0]["known"]
    assert known["problem"]["status"] == 422


def test_examples_agree_with_what_they_are_examples_of(docs: dict[str, Any]) -> None:
    for path, methods in docs["paths"].items():
        for operation in methods.values():
            asked = operation.get("requestBody", {"content": {}})
            told = operation["responses"]["200"]
            for content in (*asked["content"].values(), *told["content"].values()):
                check = Draft202012Validator(content["schema"] | {"components": docs["components"]})
                assert content["examples"], path
                for example in content["examples"].values():
                    check.validate(example["value"])
