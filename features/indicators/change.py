"""What changed from one period to another: other customers, or the same ones otherwise."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

from features.errors import QuerenciaError
from features.indicators.figures import Figure
from features.indicators.reading import Reading

Group = str | None


class Part(NamedTuple):
    """What one group adds to a change, in the indicator's unit."""

    mix: float
    rate: float


@dataclass(frozen=True)
class Change:
    """The change of a mean or share, split into mix and rate.

    With w_g a group's share of n and r_g its value, early and late, and m the mean of the two
    overall values, a group adds

        mix_g  = (w_g' - w_g) * ((r_g + r_g') / 2 - m)
        rate_g = (w_g + w_g') / 2 * (r_g' - r_g)

    which add up exactly to the change overall (Kitagawa 1955, Components of a Difference Between
    Two Rates, eq. 3; m changes no total, for the w add up to 1 each time). A group of one period
    alone is all mix.

    Attributes:
        early: The value overall before; and
        late: after.
        parts: What each group adds.
    """

    early: float
    late: float
    parts: Mapping[Group, Part]

    @property
    def total(self) -> float:
        """How much it changed."""
        return self.late - self.early

    @property
    def mix(self) -> float:
        """What comes of groups growing and shrinking."""
        return sum(part.mix for part in self.parts.values())

    @property
    def rate(self) -> float:
        """What comes of values changing within groups."""
        return sum(part.rate for part in self.parts.values())

    @classmethod
    def of(cls, early: Mapping[Group, Figure], late: Mapping[Group, Figure]) -> Self:
        """Split the change of an indicator that is a mean, by its figures of each group."""
        groups = [*early, *(group for group in late if group not in early)]
        first, last = _overall(early), _overall(late)
        middle = (first + last) / 2
        return cls(first, last, {g: _part(early, late, g, middle) for g in groups})


def _overall(figures: Mapping[Group, Figure]) -> float:
    return sum(_weight(figures, group) * figures[group].value for group in figures)


def _weight(figures: Mapping[Group, Figure], group: Group) -> float:
    total = sum(figure.n for figure in figures.values())
    return figures[group].n / total if group in figures else 0.0


def _part(
    early: Mapping[Group, Figure], late: Mapping[Group, Figure], group: Group, middle: float
) -> Part:
    before, after = (_weight(figures, group) for figures in (early, late))
    first = (early if group in early else late)[group].value
    last = (late if group in late else early)[group].value
    return Part(
        (after - before) * ((first + last) / 2 - middle), (before + after) / 2 * (last - first)
    )


def changes(early: Iterable[Reading], late: Iterable[Reading]) -> Mapping[str, Change]:
    """The changes of all indicators that are means and were read by groups in both periods.

    Raises:
        QuerenciaError: where an indicator was read under another definition.
    """
    before, after = _by_name(early), _by_name(late)
    return {
        name: Change.of(
            {reading.group: reading.figure for reading in _same(before[name], after[name])},
            {reading.group: reading.figure for reading in after[name]},
        )
        for name in after
        if name in before
    }


def _by_name(readings: Iterable[Reading]) -> dict[str, list[Reading]]:
    named: dict[str, list[Reading]] = {}
    for reading in readings:
        if reading.indicator.statistic.is_mean:
            named.setdefault(reading.indicator.name, []).append(reading)
    return named


def _same(early: list[Reading], late: list[Reading]) -> list[Reading]:
    """The early readings, if they were made under the definition of the late ones."""
    versions = {reading.indicator.version for reading in (*early, *late)}
    if len(versions) > 1:
        raise QuerenciaError(
            f"{late[0].indicator.name} was read under two definitions: {', '.join(versions)}. "
            "Read both periods anew."
        )
    return early
