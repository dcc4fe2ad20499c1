"""Promotion: whether a challenger takes the champion's place, and why, in words and figures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.findings import Finding, Level, tell
from training.bootstrap import RESAMPLES, Interval, Measure, bootstrap
from training.champion import CHALLENGER, CHAMPION
from training.ranking import Ranking
from training.settings import PromotionSettings

Floats = NDArray[np.float64]

DISTRUST = frozenset({"lost_records", "shrunken", "older_records"})
"""The findings that speak against the records, whatever model is made of them."""

CONTESTED = ("profit_score", "log_loss")
"""The measures by which a challenger is held against the champion."""

_SURE = 0.95


@dataclass(frozen=True)
class Promotion:
    """What was decided of a challenger.

    Attributes:
        promoted: Whether it is the champion now; and
        findings: why, as words and figures.
        champion: The version that served until then, if any.
    """

    promoted: bool
    findings: tuple[Finding, ...]
    champion: int | None = None

    @property
    def reason(self) -> str:
        """Why, in English."""
        return " ".join(finding.text for finding in self.findings)


@dataclass(frozen=True)
class Contest:
    """By how much a challenger is above the champion, both on the same later customers.

    Attributes:
        customers: How many they are.
        profit_gain: Campaign profit per customer, in currency; and
        profit: where it lies.
        loss_gain: Log loss, which is better when lower; and
        loss: where it lies.
    """

    customers: int
    profit_gain: float
    profit: Interval
    loss_gain: float
    loss: Interval

    @classmethod
    def of(
        cls,
        y_true: Floats,
        champion: Floats,
        challenger: Floats,
        measure: Measure,
        *,
        random_state: int = 0,
    ) -> Self:
        """Measure what both said of the same customers, with paired intervals.

        Args:
            y_true: 1 for who left, shape (n,); both outcomes must occur.
            champion: The risk it tells, shape (n,).
            challenger: The risk it tells, shape (n,).
            measure: Gives `profit_score` and `log_loss`, among others.
            random_state: Seed of the draws.
        """
        said = {CHAMPION: champion, CHALLENGER: challenger}
        draws = bootstrap(y_true, said, measure, random_state=random_state)
        held, wants = (measure(Ranking.of(y_true, risk)) for risk in said.values())
        return cls(
            y_true.size,
            wants["profit_score"] - held["profit_score"],
            draws.gain(CHALLENGER, CHAMPION, "profit_score"),
            wants["log_loss"] - held["log_loss"],
            draws.gain(CHALLENGER, CHAMPION, "log_loss"),
        )

    @property
    def earns_more(self) -> bool:
        """Whether it earns more, beyond doubt."""
        return self.profit.low > 0

    @property
    def is_unlikelier(self) -> bool:
        """Whether what happened surprises it more, beyond doubt."""
        return self.loss.low > 0

    @property
    def is_no_worse(self) -> bool:
        """Whether it may renew the champion: no doubt about profit, and no more log loss.

        Log loss is the steadier of the two, and so has to be no higher as measured; many renewals
        in a row, each within its interval, would add up otherwise.
        """
        return self.profit.high >= 0 and self.loss_gain <= 0


@dataclass(frozen=True)
class Incumbent:
    """The champion a challenger is held against.

    Attributes:
        version: Its number.
        horizons: Its age in horizons, from the instant it was trained as of to that of the
            challenger; negative where the challenger knows less.
        rows: Rows of each table when it was trained; empty where that was not written down.
        lacking: Tables and columns it knows customers by that the records lack.
        unfit: Why it can't be compared, in words; empty where it can.
        contest: The comparison; None where there can be none.
    """

    version: int
    horizons: float = 0.0
    rows: Mapping[str, int] | None = None
    lacking: Sequence[str] = ()
    unfit: str = ""
    contest: Contest | None = None


def decide(
    incumbent: Incumbent | None,
    objections: Sequence[Finding],
    *,
    rows: Mapping[str, int],
    currency: str,
    settings: PromotionSettings,
) -> Promotion:
    """Promoted only if better beyond doubt, or no worse than a champion that is old.

    Args:
        incumbent: Who serves; None where nobody does yet.
        objections: What speaks against the challenger or its records by itself: an error stops
            the promotion.
        rows: Rows of each table now.
        currency: Of the profit.
        settings: What is asked.
    """
    if incumbent is None:
        return _first(objections)
    against = [*objections, *gone(incumbent, rows, settings)]
    against = [each for each in against if each.level == "error"]
    if against:
        return Promotion(False, tuple(against), incumbent.version)
    promoted, finding = _weigh(incumbent, currency, settings)
    return Promotion(promoted, (finding,), incumbent.version)


def unless_changed(found: Promotion, champion: int | None) -> Promotion:
    """Not promoted where another version serves meanwhile, as after a rollback.

    Args:
        found: What was decided.
        champion: Who serves now.
    """
    if not found.promoted or champion == found.champion:
        return found
    changed = tell(
        "warning",
        "champion_changed",
        "Version {champion} serves meanwhile, and this one was not held against it.",
        champion=champion,
    )
    return Promotion(False, (*found.findings, changed), champion)


def _first(objections: Sequence[Finding]) -> Promotion:
    """Without a champion nothing serves, so that poor calibration is only told."""
    stopping = tuple(
        each for each in objections if each.level == "error" and each.name != "miscalibrated"
    )
    if stopping:
        return Promotion(False, stopping)
    warnings = (
        replace(each, level="warning") for each in objections if each.name == "miscalibrated"
    )
    return Promotion(True, (tell("advice", "first_model", "the first model"), *warnings))


def _weigh(
    incumbent: Incumbent, currency: str, settings: PromotionSettings
) -> tuple[bool, Finding]:
    contest, version = incumbent.contest, incumbent.version
    if contest is None:
        return True, tell(
            "warning",
            "unfit_champion",
            "Nothing was compared: the champion, version {version}, does not fit: {why}",
            version=version,
            why=incumbent.unfit,
        )
    figures = {"version": version, "currency": currency, **_figures(contest)}
    if contest.is_unlikelier:
        return False, tell("warning", "surprised_more", _SURPRISED, **figures)
    if contest.earns_more:
        return True, tell("advice", "earns_more", _COMPARED, **figures)
    if contest.is_no_worse and incumbent.horizons > settings.renew_after_horizons:
        aged = {"horizons": incumbent.horizons, "most": settings.renew_after_horizons}
        return True, tell("advice", "renewed", _RENEWED, **figures, **aged)
    return False, tell("advice", "not_better", _NOT_BETTER, **figures)


def _figures(contest: Contest) -> dict[str, object]:
    return {
        "customers": contest.customers,
        "gain": contest.profit_gain,
        "low": contest.profit.low,
        "high": contest.profit.high,
        "loss": contest.loss_gain,
        "loss_low": contest.loss.low,
        "loss_high": contest.loss.high,
    }


_COMPARED = (
    "{gain:+.4f} {currency} ({low:+.4f} to {high:+.4f}) of campaign profit per customer against "
    "version {version} on {customers:,} later customers, and {loss:+.4f} log loss "
    "({loss_low:+.4f} to {loss_high:+.4f})."
)
_NOT_BETTER = f"{_COMPARED} It is not better beyond doubt."
_SURPRISED = f"{_COMPARED} What happened surprised it more, beyond doubt."
_RENEWED = (
    f"{_COMPARED} It is no worse, and the champion is {{horizons:.1f}} horizons old (renewed after "
    "{most:g})."
)


def miscalibrated(
    y_true: Floats, y_prob: Floats, settings: PromotionSettings, *, random_state: int = 0
) -> Iterator[Finding]:
    """An error where the risk is further from what came of it than is let pass.

    With few customers chance alone takes it further: as far as one in twenty draws of outcomes
    from the risk itself does is let pass as well.
    """
    ranking = Ranking.of(y_true, y_prob)
    loss, most = ranking.calibration_loss(), settings.most_calibration_loss
    if loss > most and loss > (chance := _by_chance(ranking, y_prob, random_state)):
        yield tell(
            "error",
            "miscalibrated",
            "Its risk is off by {loss:.3f} on average (ECE), where {most:.3f} is let pass and "
            "{chance:.3f} could be chance.",
            loss=loss,
            most=most,
            chance=chance,
        )


def _by_chance(ranking: Ranking, y_prob: Floats, random_state: int) -> float:
    """What calibration error a risk that is right stays under, 19 times in 20."""
    rng = np.random.default_rng(random_state)
    drawn = (rng.random(y_prob.size) < y_prob for _ in range(RESAMPLES))
    losses = [replace(ranking, happened=each.astype(float)).calibration_loss() for each in drawn]
    return float(np.quantile(losses, _SURE))


def gone(
    incumbent: Incumbent, rows: Mapping[str, int], settings: PromotionSettings
) -> Iterator[Finding]:
    """What the champion knew and the records no longer tell: a fault, until somebody says not."""
    version = incumbent.version
    level: Level = "advice" if settings.accept_loss else "error"
    if incumbent.lacking:
        yield tell(
            level,
            "lost_records",
            "The records lack {records}, by which version {version} knows customers. " + _REMEDY,
            records=tuple(incumbent.lacking),
            version=version,
        )
    for table, before in (incumbent.rows or {}).items():
        share = 1 - rows.get(table, 0) / before if before else 0.0
        if share > settings.most_shrinkage:
            yield tell(
                level,
                "shrunken",
                "{table}: {now:,} rows, {share:.0%} fewer than the {before:,} when version "
                "{version} was trained. " + _REMEDY,
                table=table,
                now=rows.get(table, 0),
                before=before,
                share=share,
                version=version,
            )
    if incumbent.horizons < 0:
        yield tell(
            level,
            "older_records",
            "The records end earlier than when version {version} was trained. " + _REMEDY,
            version=version,
        )


_REMEDY = (
    "Bring them back; if they are meant to be gone, train once with "
    "QUERENCIA_TRAINING__PROMOTION__ACCEPT_LOSS=true."
)
