"""A grade: whether the served model is worth having beside a formula."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from training.bootstrap import Bootstrap, Interval

Letter = Literal["A", "B", "C"]


@dataclass(frozen=True)
class Grade:
    """How the served model does against the best formula, on later customers.

    The formulas are the naive one (everybody keeps the pace of their whole history), recency
    alone, recency with frequency, age and money, and the purchase process. Which of them is best
    is seen on the later customers themselves, which favours the formula.

    Attributes:
        letter: A where the served model ranks better and its campaign earns more, both beyond
            doubt; B where it ranks better beyond doubt; C otherwise.
        formula: The best formula, by AUC.
        auc_gain: AUC above it.
        profit_gain: Profit per customer above it, in currency.
        naive_auc_gain: AUC above the naive formula.
    """

    letter: Letter
    formula: str
    auc_gain: Interval
    profit_gain: Interval
    naive_auc_gain: Interval

    @property
    def text(self) -> str:
        """The grade in words."""
        low, high = self.auc_gain
        against = f"{low:+.3f} to {high:+.3f} AUC against the best formula ({self.formula})"
        if self.letter == "C":
            return f"Grade C: nothing to gain here; {against}."
        money = f"{self.profit_gain.low:+.4f} to {self.profit_gain.high:+.4f} profit per customer"
        naive = f"{self.naive_auc_gain.low:+.3f} to {self.naive_auc_gain.high:+.3f}"
        return f"Grade {self.letter}: {against}, {money}; {naive} AUC against the naive formula."


def grade(draws: Bootstrap, served: str, naive: str, formulas: Sequence[str]) -> Grade:
    """Grade the served model.

    Args:
        draws: AUC and profit of all of them on draws of the same later customers.
        served: The served model.
        naive: The naive formula.
        formulas: All formulas, the naive one among them.
    """

    def auc(model: str) -> float:
        return sum(draws.interval(model, "auc_score"))

    best = max(formulas, key=auc)
    ranks = draws.gain(served, best, "auc_score")
    earns = draws.gain(served, best, "profit_score")
    letter: Letter = "C"
    if ranks.low > 0:
        letter = "A" if earns.low > 0 else "B"
    return Grade(letter, best, ranks, earns, draws.gain(served, naive, "auc_score"))
