"""What customers say matters, and what shows in what they do: stated and revealed importance.

Nobody asks customers how important each thing is to them, so what they state is derived: how
closely an answer goes along with what they say they will do (buy again, or recommend). Revealed is
how closely the same answer goes along with what they then did. Purchases would tell much of that
anyway, so only customers are compared of whom purchases tell the same.

References:
    Spearman 1904; Somers 1962, "A new asymmetric measure of association for ordinal variables";
    van Elteren 1960 (ranks compared within groups).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from features.findings import Finding, tell
from features.snapshot import Snapshot
from training.amounts import Forecast
from training.bootstrap import Drawn, redrawn
from training.churn import RFM, LogisticRisk
from training.ranking import Ranking

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

SAID = ("repurchase_intent_last", "nps_last")
"""What customers say they will do; the first that enough of them have answered is taken."""

ANSWERS = (
    *("csat_last", "ces_last", "isat_last", "review_last", "loyalty_last", "wallet_share"),
    *SAID,
)
"""What may matter; what is taken for the intention is left out."""

FEWEST = 100
"""Customers without whom an answer is passed over."""

_GROUPS = 10
_OF_GROUP = 50


@dataclass(frozen=True)
class Importance:
    """Stated beside revealed importance of each surveyed measure.

    Attributes:
        said: The answer that tells what customers say they will do.
        measures: By measure: `stated`, rank correlation (Spearman) with `said`; `revealed`, chance
            that of two customers of whom purchases tell the same the one who stayed had answered
            better, less the chance of the opposite (Somers' D); each with `_low` and `_high`
            (95 %) and `_customers`; and `at_top`, the share of the best answer there is.
    """

    said: str
    measures: Mapping[str, Mapping[str, float]]

    def to_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return asdict(self)


def importance(past: Snapshot, later: Snapshot, *, random_state: int = 0) -> Importance | None:
    """Stated and revealed importance among customers of a later period.

    Args:
        past: Rows to learn from what purchases tell: recency, frequency, age and money.
        later: Rows whose outcomes that does not know.
        random_state: Seed of the draws.

    Returns:
        None where customers are not asked what they will do, or nothing else.
    """
    said = next((name for name in SAID if _varies(later, name)), None)
    names = [name for name in ANSWERS if name != said and _varies(later, name)]
    if said is None or not names:
        return None
    risk = LogisticRisk(features=RFM).fit(past.rows, past.churned).predict(later.rows)
    return Importance(
        said,
        {
            name: {
                **_stated(later.columns[name], later.columns[said], random_state),
                **_revealed(later.columns[name], later.churned, risk, random_state),
                "at_top": float((_known(later.columns[name]) >= 1).mean()),
            }
            for name in names
        },
    )


def _known(values: Floats) -> Floats:
    return values[~np.isnan(values)]


def _varies(rows: Snapshot, name: str) -> bool:
    """Whether enough customers have answered, and not all the same."""
    values = _known(rows.columns[name]) if name in rows.names else np.empty(0)
    return values.size >= FEWEST and bool(np.ptp(values) > 0)


def _stated(answer: Floats, said: Floats, random_state: int) -> dict[str, float]:
    both = ~np.isnan(answer) & ~np.isnan(said)
    return _measured(
        "stated", said[both], answer[both], Forecast.of, Forecast.spearman_score, random_state
    )


def _revealed(answer: Floats, churned: Floats, risk: Floats, random_state: int) -> dict[str, float]:
    known = ~np.isnan(answer)
    told = np.column_stack([answer, risk])[known]
    return _measured("revealed", churned[known], told, Matched.of, Matched.somers_d, random_state)


def _measured(
    name: str,
    truth: Floats,
    told: Floats,
    of: Callable[[Floats, Floats], Drawn],
    measure: Callable[[Drawn], float],
    random_state: int,
) -> dict[str, float]:
    """A measure with its interval and customers; nothing where the truth is the same of all."""
    if truth.size < FEWEST or np.ptp(truth) == 0:
        return {f"{name}_customers": float(truth.size)}
    draws = redrawn(
        truth, {name: told}, of, lambda drawn: {name: measure(drawn)}, random_state=random_state
    )
    low, high = draws.interval(name, name)
    value = measure(of(truth, told))
    ends = {name: value, f"{name}_low": low, f"{name}_high": high}
    return {**ends, f"{name}_customers": float(truth.size)}


@dataclass(frozen=True)
class Matched:
    """Customers ranked by an answer, each among those of the same risk only.

    Attributes:
        groups: The customers of each tenth of the risk.
        rankings: Who of them left, ranked by the answer.
    """

    groups: tuple[Ints, ...]
    rankings: tuple[Ranking, ...]

    @classmethod
    def of(cls, churned: Floats, told: Floats) -> Self:
        """Everybody once; `told` has the answers and the risk by which they are matched."""
        answer, risk = told.T
        count = int(np.clip(risk.size // _OF_GROUP, 1, _GROUPS))
        groups = tuple(np.array_split(np.argsort(risk, kind="stable"), count))
        return cls(groups, tuple(Ranking.of(churned[g], answer[g]) for g in groups))

    def weighted(self, weight: Floats) -> Self:
        """The same with each customer counted so often: a resample."""
        pairs = zip(self.groups, self.rankings, strict=True)
        return replace(self, rankings=tuple(each.weighted(weight[g]) for g, each in pairs))

    def somers_d(self) -> float:
        """Pairs of one who stayed and one who left: better answer by the former, less the latter.

        As a share of all pairs of one group; 0 where there are none.
        """
        total = balance = 0.0
        for each in self.rankings:
            pairs = float(each.hits.sum() * (each.size - each.hits).sum())
            if pairs:
                total += pairs
                balance += pairs * (1 - 2 * each.auc_score())
        return balance / total if total else 0.0


def told(found: Importance | None) -> Iterator[Finding]:
    """What goes most with words and with deeds, and what goes with one of them only."""
    measures = found.measures if found else {}
    whole = {name: row for name, row in measures.items() if "stated" in row and "revealed" in row}
    if found is None or not whole:
        return
    words = max(whole, key=lambda name: whole[name]["stated"])
    deeds = max(whole, key=lambda name: whole[name]["revealed"])
    yield tell(
        "advice",
        "importance",
        "What customers say they will do ({said}) goes most with {words} ({stated:+.2f}); what "
        "they did goes most with {deeds} ({revealed:+.2f}, {low:+.2f} to {high:+.2f}, among "
        "customers who bought alike).",
        said=found.said,
        words=words,
        deeds=deeds,
        stated=whole[words]["stated"],
        revealed=whole[deeds]["revealed"],
        low=whole[deeds]["revealed_low"],
        high=whole[deeds]["revealed_high"],
    )
    if only := _beyond_doubt(whole, "stated", "revealed"):
        yield tell(
            "advice",
            "said_only",
            "Goes with what customers say, and not beyond doubt with what they did: {measures}.",
            measures=only,
        )
    if only := _beyond_doubt(whole, "revealed", "stated"):
        yield tell(
            "advice",
            "done_only",
            "Goes with what customers did, and not beyond doubt with what they say: {measures}.",
            measures=only,
        )


def _beyond_doubt(
    measures: Mapping[str, Mapping[str, float]], one: str, other: str
) -> tuple[str, ...]:
    return tuple(
        name for name, row in measures.items() if row[f"{one}_low"] > 0 and row[f"{other}_low"] <= 0
    )
