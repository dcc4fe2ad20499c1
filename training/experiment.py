"""What the company's own trials teach: save rates, who is saved, and which offers to stop."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from features.snapshot import Snapshot
from training import leaving, taught, uplift
from training.bootstrap import Interval
from training.contacts import Contacts, Floats, Ints
from training.effects import BASE, RISK, Effects, Lesson
from training.grievance import Grievance
from training.model import Model
from training.qini import Qini, gain_interval, interval
from training.save_rates import Rate
from training.sequential import Sequence as Seen
from training.sequential import StopRule
from training.settings import MoneySettings, TrainingSettings
from training.trials import Trials
from training.uplift import KINDS, Kind, Uplift

FEWEST = 1_000
"""Contacts of an offer below which nobody asks what it does to each customer."""

FOLDS = 5
"""Groups of customers: what is said of each was learned from the others."""

SEGMENTS = "segments"
CANDIDATE: Kind = "x"
"""The learner that may replace the segments; chosen beforehand, so that none wins by luck."""

_WORTH = 0.1
"""Gain over the segments' Qini that would be worth having, by which more contacts are counted."""


def learn(
    model: Model,
    past: Snapshot,
    known: Snapshot,
    trials: Trials | None,
    settings: TrainingSettings,
) -> Effects:
    """What offers do.

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
    trees = effects.leaving or model.risk.trees
    effects = replace(effects, grievance=Grievance.of(trees, past))
    every = Contacts.of(model, effects, trials, known)
    lessons = {
        offer: lesson(
            offer,
            every.select(trials.about(offer)),
            effects.prior,
            settings,
            customers=len(known),
        )
        for offer in trials.offers
    }
    return replace(effects, offers=lessons)


def lesson(
    offer: str, contacts: Contacts, prior: Rate, settings: TrainingSettings, *, customers: int
) -> Lesson:
    """What the trials of one offer teach.

    Args:
        offer: Its name, for the findings.
        contacts: Its trials.
        prior: The save rate before them.
        settings: What money means, and the seed.
        customers: How many the company has, and so could contact.
    """
    stop = stop_rule(contacts, prior, settings.money)
    learned = Lesson(len(contacts.lost), contacts.save_rates(prior), stop)
    learned, more = _one_by_one(learned, contacts, prior, settings.random_state)
    last = (
        taught.taken(offer, learned)
        if learned.uplift
        else taught.not_yet(offer, learned.contacts, more, customers=customers)
    )
    return replace(learned, findings=(*taught.told(offer, learned), last))


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
    lesson: Lesson, contacts: Contacts, prior: Rate, random_state: int
) -> tuple[Lesson, int]:
    """The lesson with a learner of its own for each customer, where that is better.

    Returns:
        It, and how many more contacts that would take.
    """
    if lesson.contacts < FEWEST:
        return lesson, FEWEST - lesson.contacts
    said = held_out(contacts, prior, random_state=random_state)
    rankings = {name: contacts.qini(score) for name, score in said.items()}
    gain = gain_interval(
        rankings[CANDIDATE], rankings[SEGMENTS], contacts.customer, random_state=random_state
    )
    slope = _slope(contacts.effect, said[CANDIDATE])
    measures = dict(_measures(rankings, gain, contacts.customer, random_state))
    lesson = replace(lesson, measures=measures)
    # Better than segments that rank by chance, or worse, is not good enough.
    if min(gain.low, measures[f"qini_{CANDIDATE}_low"], slope.mean) <= 0:
        return lesson, _more(lesson.contacts, rankings, gain)
    learner = _learners(contacts, random_state)[CANDIDATE]
    return replace(lesson, uplift=learner, slope=Rate(min(slope.mean, 1.0), slope.sd)), 0


def held_out(contacts: Contacts, prior: Rate, *, random_state: int = 0) -> dict[str, Floats]:
    """What segments and each learner say of every contact, learned from other customers."""
    said = {name: np.empty(len(contacts.lost)) for name in (SEGMENTS, *KINDS)}
    customers = int(contacts.customer.max()) + 1
    group = np.random.default_rng(random_state).permutation(customers) % FOLDS
    for fold in range(FOLDS):
        out = group[contacts.customer] == fold
        seen, unseen = (contacts.select(np.flatnonzero(of)) for of in (~out, out))
        rates, _ = seen.save_rates(prior).of(unseen.segment, unseen.grievance)
        said[SEGMENTS][out] = rates * unseen.base
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
