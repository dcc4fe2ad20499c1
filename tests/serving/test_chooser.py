"""Lists are decided on once, and again when anything changed that they rest on."""

import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import QuerenciaError
from features.store import Store
from serving.batch import ScoreFile
from serving.chooser import KEPT, Chooser
from serving.settings import Settings

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def chooser(trained_company: Settings, tmp_path: Path) -> Chooser:
    """Over the company in a data folder of its own."""
    shutil.copytree(trained_company.data, tmp_path / "data")
    own = trained_company.model_copy(update={"data": tmp_path / "data"})
    scores = ScoreFile(own.data).read()
    return Chooser(own, scores.provenance, scores.rows)


def test_the_same_limits_are_decided_on_once_and_others_apart(chooser: Chooser) -> None:
    limits = chooser.settings.campaign
    first = chooser.choose(limits)
    assert chooser.choose(limits) is first
    other = chooser.choose(limits.but(budget=limits.budget / 4))
    assert 0 < len(other.rows) < len(first.rows)
    for budget in range(KEPT - 1):
        chooser.choose(limits.but(budget=float(budget)))
    assert chooser.choose(limits) is not first


def test_who_was_contacted_since_is_on_the_list_no_more(chooser: Chooser) -> None:
    limits = chooser.settings.campaign
    before = chooser.choose(limits)
    customer = before.rows["customer_id"].iloc[0]
    path = Store(chooser.settings.data).path("offers")
    offers = pq.read_table(path)
    new = offers.slice(0, 1).to_pylist()[0] | {
        "offer_id": "new",
        "customer_id": customer,
        "decided_at": pd.Timestamp(chooser.origin.cutoff),
        "arm": "call",
    }
    pq.write_table(pa.concat_tables([offers, pa.Table.from_pylist([new], offers.schema)]), path)
    after = chooser.choose(limits)
    assert customer in chooser.touches.tired
    assert customer not in after.places
    assert len(after.rows) > 0


def test_customers_are_marked_in_the_order_of_the_scores(chooser: Chooser) -> None:
    segment, driver = chooser.segments[0], chooser.rows["driver"].mode()[0]
    marked = chooser.rows[chooser.only(segment=segment, driver=driver)]
    known = pd.read_parquet(Store(chooser.settings.data).path("customers"))
    of = known.set_index("customer_id")["segment"].reindex(chooser.rows["customer_id"])
    wanted = (of == segment).to_numpy() & (chooser.rows["driver"] == driver).to_numpy()
    assert marked["customer_id"].tolist() == chooser.rows["customer_id"][wanted].tolist()
    assert chooser.only().all()
    with pytest.raises(QuerenciaError, match="segment moon"):
        chooser.only(segment="moon")
