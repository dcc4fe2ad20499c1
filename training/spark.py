"""Learning and scoring on a Spark cluster, where each customer's rows stay where they are made.

What learns as well from a draw of customers as from all of them does so on the driver. Of all of
them learn the trees, whose histograms are all that travels, and the purchase process, to which all
that matters is how many customers share a history. Models go to the machines as the files they are
kept as.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.comments import Themes
from features.cutoffs import Plan
from features.settings import FeatureSettings
from features.snapshot import Snapshot
from features.spark import Cluster
from training import scoring
from training.churn import TreeRisk
from training.model import Everybody, Model
from training.purchases.histories import Histories
from training.rows import Rows
from training.scoring import Scores
from training.settings import TrainingSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

HISTORY = ["frequency", "recency", "T"]

_PAST, _LABEL = "is_past", "churned"


def learn(
    cluster: Cluster,
    cutoffs: Plan,
    features: FeatureSettings,
    settings: TrainingSettings,
    *,
    names: tuple[str, ...],
    themes: Themes | None,
) -> Everybody:
    """Learn from every customer, as `training.model.Model.fit` does from those it is given.

    Args:
        cluster: The records.
        cutoffs: The instants to learn from, and the one to learn as of.
        features: Definitions.
        settings: How.
        names: The features.
        themes: What comments are about.
    """
    with cluster.each(
        _Known(cutoffs, names),
        (*cutoffs.training, cutoffs.evaluation),
        features,
        has=cluster.has,
        themes=themes,
        observed_until=cutoffs.scoring,
    ) as files:
        rows = cluster.session.read.parquet(*(path.as_uri() for path in files))
        return Everybody(
            histories(rows.filter(f"not {_PAST}")),
            fit_trees(rows.filter(_PAST), names, settings),
        )


@dataclass(frozen=True)
class _Known:
    """The rows to learn from, and those as of the instant to learn as of."""

    cutoffs: Plan
    names: tuple[str, ...]

    def __call__(self, taken: Snapshot) -> pa.Table:
        labelled = taken.labelled
        past = labelled.at(*self.cutoffs.training).untreated
        later = labelled.at(self.cutoffs.evaluation)
        return pa.concat_tables([self._rows(past, True), self._rows(later, False)])

    def _rows(self, taken: Snapshot, is_past: bool) -> pa.Table:
        known = {name: taken.columns[name] for name in (*self.names, _LABEL)}
        return pa.table({_PAST: pa.repeat(is_past, len(taken)), **known})


def histories(rows: "DataFrame") -> Histories:
    """The distinct histories of rows with the columns `HISTORY`, and how many share each."""
    counted = rows.groupBy(*HISTORY).count().toArrow()
    found = counted.sort_by([(name, "ascending") for name in HISTORY])
    return Histories(*(found[name].to_numpy().astype(float) for name in found.column_names))


def fit_trees(rows: "DataFrame", names: tuple[str, ...], settings: TrainingSettings) -> TreeRisk:
    """The trees of `training.churn.TreeRisk`, learned by all machines together.

    Args:
        rows: Columns `names` and `churned`.
        names: The features.
        settings: How.
    """
    from xgboost.spark import SparkXGBClassifier

    logging.getLogger("XGBoost-PySpark").setLevel(logging.WARNING)  # else it tells all it does
    trees = TreeRisk(settings.trees, features=names, random_state=settings.random_state)
    estimator = SparkXGBClassifier(
        features_col=list(names),
        label_col=_LABEL,
        num_workers=rows.sparkSession.sparkContext.defaultParallelism,
        n_estimators=settings.trees.rounds,
        verbose_eval=False,
        **trees.parameters,
    )
    booster = estimator.fit(rows).get_booster()
    booster.feature_names = None  # rows come as matrices
    trees.booster_ = booster
    return trees


def score(
    cluster: Cluster,
    model: Model,
    present: Snapshot,
    settings: FeatureSettings,
    *,
    model_version: str | None = None,
) -> Scores:
    """Score every customer at a cut-off, as `training.scoring.score` does, ordered by id.

    Args:
        cluster: The records.
        model: Tells the scores.
        present: Rows of those drawn, at the cut-off.
        settings: Definitions.
        model_version: Of the model, for the provenance.

    Raises:
        DefinitionError: where rows and model were made under different definitions.

    Warns:
        ModelWarning: Features that never varied in training do now.
    """
    origin = present.provenance
    scoring.require_fit(model, origin, Rows.of(present))
    has = frozenset(origin.records)
    with cluster.each(
        _Scorer(model), origin.cutoffs, settings, has=has, themes=model.themes
    ) as files:
        rows = pq.read_table(files).sort_by("customer_id").to_pandas()
    return Scores(rows, origin.model_copy(update={"model_version": model_version}))


@dataclass(frozen=True)
class _Scorer:
    """Scores of a model, which is pickled as the files it is kept as."""

    model: Model

    def __reduce__(self) -> tuple[Callable[[Mapping[str, bytes]], "_Scorer"], tuple[object]]:
        return _of_files, (_files(self.model),)

    def __call__(self, taken: Snapshot) -> pa.Table:
        rows = scoring.score(self.model, taken).rows
        return pa.table({str(name): _array(values) for name, values in rows.items()})


def _array(values: pd.Series) -> pa.Array:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        # pyarrow 25 takes instants from pandas 3.1 in a way that is deprecated.
        return pa.array(values.dt.tz_convert(None)).cast(pa.timestamp("us", tz="UTC"))
    return pa.array(values)


def _files(model: Model) -> dict[str, bytes]:
    with TemporaryDirectory() as folder:
        model.save(Path(folder))
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def _of_files(files: Mapping[str, bytes]) -> _Scorer:
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        return _Scorer(Model.load(Path(folder)))
