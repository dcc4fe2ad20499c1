"""Jobs that make features, models and scores."""

from pathlib import Path

import pandas as pd
import pytest

from features import snapshot
from features.errors import QuerenciaError
from features.labels import LABELS
from features.provenance import DefinitionError
from features.store import Store
from querencia import jobs
from serving.batch import ScoreFile
from serving.settings import Settings, load
from tests.querencia.jobs.orders import MONTHS, hush, purchases
from training.retrain import lay_plan

pytestmark = pytest.mark.usefixtures("workplace")


def test_a_training_speaks_the_language_of_the_settings() -> None:
    jobs.check(load(), {"transactions": purchases(["a", "b"], MONTHS)}, hush)
    with pytest.raises(QuerenciaError, match="2 clientes compraron en más de un día"):
        jobs.train(load(language="es"), hush)


def test_features_are_written_for_every_cutoff_with_their_labels(mine: Settings) -> None:
    said: list[str] = []
    rows = pd.read_parquet(jobs.features(mine, said.append))

    plan = lay_plan(Store(mine.data), mine.features)
    assert said == ["features of every customer at 5 cut-offs"]
    assert rows.columns.tolist() == [
        *("customer_id", "cutoff"),
        *(feature.name for feature in snapshot.present(Store(mine.data).has)),
        *("winter", "spring"),
        *LABELS,
    ]
    assert rows["cutoff"].drop_duplicates().tolist() == [
        *plan.training,
        plan.evaluation,
        plan.scoring,
    ]
    closed = rows["cutoff"] < pd.Timestamp(plan.scoring)
    assert rows.loc[closed, "churned"].notna().all()
    assert rows.loc[~closed, "churned"].isna().all()


def test_training_again_on_the_same_records_promotes_nothing(mine: Settings) -> None:
    said: list[str] = []
    again = jobs.train(mine, said.append)

    assert (again.version.number, again.promoted) == (2, False)
    assert "+0.0000 USD" in again.promotion.reason
    assert said[0] == "opening the MLflow store"
    scores, path = jobs.score(mine, hush)
    assert scores.provenance.model_version == "1"
    assert path == ScoreFile(mine.data).path
    jobs.require_service(mine)


def test_training_is_refused_before_anything_slow_where_check_finds_an_error() -> None:
    said: list[str] = []
    jobs.check(load(), {"transactions": purchases(["a", "b"], MONTHS)}, hush)
    with pytest.raises(
        QuerenciaError, match="2 customers bought on more than one day; at least 50"
    ):
        jobs.train(load(), said.append)
    assert said == []
    assert not Path("mlruns").exists()


def test_training_without_records_says_how_to_bring_them() -> None:
    with pytest.raises(QuerenciaError, match=r"no transactions in data yet.*querencia check FILE"):
        jobs.train(load(), hush)


def test_nothing_can_be_scored_flagged_or_served_before_a_training(mine: Settings) -> None:
    new = mine.model_copy(update={"name": "new", "data": Path("new")})
    with pytest.raises(QuerenciaError, match=r"No model serves yet.*querencia train"):
        jobs.score(new, hush)
    with pytest.raises(QuerenciaError, match=r"no scores in new yet.*querencia score"):
        jobs.flag(new)
    with pytest.raises(QuerenciaError, match=r"No model serves yet.*querencia train"):
        jobs.require_service(new)


def test_a_service_needs_scores_under_its_settings(mine: Settings) -> None:
    jobs.require_service(mine)

    shorter = mine.features.model_copy(update={"horizon_days": 30})
    with pytest.raises(DefinitionError, match="horizon_days: 90 against 30"):
        jobs.require_service(mine.model_copy(update={"features": shorter}))

    ScoreFile(mine.data).path.unlink()
    with pytest.raises(QuerenciaError, match=r"no scores in .* yet.*querencia score"):
        jobs.require_service(mine)
