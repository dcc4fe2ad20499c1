"""What a feature family is: features that are calculated from the same records."""

from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from functools import lru_cache, wraps
from typing import Any, Generic, TypeVar

from numpy.typing import NDArray

from features.asof import Pairs
from features.feature import Feature, View
from features.records import Records
from features.timeline import Ints

Answer = TypeVar("Answer")


def once(answer: Callable[[View], Answer]) -> Callable[[View], Answer]:
    """Remember an answer of a view that others rest on; nobody may write into it."""
    name = f"_{answer.__name__}_once"

    @wraps(answer)
    def remembered(view: View) -> Answer:
        if name not in vars(view):
            setattr(view, name, answer(view))
        known: Answer = getattr(view, name)
        return known

    return remembered


@dataclass(frozen=True)
class Look:
    """What a family looks at: records, of which customers, and as of when.

    Attributes:
        records: The tables, as far as the company has them.
        pairs: The customers and cut-offs to tell of.
        last_days: The calendar day each cut-off looks back from, the last it has seen whole: (k,).
        windows: Days before the cut-offs that the features wanted look at.
    """

    records: Records
    pairs: Pairs
    last_days: Ints
    windows: frozenset[int] = frozenset()


@dataclass(frozen=True, eq=False)
class Family(Generic[View]):
    """Features that are calculated from the same records.

    Attributes:
        name: What the provenance calls it.
        needs: Tables ("surveys") and columns ("transactions.promised_at") it cannot do without;
            where one is missing, the family steps aside.
        view: Prepares the look-ups its features share.
        features: The columns it adds to a snapshot.
    """

    name: str
    needs: tuple[str, ...]
    view: Callable[[Look], View]
    features: tuple[Feature[View], ...]

    def present(self, has: Set[str]) -> tuple[Feature[View], ...]:
        """The features that these tables and columns carry, none where the family steps aside."""
        return _present(self, frozenset(has))

    def columns(
        self, look: Look, has: Set[str], only: Set[str] | None = None
    ) -> dict[str, NDArray[Any]]:
        """The features present by name, `only` some if asked, each of shape (pairs,)."""
        wanted = [f for f in self.present(has) if only is None or f.name in only]
        if not wanted:
            return {}
        windows = frozenset(f.window_days for f in wanted if f.window_days)
        view = self.view(replace(look, windows=windows))
        return {feature.name: feature.value(view) for feature in wanted}


@lru_cache(maxsize=256)
def _present(family: Family[View], has: frozenset[str]) -> tuple[Feature[View], ...]:
    if not has >= set(family.needs):
        return ()
    return tuple(feature for feature in family.features if has >= set(feature.needs))
