"""The service as its clients meet it: one real process, asked over HTTP."""

import json
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features import snapshot
from features.store import Store
from querencia import server
from querencia.server import Running
from serving import words
from serving.batch import ScoreFile
from serving.decisions import at_risk
from serving.discretion import POLICY
from serving.settings import Settings
from training.champion import Champion
from training.scoring import Scores, score

pytestmark = pytest.mark.timeout(120)

MOST_IDS, MOST_HISTORIES = 10_000, 1_000
FIGURES = (
    *("risk", "value", "value_at_stake", "expected_loss"),
    *("expected_purchases", "expected_spend"),
)
TOLD = {"customer_id", "known", *FIGURES, "next_purchase_at", "reason"}
PURCHASE = {"occurred_at": "1998-03-02T10:00:00Z", "amount": 12.5}


@pytest.fixture(scope="module")
def service(trained: Settings) -> Iterator[Running]:
    with server.running(QUERENCIA_CONFIG=str(trained.data.parent / "querencia.toml")) as running:
        yield running


@pytest.fixture(scope="module")
def client(service: Running) -> Iterator[httpx.Client]:
    url = f"http://{service.host}:{service.port}"
    with httpx.Client(base_url=url, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def scores(trained: Settings) -> Scores:
    return ScoreFile(trained.data).read()


@pytest.fixture(scope="module")
def transactions(trained: Settings) -> pd.DataFrame:
    return pq.read_table(Store(trained.data).path("transactions")).to_pandas()


def history(transactions: pd.DataFrame, customer_id: str) -> dict[str, Any]:
    """Everything a customer bought, as a client posts it: in any order, in any time zone."""
    own = transactions[transactions["customer_id"] == customer_id]
    times = own["occurred_at"].dt.tz_convert("America/New_York")
    posted = [
        {"occurred_at": time.isoformat(), "amount": amount}
        for time, amount in zip(times, own["amount"], strict=True)
    ]
    random.Random(0).shuffle(posted)  # noqa: S311 - an order, not a secret
    return {"customer_id": customer_id, "transactions": posted}


def posted(*transactions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"histories": [{"customer_id": "posted", "transactions": transactions}], **more}


def answered(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


def agree(customers: list[dict[str, Any]], rows: pd.DataFrame) -> None:
    """Every figure of the answer is that of the scores, to 1e-9."""
    assert [customer["customer_id"] for customer in customers] == rows["customer_id"].tolist()
    for name in FIGURES:
        told = [customer[name] for customer in customers]
        assert told == pytest.approx(rows[name].tolist(), rel=1e-9, abs=1e-9), name
    due = pd.to_datetime([customer["next_purchase_at"] for customer in customers], utc=True)
    assert due.equals(pd.DatetimeIndex(rows["next_purchase_at"]).as_unit(due.unit))
    assert [customer["reason"] for customer in customers] == words.reasons(rows)


def test_customers_are_scored_by_id(client: httpx.Client, scores: Scores) -> None:
    rows = scores.rows.sample(50, random_state=0)
    answer = answered(client, "/score", {"customer_ids": rows["customer_id"].tolist()})

    agree(answer["customers"], rows)
    assert all(customer["known"] for customer in answer["customers"])
    assert answer["provenance"] == scores.provenance.model_dump(mode="json")


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
    client: httpx.Client, scores: Scores, transactions: pd.DataFrame
) -> None:
    once, often = (scores.rows["frequency"] == 0), (scores.rows["frequency"] > 0)
    rows = pd.concat([scores.rows[once].head(10), scores.rows[often].head(40)])
    histories = [history(transactions, customer_id) for customer_id in rows["customer_id"]]
    answer = answered(client, "/score", {"histories": histories})

    agree(answer["customers"], rows)
    assert answer["provenance"] == scores.provenance.model_dump(mode="json")


def test_ids_and_histories_may_be_asked_together(
    client: httpx.Client, scores: Scores, transactions: pd.DataFrame
) -> None:
    customer_id = scores.rows["customer_id"].iloc[7]
    body = {"customer_ids": [customer_id], "histories": [history(transactions, customer_id)]}
    by_id, by_history = answered(client, "/score", body)["customers"]
    assert by_id["risk"] == pytest.approx(by_history["risk"], abs=1e-9)
    assert by_id["reason"] == by_history["reason"]


def test_a_cutoff_is_where_histories_are_looked_back_from(
    client: httpx.Client, trained: Settings, transactions: pd.DataFrame
) -> None:
    cutoff = datetime(1998, 2, 1, 12, tzinfo=UTC)
    rows = snapshot.take(
        Store(trained.data).records(), [cutoff], trained.features, observed_until=cutoff
    )
    expected = score(Champion.require(trained.registry).model, rows).rows.tail(20)
    histories = [history(transactions, customer_id) for customer_id in expected["customer_id"]]
    answer = answered(
        client, "/score", {"histories": histories, "cutoff": "1998-02-01T07:00:00-05:00"}
    )

    agree(answer["customers"], expected)
    assert [datetime.fromisoformat(at) for at in answer["provenance"]["cutoffs"]] == [cutoff]


def test_nothing_after_the_cutoff_counts(client: httpx.Client) -> None:
    later = {"occurred_at": "1998-05-01T00:00:00Z", "amount": 1000}
    cutoff = "1998-05-01T00:00:00Z"
    without, with_later = (
        answered(client, "/score", posted(*bought, cutoff=cutoff))["customers"]
        for bought in ([PURCHASE], [PURCHASE, later])
    )
    assert without == with_later


@pytest.mark.parametrize(
    "body",
    [
        posted(PURCHASE, cutoff="1998-03-02T10:00:00Z"),
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
    client: httpx.Client, scores: Scores, trained: Settings
) -> None:
    answer = answered(client, "/at_risk", {"most": 5})
    expected = at_risk(scores.rows, **trained.list.model_dump() | {"most": 5})

    assert len(answer["customers"]) == 5
    agree(answer["customers"], expected)
    losses = [customer["expected_loss"] for customer in answer["customers"]]
    assert losses == sorted(losses, reverse=True)
    assert answer["provenance"] == scores.provenance.model_dump(mode="json")


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
    client: httpx.Client, scores: Scores, trained: Settings, wanted: dict[str, float]
) -> None:
    answers = answered(client, "/at_risk", wanted)["customers"]
    bounds = trained.list.model_dump() | {"most": 20} | wanted
    assert [answer["customer_id"] for answer in answers] == at_risk(scores.rows, **bounds)[
        "customer_id"
    ].tolist()
    assert all(answer["risk"] >= bounds["min_risk"] for answer in answers)


def test_the_list_needs_no_body(client: httpx.Client) -> None:
    assert client.post("/at_risk").json() == answered(client, "/at_risk", {})


def test_the_model_card_is_that_of_the_champion(client: httpx.Client, trained: Settings) -> None:
    card = answered(client, "/model", {})
    champion = Champion.require(trained.registry)

    assert card["version"] == str(champion.version.number) == "1"
    assert datetime.fromisoformat(card["trained_as_of"]) == datetime(1998, 4, 1, tzinfo=UTC)
    assert card["provenance"] == champion.model.provenance.model_dump(mode="json")
    assert card["metrics"] == champion.version.metrics
    assert card["metrics"]["auc_score"] > 0.7


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_is_told(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


MALFORMED = {
    "asks nothing": ({}, "give customer_ids, histories, or both"),
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
    "no amount": (posted({"occurred_at": "1998-03-02T10:00:00Z"}), "required"),
    "NaN amount": (posted(PURCHASE | {"amount": float("nan")}), "finite number"),
    "infinite amount": (posted(PURCHASE | {"amount": float("inf")}), "finite number"),
    "too large to add up": (posted(PURCHASE | {"amount": -1.1e10}), "-10000000000"),
    "words as amount": (posted(PURCHASE | {"amount": "12 EUR"}), "valid number"),
    "naive time": (posted(PURCHASE | {"occurred_at": "1998-03-02T10:00:00"}), "timezone"),
    "a day only": (posted(PURCHASE | {"occurred_at": "1998-03-02"}), "timezone"),
    "no time at all": (posted(PURCHASE | {"occurred_at": "soon"}), "valid datetime"),
    "before all records": (posted(PURCHASE | {"occurred_at": "0001-01-01T00:00:00Z"}), "1900"),
    "the end of time": (posted(PURCHASE | {"occurred_at": "9999-12-31T23:59:59Z"}), "3000"),
    "unknown column": (posted(PURCHASE | {"currency": "USD"}), "not permitted"),
    "naive cut-off": (posted(PURCHASE, cutoff="1998-03-02T10:00:00"), "timezone"),
    "cut-off with ids": (
        {"customer_ids": ["a"], "cutoff": "1998-03-02T10:00:00Z"},
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
    assert 400 <= answer.status_code < 500
    assert any(why in fault["msg"] for fault in answer.json()["detail"]), answer.text


@pytest.mark.parametrize(
    "body",
    [{"most": 0}, {"most": MOST_IDS + 1}, {"top_share": 0}, {"min_risk": 1.1}, {"minimum": 1}],
)
def test_a_malformed_wish_for_a_list_is_refused(
    client: httpx.Client, body: dict[str, float]
) -> None:
    answer = client.post("/at_risk", json=body)
    assert answer.status_code == 400
    assert answer.json()["detail"][0]["loc"] == list(body)


@pytest.mark.parametrize("content", [b"{", b"[]", b'"a"', b"null", b"\xff"])
def test_what_is_no_json_object_is_refused(client: httpx.Client, content: bytes) -> None:
    answer = client.post("/score", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 400


def test_a_pickle_is_never_opened(client: httpx.Client) -> None:
    opens = b"cos\nsystem\n(S'exit 1'\ntR."
    kind = {"content-type": "application/vnd.bentoml+pickle"}
    assert client.post("/score", content=opens, headers=kind).status_code == 415


def test_customers_are_not_named_in_the_log(
    service: Running, client: httpx.Client, scores: Scores, transactions: pd.DataFrame
) -> None:
    customer_id = scores.rows["customer_id"].iloc[0]
    own = history(transactions, customer_id)
    for body in (
        {"customer_ids": [customer_id]},
        {"customer_ids": customer_id},
        {customer_id: 1},
        {"histories": [own]},
        {"histories": [own | {"transactions": []}]},
        {"histories": [own | {"transactions": [PURCHASE | {"amount": customer_id}]}]},
        {"histories": [own | {"transactions": customer_id}]},
    ):
        client.post("/score", json=body)
    client.post("/score", content=f'{{"customer_ids": ["{customer_id}"'.encode())
    client.post("/at_risk", json={"most": customer_id})
    client.post("/at_risk", json={"most": 10})

    log = service.log.read_text()
    assert len(re.findall(r"path=/score.*status=400", log)) >= 6  # so what was asked is in there
    assert re.findall(r"customer-\w+", log) == []


@pytest.fixture(scope="module")
def docs(client: httpx.Client) -> dict[str, Any]:
    read: dict[str, Any] = client.get("/docs.json").json()
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


@pytest.mark.parametrize("path", ["/score", "/at_risk"])
def test_the_documentation_tells_what_may_be_asked(docs: dict[str, Any], path: str) -> None:
    asked = docs["paths"][path]["post"]
    assert asked["description"]
    schema = asked["requestBody"]["content"]["application/json"]["schema"]
    assert "request" not in schema["properties"]
    assert all(described(schema).values())


@pytest.mark.parametrize("name", ["Transaction", "History", "Provenance", "ModelCardIODescriptor"])
def test_the_documentation_explains_its_parts(docs: dict[str, Any], name: str) -> None:
    told = described(docs["components"]["schemas"][name])
    assert [field for field, text in told.items() if not text and field != "provenance"] == []


def test_pages_may_not_load_anything_from_elsewhere(client: httpx.Client) -> None:
    for path in ("/", "/docs.json", "/static_content/swagger-ui.css"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-security-policy"] == POLICY
    assert "default-src 'self'" in POLICY
    assert "script-src" not in POLICY
