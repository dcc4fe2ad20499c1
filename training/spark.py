"""Learning and scoring on a Spark cluster, where each customer's rows stay where they are made.

What learns as well from a draw of customers as from all of them does so on the driver. Of all of
them learn the trees, whose histograms are all that travels, and the purchase process, to which all
that matters is how many customers share a history. Models go to the machines as the files they are
kept as.
"""

import logging
import warnings
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
from training import novelty, scoring
from training._likelihood import ModelWarning
from training.churn import TreeRisk
from training.model import Everybody, Model
from training.purchases.histories import Histories
from training.rows import Rows
from training.scoring import COLUMNS, PRIOR, Scores
from training.settings import TrainingSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

HISTORY = ["frequency", "recency", "T"]

_PAST, _LABEL = "is_past", "churned"
_TYPES = {
    "double": pa.float64(),
    "string": pa.string(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}
_KINDS = {"id": "string", "text": "string", "instant": "timestamp"}


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
    work = _Known(cutoffs, names)
    frame = cluster.each(
        work,
        work.columns,
        (*cutoffs.training, cutoffs.evaluation),
        features,
        has=cluster.has,
        themes=themes,
        observed_until=cutoffs.scoring,
    )
    with cluster.kept(frame, "learned") as path:
        rows = cluster.session.read.parquet(path.as_uri())
        return Everybody(
            histories(cluster, rows.filter(f"not {_PAST}")),
            fit_trees(rows.filter(_PAST), names, settings),
        )


@dataclass(frozen=True)
class _Known:
    """The rows to learn from, and those as of the instant to learn as of."""

    cutoffs: Plan
    names: tuple[str, ...]

    @property
    def columns(self) -> dict[str, str]:
        return {_PAST: "boolean", **dict.fromkeys((*self.names, _LABEL), "double")}

    def __call__(self, taken: Snapshot) -> pa.Table:
        labelled = taken.labelled
        past = labelled.at(*self.cutoffs.training).untreated
        later = labelled.at(self.cutoffs.evaluation)
        return pa.concat_tables([self._rows(past, True), self._rows(later, False)])

    def _rows(self, taken: Snapshot, is_past: bool) -> pa.Table:
        known = {name: taken.columns[name] for name in (*self.names, _LABEL)}
        return pa.table({_PAST: pa.repeat(is_past, len(taken)), **known})


def histories(cluster: Cluster, rows: "DataFrame") -> Histories:
    """The distinct histories of rows with the columns `HISTORY`, and how many share each."""
    with cluster.kept(rows.groupBy(*HISTORY).count(), "histories") as path:
        found = pq.read_table(path).sort_by([(name, "ascending") for name in HISTORY])
    told = (found[name].to_numpy().astype(float) for name in (*HISTORY, "count"))
    return Histories(*told)


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
    model.provenance.require_same(origin)
    for finding in novelty.found(model.unvaried, Rows.of(present)):
        warnings.warn(finding.text, ModelWarning, stacklevel=2)
    work = _Scorer(model)
    has = frozenset(origin.records)
    frame = cluster.each(work, work.columns, origin.cutoffs, settings, has=has, themes=model.themes)
    with cluster.kept(frame, "scores") as path:
        rows = pq.read_table(path).sort_by("customer_id").to_pandas()
    return Scores(rows, origin.model_copy(update={"model_version": model_version}))


@dataclass(frozen=True)
class _Scorer:
    """Scores of a model, which is pickled as the files it is kept as."""

    model: Model

    def __reduce__(self) -> tuple[Callable[[Mapping[str, bytes]], "_Scorer"], tuple[object]]:
        return _of_files, (_files(self.model),)

    @property
    def columns(self) -> dict[str, str]:
        kinds = {column.name: _KINDS.get(column.unit, "double") for column in COLUMNS}
        told = (f"saved_{offer}" for offer in (PRIOR, *self.model.effects.offers))
        return kinds | {name: "double" for each in told for name in (each, f"{each}_sd")}

    def __call__(self, taken: Snapshot) -> pa.Table:
        rows = scoring.score(self.model, taken).rows
        told = {name: _array(rows[name], kind) for name, kind in self.columns.items()}
        return pa.table(told)


def _array(values: pd.Series, kind: str) -> pa.Array:
    if kind == "timestamp":
        values = values.dt.tz_convert(None)
    return pa.array(values.to_numpy()).cast(_TYPES[kind])


def _files(model: Model) -> dict[str, bytes]:
    with TemporaryDirectory() as folder:
        model.save(Path(folder))
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def _of_files(files: Mapping[str, bytes]) -> _Scorer:
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        return _Scorer(Model.load(Path(folder)))
