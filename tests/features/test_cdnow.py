"""CDNOW has the published size, and its frequency, recency and T are the literature's."""

from datetime import UTC, datetime
from importlib.metadata import distribution
from pathlib import Path

import pandas as pd
import pytest

from features import cdnow, snapshot
from features.intake import take_in
from features.records import CONTRACTS
from features.settings import FeatureSettings
from features.sources import Source
from features.store import Store

CUTOFF = datetime(1997, 10, 1, tzinfo=UTC)
END = pd.Timestamp("1997-09-30", tz="UTC")
DATASETS = Path(str(distribution("lifetimes").locate_file("lifetimes/datasets")))


@pytest.fixture(scope="module")
def transactions() -> pd.DataFrame:
    return cdnow.transactions()


@pytest.fixture(scope="module")
def rows(transactions: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The snapshot 39 weeks after the first purchases, by customer."""
    folder = tmp_path_factory.mktemp("cdnow")
    transactions.to_parquet(folder / "cdnow.parquet")
    settings = FeatureSettings(currency=cdnow.CURRENCY, horizon_days=273)
    intake = take_in(Source(folder / "cdnow.parquet"), CONTRACTS["transactions"], folder, settings)
    assert intake.kept == len(transactions)
    store = Store(folder)
    taken = snapshot.take(
        store.records(customers_at_once=5_000),
        [CUTOFF],
        settings,
        has=store.has,
        observed_until=datetime(1998, 7, 1, tzinfo=UTC),
    )
    return taken.rows.set_index("customer_id").sort_index()


def test_it_has_the_published_size(transactions: pd.DataFrame) -> None:
    assert transactions["customer_id"].nunique() == 23_570
    assert len(transactions) == 69_659
    assert transactions["amount"].sum() == pytest.approx(2_500_315.63, abs=0.005)
    assert transactions["transaction_id"].is_unique
    days = transactions["occurred_at"]
    assert (days.min(), days.max()) == tuple(pd.to_datetime(["1997-01-01", "1998-06-30"], utc=True))


def test_frequency_recency_and_age_equal_a_plain_calculation(
    rows: pd.DataFrame, transactions: pd.DataFrame
) -> None:
    calibration = transactions[transactions["occurred_at"] <= END]
    days = calibration.groupby("customer_id")["occurred_at"].agg(["nunique", "min", "max"])
    expected = pd.DataFrame(
        {
            "frequency": days["nunique"] - 1,
            "recency": (days["max"] - days["min"]).dt.days,
            "T": (END - days["min"]).dt.days,
        }
    ).astype(float)
    assert len(rows) == 23_570
    pd.testing.assert_frame_equal(
        rows[["frequency", "recency", "T"]], expected, check_index_type=False
    )


def test_the_sample_equals_the_published_summary(rows: pd.DataFrame) -> None:
    """The 1/10 sample of Fader, Hardie & Lee (2005), in weeks of two decimals."""
    sample = pd.read_csv(
        DATASETS / "CDNOW_sample.txt",
        sep=r"\s+",
        names=["customer_id", "ID", "day", "items", "dollars"],
        dtype={"customer_id": str},
    )
    published = pd.read_csv(DATASETS / "cdnow_customers_summary.csv")
    ids = sample[["customer_id", "ID"]].drop_duplicates().merge(published, on="ID")
    assert len(ids) == 2_357
    found = rows.loc[ids["customer_id"]]
    assert found["frequency"].tolist() == ids["frequency"].tolist()
    assert (found["recency"] / 7).tolist() == pytest.approx(ids["recency"].tolist(), abs=0.0051)
    assert (found["T"] / 7).tolist() == pytest.approx(ids["T"].tolist(), abs=0.0051)


def test_what_came_after_equals_a_plain_calculation(
    rows: pd.DataFrame, transactions: pd.DataFrame
) -> None:
    holdout = transactions[transactions["occurred_at"] > END].groupby("customer_id")
    days = holdout["occurred_at"].nunique().reindex(rows.index, fill_value=0)
    spend = holdout["amount"].sum().reindex(rows.index, fill_value=0)
    assert rows["purchase_days_ahead"].tolist() == days.tolist()
    assert rows["spend_ahead"].to_numpy() == pytest.approx(spend.to_numpy(), abs=1e-9)
    assert rows["churned"].tolist() == (days == 0).tolist()
