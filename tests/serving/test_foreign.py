"""Histories in files get the scores that the same histories get among the records, or posted."""

import json
from pathlib import Path

import pandas as pd
import pytest

from features.errors import QuerenciaError
from features.sources import Source
from features.store import Store
from querencia import jobs
from serving.batch import ScoreFile
from serving.foreign import score_files
from serving.http import answers
from serving.http.asked import ScoreRequest
from serving.settings import Settings
from serving.watch import Watch
from training.champion import Champion
from training.scoring import FIGURES

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def champion(trained_company: Settings) -> Champion:
    return Champion.require(trained_company.registry)


def test_the_same_tables_give_the_same_scores(trained_company: Settings, tmp_path: Path) -> None:
    store = Store(trained_company.data)
    tables = ("transactions", "surveys", "tickets", "contacts", "referrals", "offers", "customers")
    paths = {table: store.path(table) for table in tables}
    target = tmp_path / "scores.parquet"
    scores, intakes = jobs.score_files(trained_company, paths, target, lambda _: None)

    expected = ScoreFile(trained_company.data).read()
    assert scores.provenance == expected.provenance
    assert {intake.table for intake in intakes} == set(tables)
    written = pd.read_parquet(target)
    both = written.merge(expected.rows, on="customer_id", suffixes=("", "_expected"))
    assert len(both) == len(written) == len(expected.rows)
    for name in FIGURES:
        told, known = both[name].to_numpy(), both[f"{name}_expected"].to_numpy()
        assert told == pytest.approx(known, rel=1e-9, abs=1e-9, nan_ok=True), name


def test_purchases_alone_are_scored_as_when_posted(
    trained_company: Settings, champion: Champion, tmp_path: Path
) -> None:
    sold = pd.read_parquet(Store(trained_company.data).path("transactions"))
    asked = sold["customer_id"].drop_duplicates().iloc[:40]
    mine = sold[sold["customer_id"].isin(asked)][["customer_id", "occurred_at", "amount"]]
    mine.to_csv(tmp_path / "orders.csv", index=False)
    sources = {"transactions": Source(tmp_path / "orders.csv")}
    scores, _ = score_files(sources, champion, trained_company.features)

    histories = [
        {
            "customer_id": customer_id,
            "transactions": [
                {"occurred_at": at.isoformat(), "amount": amount}
                for at, amount in zip(rows["occurred_at"], rows["amount"], strict=True)
            ],
        }
        for customer_id, rows in mine.groupby("customer_id")
    ]
    request = {"histories": histories, "cutoff": scores.provenance.cutoff}
    edition = Watch(trained_company).edition
    answer = json.loads(answers.score(edition, ScoreRequest.model_validate(request)))
    posted = pd.DataFrame(answer["customers"]).query("known").set_index("customer_id")
    rows = scores.rows.set_index("customer_id").loc[posted.index]
    assert len(rows) == len(scores.rows) > 30
    for name in ("risk", "value", "expected_spend"):
        assert rows[name].tolist() == pytest.approx(posted[name].tolist(), rel=1e-6, abs=1e-6)


def test_without_purchases_nobody_is_scored(
    trained_company: Settings, champion: Champion, tmp_path: Path
) -> None:
    with pytest.raises(QuerenciaError, match="without purchases"):
        score_files({"surveys": Source(tmp_path)}, champion, trained_company.features)
