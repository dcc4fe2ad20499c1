"""What the company's own trials teach: save rates, who is saved, and which offers to stop."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.findings import Finding, tell
from features.snapshot import Snapshot
from training import leaving, scoring, uplift
from training.bootstrap import Interval
from training.effects import BASE, RISK, Effects, Lesson
from training.model import Model
from training.qini import Qini, gain_interval, interval
from training.save_rates import Rate, SaveRates
from training.sequential import Sequence as Seen
from training.sequential import StopRule
from training.settings import MoneySettings, TrainingSettings
from training.trials import Trials
from training.uplift import KINDS, Kind, Uplift

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

FEWEST = 1_000
"""Contacts of an offer below which nobody asks what it does to each customer."""

FOLDS = 5
"""Groups of customers: what is said of each was learned from the others."""

SEGMENTS = "segments"
CANDIDATE: Kind = "x"
"""The learner that may replace the segments; chosen beforehand, so that none wins by luck."""

_WORTH = 0.1
"""Gain over the segments' Qini that would be worth having, by which more contacts are counted."""


@dataclass(frozen=True)
class Contacts:
    """The trials of one offer, with all that learning looks at.

    Attributes:
        trials: The contacts.
        inputs: The features, and the chances beside them (`Effects.inputs`).
        lost: What came: whether each customer had left by the end of the horizon, or how likely.
        effect: What each contact tells of the fall of that (`fall`).
        segment: The driver of each customer's risk.
        value: What is lost with each one, in currency.
    """

    trials: Trials
    inputs: pd.DataFrame
    lost: Floats
    effect: Floats
    segment: NDArray[np.str_]
    value: Floats

    @property
    def base(self) -> Floats:
        """Chance of leaving within the horizon without the offer."""
        return self.inputs[BASE].to_numpy()

    @cached_property
    def customer(self) -> Ints:
        """Whose contact each is."""
        return np.unique(self.trials.rows.customer, return_inverse=True)[1]

    def select(self, of: Ints) -> "Contacts":
        """Only these contacts."""
        return Contacts(
            self.trials.select(of),
            self.inputs.iloc[of],
            self.lost[of],
            self.effect[of],
            self.segment[of],
            self.value[of],
        )

    def qini(self, score: Floats) -> Qini:
        """A ranking of them, to be judged."""
        return Qini.of(self.lost, self.trials.offered, self.trials.propensity, score)


def learn(
    model: Model,
    past: Snapshot,
    known: Snapshot,
    trials: Trials | None,
    settings: TrainingSettings,
) -> Effects:
    """What offers do.

    Where churn is silence, what came of a contact is the chance that the customer had left by the
    end of the horizon, told by all that is known since (`training.leaving`); else the label.

    Args:
        model: Tells risk, value and drivers.
        past: Rows at past cut-offs whose horizons have closed.
        known: One row of every customer at the latest instant, with `leaving.HISTORY`.
        trials: The randomised contacts, if there were any.
        settings: What money means, and the seed.
    """
    effects = Effects.untried(settings.money)
    if model.risk.rhythm is not None:
        process = model.value.purchases
        effects = replace(effects, leaving=leaving.fit(past, known, process, settings))
    if trials is None or not len(trials):
        return effects
    every = _contacts(model, effects, trials, known)
    lessons = {
        offer: lesson(offer, every.select(trials.about(offer)), effects.prior, settings)
        for offer in trials.offers
    }
    return replace(effects, offers=lessons)


def _contacts(model: Model, effects: Effects, trials: Trials, known: Snapshot) -> Contacts:
    rows = trials.rows
    risk = model.risk.predict(rows.rows)
    reasons = model.risk.reasons(rows, risk=risk, fast=len(rows) > scoring.EXACT_UP_TO)
    lost, gone = rows.churned, np.zeros(len(rows))
    if effects.leaving is not None:
        days, process = rows.provenance.horizon_days, model.value.purchases
        lost = leaving.left_by(process, rows, known, days=days)
        gone = 1 - process.p_alive(*rows.history)
    inputs = effects.inputs(rows, risk)
    return Contacts(
        trials,
        inputs,
        lost,
        fall(lost, trials, np.column_stack([inputs[BASE], risk, gone, risk * gone])),
        scoring.drivers(reasons)[0],
        model.value_at_stake(model.prospects(rows), risk)[1],
    )


def fall(lost: Floats, trials: Trials, told: Floats) -> Floats:
    """What each contact tells of the fall in `lost` by the offer, shape (n,).

    Its mean over contacts is what the offer does for them, whatever `told` is worth: outcomes less
    what was to be expected, weighted by the inverse of the propensity (Robins, Rotnitzky & Zhao
    1994, with one expectation for both arms).

    Args:
        lost: What came of each contact.
        trials: Arms and propensities.
        told: What was known before of the chance of it, shape (n, columns).
    """
    weight = np.sqrt(1 / trials.propensity)
    told = np.column_stack([np.ones(len(lost)), told])
    slopes = np.linalg.lstsq(told * weight[:, None], lost * weight, rcond=None)[0]
    sign = np.where(trials.offered, -1.0, 1.0)
    return np.asarray(sign * (lost - told @ slopes) / trials.propensity)


def lesson(offer: str, contacts: Contacts, prior: Rate, settings: TrainingSettings) -> Lesson:
    """What the trials of one offer teach.

    Args:
        offer: Its name, for the findings.
        contacts: Its trials.
        prior: The save rate before them.
        settings: What money means, and the seed.
    """
    rates = SaveRates.learn(contacts.effect, contacts.base, contacts.segment, prior=prior)
    stop = stop_rule(contacts, prior, settings.money)
    learned = Lesson(len(contacts.lost), rates, stop)
    learned = replace(learned, findings=tuple(_told(offer, learned)))
    return _one_by_one(offer, learned, contacts, prior, settings.random_state)


def stop_rule(contacts: Contacts, prior: Rate, money: MoneySettings) -> StopRule:
    """What the contacts seen so far say of going on.

    Profit is that of the contacts that the prior would make again, for it is no fault of an offer
    to have been made to customers who were not leaving. The prior knows nothing of the trials.
    """
    cost = money.offer_cost + money.contact_cost
    planned = prior.mean * contacts.base * contacts.value > cost
    profit = (contacts.effect * contacts.value - cost)[planned]
    return StopRule(Seen.of(contacts.effect), Seen.of(profit if planned.any() else [0.0]))


def _one_by_one(
    offer: str, lesson: Lesson, contacts: Contacts, prior: Rate, random_state: int
) -> Lesson:
    """The lesson with a learner of its own for each customer, where that is better."""
    if lesson.contacts < FEWEST:
        finding = _not_yet(offer, lesson.contacts, FEWEST - lesson.contacts)
        return replace(lesson, findings=(*lesson.findings, finding))
    said = held_out(contacts, prior, random_state=random_state)
    rankings = {name: contacts.qini(score) for name, score in said.items()}
    gain = gain_interval(
        rankings[CANDIDATE], rankings[SEGMENTS], contacts.customer, random_state=random_state
    )
    slope = _slope(contacts.effect, said[CANDIDATE])
    lesson = replace(
        lesson, measures=dict(_measures(rankings, gain, contacts.customer, random_state))
    )
    # Better than segments that rank by chance, or worse, is not good enough.
    if min(gain.low, lesson.measures[f"qini_{CANDIDATE}_low"], slope.mean) <= 0:
        more = _more(lesson.contacts, rankings, gain)
        finding = _not_yet(offer, lesson.contacts, more)
        return replace(lesson, findings=(*lesson.findings, finding))
    return replace(
        lesson,
        uplift=_learners(contacts, random_state)[CANDIDATE],
        slope=Rate(min(slope.mean, 1.0), slope.sd),
        findings=(*lesson.findings, _taken(offer, gain)),
    )


def held_out(contacts: Contacts, prior: Rate, *, random_state: int = 0) -> dict[str, Floats]:
    """What segments and each learner say of every contact, learned from other customers."""
    said = {name: np.empty(len(contacts.lost)) for name in (SEGMENTS, *KINDS)}
    customers = int(contacts.customer.max()) + 1
    group = np.random.default_rng(random_state).permutation(customers) % FOLDS
    for fold in range(FOLDS):
        out = group[contacts.customer] == fold
        seen, unseen = (contacts.select(np.flatnonzero(of)) for of in (~out, out))
        rates = SaveRates.learn(seen.effect, seen.base, seen.segment, prior=prior)
        said[SEGMENTS][out] = rates.of(unseen.segment)[0] * unseen.base
        for kind, learner in _learners(seen, random_state).items():
            said[kind][out] = learner.predict(unseen.inputs)
    return said


def _learners(contacts: Contacts, random_state: int) -> dict[Kind, Uplift]:
    return uplift.learn(
        contacts.inputs,
        contacts.lost,
        contacts.trials.offered,
        features=(*contacts.trials.rows.names, BASE, RISK),
        random_state=random_state,
    )


def _slope(effect: Floats, told: Floats) -> Rate:
    """What was seen per point of what was told of held-out contacts: below 1, it was too bold."""
    size = told @ told
    slope = effect @ told / size
    return Rate(float(slope), float(np.sqrt(told**2 @ (effect - slope * told) ** 2) / size))


def _measures(
    rankings: Mapping[str, Qini], gain: Interval, customer: Ints, random_state: int
) -> Iterator[tuple[str, float]]:
    for name, ranking in rankings.items():
        low, high = interval(ranking, customer, random_state=random_state)
        yield f"qini_{name}", ranking.score()
        yield f"qini_{name}_low", low
        yield f"qini_{name}_high", high
    yield "qini_gain_low", gain.low
    yield "qini_gain_high", gain.high


def _more(contacts: int, rankings: Mapping[str, Qini], gain: Interval) -> int:
    """Contacts to come until a gain would be beyond doubt: its interval narrows with their root.

    The gain is what was found, and at least a tenth of what the segments' ranking is worth.
    """
    base = rankings[SEGMENTS].score()
    found = max(rankings[CANDIDATE].score() - base, _WORTH * abs(base))
    half = (gain.high - gain.low) / 2
    return int(np.ceil(max(1.0, contacts * ((half / found) ** 2 - 1)))) if found > 0 else contacts


def _not_yet(offer: str, contacts: int, more: int) -> Finding:
    return tell(
        "advice",
        "uplift_not_yet",
        "{offer}: which customers it saves one by one can't be told yet from {contacts:,} "
        "contacts; about {more:,} more are needed. Save rates by driver are used.",
        offer=offer,
        contacts=contacts,
        more=more,
    )


def _taken(offer: str, gain: Interval) -> Finding:
    return tell(
        "advice",
        "uplift_taken",
        "{offer}: whom it saves is told one by one, which ranks held-out customers better than "
        "their drivers do (Qini {low:+.4f} to {high:+.4f}).",
        offer=offer,
        low=gain.low,
        high=gain.high,
    )


def _told(offer: str, lesson: Lesson) -> Iterator[Finding]:
    """Save rate and stop rule in words."""
    rate, sd = lesson.rates.overall
    yield tell(
        "advice",
        "offer_saves",
        "{offer}: of the customers who would have left it keeps {rate:.0%}, give or take "
        "{sd:.0%}, as {contacts:,} contacts drawn at random and the stated prior say.",
        offer=offer,
        rate=rate,
        sd=sd,
        contacts=lesson.contacts,
    )
    if len(lesson.rates.segments) > 1 and lesson.rates.between > 0:
        best, worst = (
            pick(lesson.rates.segments.items(), key=lambda item: item[1].mean)
            for pick in (max, min)
        )
        yield tell(
            "advice",
            "offer_segments",
            "{offer}: it keeps most of those whose risk comes from {best} ({best_rate:.0%}) and "
            "fewest of those whose risk comes from {worst} ({worst_rate:.0%}).",
            offer=offer,
            best=best[0],
            best_rate=best[1].mean,
            worst=worst[0],
            worst_rate=worst[1].mean,
        )
    yield _STOPS[lesson.stop.decision](offer, lesson)


def _goes_on(offer: str, lesson: Lesson) -> Finding:
    return tell(
        "advice",
        "offer_goes_on",
        "{offer}: after {contacts:,} contacts nothing is sure enough to stop it.",
        offer=offer,
        contacts=lesson.contacts,
    )


def _harms(offer: str, lesson: Lesson) -> Finding:
    low, high = lesson.stop.saved.interval()
    return tell(
        "advice",
        "offer_harms",
        "{offer}: stop it, it drives customers away: {least:.1%} to {most:.1%} of those contacted "
        "({sure:.1%} sure, however often one looks).",
        offer=offer,
        least=-high,
        most=-low,
        sure=lesson.stop.sure,
    )


def _does_nothing(offer: str, lesson: Lesson) -> Finding:
    low, high = lesson.stop.profit.interval()
    return tell(
        "advice",
        "offer_does_nothing",
        "{offer}: stop it, it does not earn back its cost: each contact that looked worth it lost "
        "{least:,.2f} to {most:,.2f} ({sure:.1%} sure, however often one looks).",
        offer=offer,
        least=-high,
        most=-low,
        sure=lesson.stop.sure,
    )


_STOPS: Mapping[str, Callable[[str, Lesson], Finding]] = {
    "go on": _goes_on,
    "stop: harms": _harms,
    "stop: does nothing": _does_nothing,
}
