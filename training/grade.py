"""A grade: whether the served model is worth having beside a formula."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from features.findings import Finding, tell
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
    def finding(self) -> Finding:
        """The grade in words."""
        against = {"formula": self.formula, **_ends("", self.auc_gain)}
        if self.letter == "C":
            return tell(
                "advice",
                "grade_c",
                "Grade C: nothing to gain here; {low:+.3f} to {high:+.3f} AUC against the best "
                "formula ({formula}).",
                **against,
            )
        return tell(
            "advice",
            "grade",
            "Grade {letter}: {low:+.3f} to {high:+.3f} AUC against the best formula ({formula}), "
            "{profit_low:+.4f} to {profit_high:+.4f} profit per customer; {naive_low:+.3f} to "
            "{naive_high:+.3f} AUC against the naive formula.",
            letter=self.letter,
            **against,
            **_ends("profit_", self.profit_gain),
            **_ends("naive_", self.naive_auc_gain),
        )


def _ends(prefix: str, gain: Interval) -> dict[str, object]:
    return {f"{prefix}{end}": value for end, value in gain._asdict().items()}


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
