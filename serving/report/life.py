"""Stages of life: how many are where, where they went, and how soon the next one comes."""

from collections.abc import Mapping
from dataclasses import dataclass

from features.indicators.figures import Figure
from features.indicators.period import Period
from features.settings import FeatureSettings
from features.stages import STAGES, Stage, Step, counts, steps, transitions
from features.store import Store


@dataclass(frozen=True)
class Life:
    """The stages.

    Attributes:
        period: Over which customers moved.
        before: Customers by stage at its start; and
        now: at its end.
        moved: Of those in a stage at its start, the share in each at its end.
        learned_over: The period of
        steps: chance and time of the next stage.
    """

    period: Period
    before: Mapping[Stage, int]
    now: Mapping[Stage, int]
    moved: Mapping[tuple[Stage, Stage], Figure]
    learned_over: Period
    steps: tuple[Step, ...]

    @property
    def starts(self) -> tuple[Stage, ...]:
        """The stages that customers were in at the period's start."""
        return tuple(stage for stage in STAGES if any(early == stage for early, _ in self.moved))


def life(store: Store, settings: FeatureSettings, period: Period, *, learned_over: Period) -> Life:
    """How customers moved between stages.

    Args:
        store: The records.
        settings: The definitions.
        period: Over which they moved.
        learned_over: Over which to learn chance and time of the next stage.
    """
    return Life(
        period,
        counts(store, settings, at=period.start),
        counts(store, settings, at=period.end),
        transitions(store, settings, period),
        learned_over,
        steps(store, settings, learned_over),
    )
