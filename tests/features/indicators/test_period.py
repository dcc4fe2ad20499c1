"""The days indicators are read over."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from features.errors import QuerenciaError
from features.indicators.period import Period, last_day
from features.store import Store
from tests.features.indicators.quarter import QUARTER


def test_a_period_holds_its_first_and_its_last_day() -> None:
    period = Period.of(date(2024, 3, 1), date(2024, 3, 31), "Europe/Madrid")
    assert period.start == datetime(2024, 2, 29, 23, tzinfo=UTC)
    assert period.end == datetime(2024, 3, 31, 22, tzinfo=UTC)  # the clocks went forward
    assert period.days == pytest.approx(31 - 1 / 24)


def test_the_period_before_is_as_long_and_ends_where_it_starts() -> None:
    before = QUARTER.before
    assert before.end == QUARTER.start
    assert before.days == QUARTER.days == 91


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(QuerenciaError, match="must end after it starts"):
        Period.of(date(2024, 2, 1), date(2024, 1, 1), "UTC")


def test_the_last_day_is_that_of_the_last_purchase(quarter_store: Store) -> None:
    assert last_day(quarter_store) == date(2024, 6, 25)  # a ticket came later


def test_without_purchases_it_is_that_of_any_record(
    make_store: Callable[..., Store], tables: dict[str, pd.DataFrame]
) -> None:
    store = make_store(**tables)
    store.path("transactions").unlink()
    assert last_day(Store(store.folder)) == date(2024, 6, 29)


def test_without_records_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(QuerenciaError, match="querencia check"):
        last_day(Store(tmp_path))
