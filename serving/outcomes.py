"""Outcomes: what a campaign promised, and what came of it against its control."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from features.offers import CONTROL

Floats = NDArray[np.float64]
Verdict = Literal["paid", "lost", "not clear", "no control"]

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A figure, and the ends between which it lies with a confidence of 95 %; NaN if unknown."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Outcome:
    """What came of a campaign once its horizon had closed.

    Attributes:
        contacted: Customers who got what they were chosen for, and whose outcome is known.
        control: Customers who were left alone by chance, and whose outcome is known.
        promised: Profit promised of those contacted, currency.
        promised_low: Its lower bound.
        realised: Profit of those contacted against control, currency.
        said: Mean risk of the control, as it was told.
        left: Share of the control that left.
        covered: Share of the control whose spend was in the interval told; NaN where none was.
        verdict: "paid" or "lost" where all of the interval says so.
    """

    contacted: int
    control: int
    promised: float
    promised_low: float
    realised: Estimate
    said: float
    left: Estimate
    covered: float
    verdict: Verdict

    @property
    def kept(self) -> bool:
        """Whether what was promised is within what may have been realised."""
        return bool(self.realised.low <= self.promised <= self.realised.high)

    def figures(self) -> dict[str, Any]:
        """All of it, flat, for JSON or MLflow."""
        told = {name: value for name, value in asdict(self).items() if not isinstance(value, dict)}
        for name in ("realised", "left"):
            each: Estimate = getattr(self, name)
            told |= {name: each.value, f"{name}_low": each.low, f"{name}_high": each.high}
        return told | {"kept": self.kept}


def judge(rows: pd.DataFrame) -> Outcome:
    """What came of a campaign.

    What a customer brought is the risk that did not come true times the value at stake: what was
    kept of the loss expected. Its mean over those contacted less that over the control, each
    weighted by 1 / propensity, is what the offer did, whether or not the risk was right: the
    control's was as wrong. Their costs are taken off.

    Args:
        rows: Of the list, with `churned` (1 where they left), `spend_ahead` (currency, in the
            horizon) and `cost` (what was spent on them where that is known, else expected); only
            customers whose outcome is known.
    """
    held = (rows["arm"] == CONTROL).to_numpy()
    made, control = rows[~held], rows[held]
    realised = _realised(made, control)
    return Outcome(
        contacted=len(made),
        control=len(control),
        promised=float(made["expected_profit"].sum()),
        promised_low=float(made["expected_profit_low"].sum()),
        realised=realised,
        said=float(control["risk"].mean()),
        left=_share(int(control["churned"].sum()), len(control)),
        covered=_covered(control),
        verdict=_verdict(realised),
    )


def _realised(made: pd.DataFrame, control: pd.DataFrame) -> Estimate:
    """What the offers did to those contacted, in currency, beyond what they cost."""
    if min(len(made), len(control)) < 2:
        return Estimate(np.nan, np.nan, np.nan)
    (gain, doubt), (none, doubt_none) = _kept(made), _kept(control)
    variance = doubt + doubt_none
    # Welch and Satterthwaite: few controls leave more doubt than a normal distribution would.
    freedom = variance**2 / max(
        doubt**2 / (len(made) - 1) + doubt_none**2 / (len(control) - 1), np.finfo(float).tiny
    )
    profit = len(made) * (gain - none) - float(made["cost"].sum())
    width = len(made) * stats.t.ppf((1 + LEVEL) / 2, max(freedom, 1)) * np.sqrt(variance)
    return Estimate(float(profit), float(profit - width), float(profit + width))


def _kept(rows: pd.DataFrame) -> tuple[float, float]:
    """Mean of what was kept of the expected loss, and the variance of that mean."""
    kept = ((rows["risk"] - rows["churned"]) * rows["value_at_stake"]).to_numpy(float)
    weight = 1 / rows["propensity"].to_numpy(float)
    weight /= weight.sum()
    mean = float(weight @ kept)
    return mean, float(weight**2 @ (kept - mean) ** 2 * len(rows) / (len(rows) - 1))


def _share(count: int, size: int) -> Estimate:
    if not size:
        return Estimate(np.nan, np.nan, np.nan)
    ends = stats.binomtest(count, size).proportion_ci(LEVEL, method="wilson")
    return Estimate(count / size, float(ends.low), float(ends.high))


def _covered(rows: pd.DataFrame) -> float:
    told = rows[rows["expected_spend_low"].notna()]
    within = told["spend_ahead"].between(told["expected_spend_low"], told["expected_spend_high"])
    return float(within.mean()) if len(told) else np.nan


def _verdict(realised: Estimate) -> Verdict:
    if np.isnan(realised.value):
        return "no control"
    if realised.low > 0:
        return "paid"
    return "lost" if realised.high < 0 else "not clear"
