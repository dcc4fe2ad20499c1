"""Traps: what makes a model look better than it is, or say the opposite of what is true.

A feature that gives the label away stops a training. Everything else is told, with how many it
concerns, why it happens and what to do.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import snapshot
from features.errors import QuerenciaError
from features.findings import Finding, tell
from features.snapshot import Snapshot
from training import novelty
from training.btyd import PurchaseModel
from training.churn import LogisticRisk
from training.ranking import Ranking

Floats = NDArray[np.float64]

GIVES_AWAY = 0.97
"""AUC a single feature does not honestly reach."""

APART = 0.05
"""By how much it must be above every other: where all are as good, the task is easy."""

RARE, COMMON = 0.05, 0.9
"""Base rates beyond which a horizon tells too few apart."""

CLEARLY = 4.0
"""Standard errors from which a sign is not chance, many features being looked at."""

_ROWS = 20_000
_FEWEST = 200
_DAYS = (7, 14, 30, 60, 90, 120, 180, 270, 365, 545, 730)

SIGNS: Mapping[str, int] = {
    "silence": 1,
    "frequency": -1,
    "late_share": 1,
    "overdue": 1,
    "tickets_open": 1,
    "reopened": 1,
    "satisfaction_mean": -1,
}
"""Features whose effect on leaving is certain, other things being equal: 1 raises, -1 lowers."""

_CONTROLS = ("silence", "frequency", "T")


def refuse_leaks(past: Snapshot) -> None:
    """Stop where a feature gives the label away.

    Raises:
        QuerenciaError: naming it, how well it ranks alone, and the best of the others.
    """
    alone = ranks_alone(past)
    suspects = {name: auc for name, auc in alone.items() if auc > GIVES_AWAY}
    others = max((auc for name, auc in alone.items() if name not in suspects), default=1.0)
    leaks = {name: auc for name, auc in suspects.items() if auc > others + APART}
    if not leaks:
        return
    worst = max(leaks, key=lambda name: leaks[name])
    family = _family(worst)
    raise QuerenciaError(
        f"{len(leaks)} of {len(alone)} features give away who left, such as {worst} (family "
        f"{family}): alone it ranks {_count(past)} training rows at an AUC of {leaks[worst]:.3f}, "
        f"and no other reaches more than {others:.3f}. Its records were written or changed after "
        "the customers had left. Hand in when each became known (recorded_at), or leave its table "
        "out."
    )


def found(past: Snapshot, present: Snapshot, purchases: PurchaseModel) -> Iterator[Finding]:
    """Everything else there is to warn of.

    Args:
        past: What models learned from.
        present: Customers as they are when the models begin to serve; no label is looked at.
        purchases: The purchase process, to tell which horizon would do.
    """
    yield from base_rate(past, present, purchases)
    yield from drift(past)
    yield from begins_to_vary(past, present.rows)
    yield from wrong_signs(past)


def ranks_alone(past: Snapshot) -> dict[str, float]:
    """AUC each feature reaches alone, whichever way it points; what is missing tells too."""
    rows = past.rows.sample(min(len(past.rows), _ROWS), random_state=0)
    churned = rows["churned"].to_numpy()
    return {name: _alone(churned, rows[name].to_numpy(float)) for name in past.names}


def _alone(churned: Floats, values: Floats) -> float:
    known = ~np.isnan(values)
    ends = (-np.inf, np.inf) if not known.all() else (0.0,)
    aucs = [Ranking.of(churned, np.where(known, values, end)).auc_score() for end in ends]
    return max(max(auc, 1 - auc) for auc in aucs)


def wrong_signs(past: Snapshot) -> Iterator[Finding]:
    """Features that point the other way than is certain.

    Each is put into a logistic regression with silence, frequency and age only. Its sisters stay
    out: in the full model features that tell one story share its weight, and the sign of one of
    them means nothing. One row per customer, those of the latest training cut-off, so that the
    standard error is true.
    """
    latest = past.at(past.provenance.cutoff)
    for name, sign in SIGNS.items():
        z = _partial_z(latest, name) if name in past.names else 0.0
        if z * sign < -CLEARLY:
            yield tell(
                "warning",
                "wrong_sign_less" if sign > 0 else "wrong_sign_more",
                "{feature} has the wrong sign: other things equal, the {customers:,} customers of "
                f"{{cutoff}} left {'less' if sign > 0 else 'more'} often the higher it was "
                "({errors:.0f} standard errors). Often only those who stay are measured, or "
                "customers buy in a longer cycle than the horizon. Ask how it comes about before "
                "acting on it; or set another features.horizon_days.",
                feature=name,
                customers=len(latest),
                cutoff=f"{latest.provenance.cutoff:%Y-%m-%d}",
                errors=abs(z),
            )


def _partial_z(latest: Snapshot, name: str) -> float:
    """The coefficient in standard errors (Wald), beside `_CONTROLS`; 0 where nothing is known."""
    rows = latest.rows.dropna(subset=name)
    churned = rows["churned"].to_numpy()
    if len(rows) < _FEWEST or rows[name].nunique() < 2 or not 0 < churned.mean() < 1:
        return 0.0
    features = list(dict.fromkeys([name, *_CONTROLS]))
    model = LogisticRisk(features=features).fit(rows, churned)
    x = model.contributions(rows) / np.where(model.coef_ == 0, 1, model.coef_)
    x = np.column_stack([x, np.ones(len(rows))])
    p = model.predict(rows)
    penalty = np.diag([model.penalty] * len(features) + [0])
    information = (x * (p * (1 - p))[:, None]).T @ x + penalty
    return float(model.coef_[0] / np.sqrt(np.linalg.inv(information)[0, 0]))


def begins_to_vary(past: Snapshot, present: pd.DataFrame) -> Iterator[Finding]:
    """Features that were the same for everybody in training and are not any more."""
    yield from novelty.found(novelty.constants(past.rows, past.names), present)


def base_rate(past: Snapshot, present: Snapshot, purchases: PurchaseModel) -> Iterator[Finding]:
    """Whether the horizon tells enough customers apart; else which one would."""
    churned = past.churned
    rate = float(churned.mean())
    if RARE <= rate <= COMMON:
        return
    few = churned.sum() if rate < RARE else (1 - churned).sum()
    yield tell(
        "warning",
        "few_leave" if rate < RARE else "few_stay",
        f"Only {{few:,.0f}} of {{rows:,}} training rows {'left' if rate < RARE else 'stayed'} "
        "within the {days} days of the horizon ({rate:.1%} left): risks lie close together and "
        "figures have wide intervals.",
        few=float(few),
        rows=len(past),
        days=past.provenance.horizon_days,
        rate=rate,
    )
    yield _better(past, present, purchases)


def _better(past: Snapshot, present: Snapshot, purchases: PurchaseModel) -> Finding:
    """The nearest horizon in which enough leave and enough stay."""
    if past.provenance.churn not in ("inactivity", "rhythm"):
        return tell("warning", "another_horizon", "Choose another horizon (features.horizon_days).")
    wanted = past.provenance.horizon_days
    for days in sorted(_DAYS, key=lambda days: abs(np.log(days / wanted))):
        rate = float(purchases.p_no_purchase(days, *present.history).mean())
        if 0.1 <= rate <= 0.8:
            return tell(
                "warning",
                "better_horizon",
                "Choose another horizon: in {days} days {rate:.0%} would be expected not to buy "
                "(features.horizon_days = {days}).",
                days=days,
                rate=rate,
            )
    return tell(
        "warning",
        "no_horizon",
        "No horizon up to two years does better: choose another churn definition.",
    )


def drift(past: Snapshot) -> Iterator[Finding]:
    """How the base rate moved over the training cut-offs, beyond chance."""
    by_cutoff = past.rows.groupby("cutoff")["churned"].agg(["mean", "size"])
    rates, sizes = by_cutoff["mean"].to_numpy(), by_cutoff["size"].to_numpy()
    first, last = rates[0], rates[-1]
    error = float(np.sqrt(sum(rates[end] * (1 - rates[end]) / sizes[end] for end in (0, -1))))
    if abs(last - first) > CLEARLY * error:
        yield tell(
            "advice",
            "drift",
            "The base rate moved from {first:.1%} ({first_day}) to {last:.1%} ({last_day}).",
            first=float(first),
            first_day=f"{by_cutoff.index[0]:%Y-%m-%d}",
            last=float(last),
            last_day=f"{by_cutoff.index[-1]:%Y-%m-%d}",
        )


def _family(name: str) -> str:
    return next(
        family.name
        for family in snapshot.FAMILIES
        if name in {feature.name for feature in family.features}
    )


def _count(rows: Snapshot) -> str:
    return f"{len(rows.rows):,}"
