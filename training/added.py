"""Which measure predicts for you: what each feature family adds to what purchases tell."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from features import snapshot
from features.findings import Finding, tell
from features.snapshot import Snapshot
from training.bootstrap import Measure, bootstrap
from training.churn import RFM, LogisticRisk
from training.ranking import Ranking

Floats = NDArray[np.float64]

_ROWS = 50_000
"""Training rows a comparison is made on: enough for a linear model."""

CEILING = 0.5
"""Share of answers at the very top from which a measure tells little apart."""

_FEWEST = 30

PURCHASES = "purchases"

GAINS = ("auc_score", "log_loss", "profit_score")


def added_value(
    past: Snapshot, later: Snapshot, measure: Measure, *, random_state: int = 0
) -> dict[str, dict[str, float]]:
    """How much better later customers are told apart with each family than without.

    A logistic regression is fitted again with each family's features. What purchases tell beyond
    recency, frequency, age and money is measured against these; every other family against all
    that purchases tell, for whoever is asked and answers has bought lately, and a survey would be
    praised for what the purchase says.

    Args:
        past: Rows to learn from.
        later: Rows of a later period to judge on.
        measure: What a forecast is judged by, `GAINS` among it.
        random_state: Seed of the draws.

    Returns:
        By family: for each of `GAINS` the gain, its `_low` and `_high` (95 %), better when higher
        (log loss is counted as what it takes off).
    """
    learned = past.rows.sample(min(len(past.rows), _ROWS), random_state=random_state)
    churned, truth = learned["churned"].to_numpy(), later.churned
    present = families(past.names)
    bases = {name: PURCHASES if name != PURCHASES else "" for name in present}

    def forecast(family: str) -> Floats:
        wanted = dict.fromkeys((*RFM, *present.get(PURCHASES, ()), *present.get(family, ())))
        features = tuple(wanted) if family else RFM
        return LogisticRisk(features=features).fit(learned, churned).predict(later.rows)

    def gains(ranking: Ranking) -> dict[str, float]:
        measured = measure(ranking)
        return {name: _better(name, measured[name]) for name in GAINS}

    forecasts = {name: forecast(name) for name in ("", *present)}
    point = {name: gains(Ranking.of(truth, risk)) for name, risk in forecasts.items()}
    draws = bootstrap(truth, forecasts, gains, random_state=random_state)
    table: dict[str, dict[str, float]] = {name: {} for name in present}
    for family, row in table.items():
        for name in GAINS:
            low, high = draws.gain(family, bases[family], name)
            row[name] = point[family][name] - point[bases[family]][name]
            row[f"{name}_low"], row[f"{name}_high"] = low, high
    return table


def _better(name: str, value: float) -> float:
    return -value if name.endswith("_loss") else value


def families(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The features present, by family; without those of RFM."""
    members = {
        family.name: tuple(
            feature.name
            for feature in family.features
            if feature.name in names and feature.name not in RFM
        )
        for family in snapshot.FAMILIES
    }
    return {name: features for name, features in members.items() if features}


def ceilings(later: Snapshot) -> dict[str, float]:
    """Shares of the values known that are the highest there can be, where most are.

    Looked at are features on a scale of 0 to 1, which answers are.
    """
    scaled = [
        feature.name
        for family in snapshot.FAMILIES
        for feature in family.features
        if feature.unit == "0-1" and feature.name in later.names
    ]
    known = {name: later.rows[name].dropna() for name in scaled}
    at_top = {
        name: float((values >= 1).mean())
        for name, values in known.items()
        if len(values) >= _FEWEST
    }
    return {name: share for name, share in at_top.items() if share > CEILING}


def told(gains: Mapping[str, Mapping[str, float]], tops: Mapping[str, float]) -> Iterator[Finding]:
    """The table and the ceilings in words."""
    for family, row in gains.items():
        figures = {
            "family": family,
            "gain": row["auc_score"],
            "low": row["auc_score_low"],
            "high": row["auc_score_high"],
        }
        adds = row["auc_score_low"] > 0
        verb = "adds" if adds else "adds nothing that is beyond doubt:"
        gain = "{family} " + verb + " {gain:+.4f} AUC ({low:+.4f} to {high:+.4f}) to "
        if family == PURCHASES:
            yield tell(
                "advice",
                "purchases_add" if adds else "purchases_add_nothing",
                gain + "recency, frequency, age and money.",
                **figures,
            )
        else:
            yield tell("advice", "adds" if adds else "adds_nothing", gain + "purchases.", **figures)
    for name, share in tops.items():
        yield tell(
            "advice",
            "ceiling",
            "{feature} is at its ceiling: {share:.0%} of the answers are the best there is, so it "
            "tells few customers apart. Ask a finer question.",
            feature=name,
            share=share,
        )
