"""The album is what a snapshot of all records would be, and no more is written than must be."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from features import changes, snapshot
from features.album import Album
from features.company import simulate
from features.intake import append, refer, take_in
from features.records import CONTRACTS
from features.settings import FeatureSettings
from features.sources import Source
from features.store import Store

Tables = Mapping[str, pd.DataFrame]

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
CUTOFFS = tuple(BEGIN + timedelta(days=days) for days in (100, 160, 220, 280))
SETTINGS = FeatureSettings(horizon_days=60)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return simulate(200, days=300).tables


def read(folder: Path, tables: Tables, how: Callable[..., object]) -> None:
    for name, contract in CONTRACTS.items():
        if name in tables and len(tables[name]):
            tables[name].to_parquet(folder / f"{name}.day.parquet")
            how(Source(folder / f"{name}.day.parquet"), contract, folder, SETTINGS)
    refer(folder)


def split(tables: Tables, instant: datetime) -> tuple[Tables, Tables]:
    """What had happened before an instant, and what happened later."""
    before = {n: rows[CONTRACTS[n].time] < instant for n, rows in tables.items()}
    return (
        {name: rows[before[name]] for name, rows in tables.items()},
        {name: rows[~before[name]] for name, rows in tables.items()},
    )


def album(folder: Path, until: datetime) -> Album:
    return Album(Store(folder), SETTINGS, until)


def shown(kept: Album) -> pd.DataFrame:
    rows = pd.concat(
        [pq.read_table(path).to_pandas() for path in kept.folder.glob("*.parquet")],
        ignore_index=True,
    )
    return rows.astype({"customer_id": str}).sort_values(["cutoff", "customer_id"])


def whole(kept: Album, *cutoffs: datetime) -> pd.DataFrame:
    store = kept.store
    taken = snapshot.take(
        store.records(), cutoffs, SETTINGS, has=store.has, observed_until=kept.until
    )
    return taken.rows.astype({"customer_id": str}).sort_values(["cutoff", "customer_id"])


def equal(kept: Album, *cutoffs: datetime) -> None:
    expected = whole(kept, *cutoffs).reset_index(drop=True)
    pd.testing.assert_frame_equal(shown(kept).reset_index(drop=True), expected, check_exact=True)


def written(kept: Album) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in kept.folder.glob("*.parquet")}


def test_what_is_appended_day_by_day_equals_a_look_at_everything(
    tables: Tables, tmp_path: Path
) -> None:
    first, rest = split(tables, CUTOFFS[1])
    read(tmp_path, first, take_in)
    album(tmp_path, CUTOFFS[1]).update(CUTOFFS[:2])
    for end in CUTOFFS[2:]:
        day, rest = split(rest, end)
        read(tmp_path, day, append)
        kept = album(tmp_path, end)
        known = [cutoff for cutoff in CUTOFFS if cutoff <= end]
        assert kept.update(known)
        equal(kept, *known)
        assert kept.update(known) == tuple(
            cutoff for cutoff in known if cutoff + timedelta(days=60) > end
        )


@pytest.fixture
def folder(tables: Tables, tmp_path: Path) -> Path:
    """With an album as of the last cut-off: the horizons of the first three have closed."""
    read(tmp_path, split(tables, CUTOFFS[3])[0], take_in)
    album(tmp_path, CUTOFFS[3]).update(CUTOFFS)
    return tmp_path


def sell(folder: Path, when: datetime, **columns: object) -> None:
    """One purchase more of a customer who had bought before the first cut-off."""
    buyer = pq.read_table(album(folder, when).path(CUTOFFS[0]))["customer_id"][0].as_py()
    sold = {"transaction_id": f"of {when}", "customer_id": buyer, "occurred_at": when}
    read(folder, {"transactions": pd.DataFrame([sold | {"amount": 9.5} | columns])}, append)


def test_a_purchase_of_today_leaves_closed_horizons_alone(folder: Path) -> None:
    kept = album(folder, CUTOFFS[3] + timedelta(days=1))
    before = written(kept)
    sell(folder, CUTOFFS[3] + timedelta(hours=1))
    assert kept.update(CUTOFFS) == CUTOFFS[3:]
    same = {name for name, number in written(kept).items() if before[name] == number}
    assert same == {kept.path(cutoff).name for cutoff in CUTOFFS[:3]}
    equal(kept, *CUTOFFS)


def test_a_late_record_changes_every_cutoff_it_says_something_of(folder: Path) -> None:
    kept = album(folder, CUTOFFS[3])
    sell(folder, CUTOFFS[1] + timedelta(days=1), recorded_at=CUTOFFS[3] - timedelta(hours=1))
    assert kept.update(CUTOFFS) == CUTOFFS[1:]
    equal(kept, *CUTOFFS)


def test_whoever_is_erased_is_in_no_cutoff(folder: Path, tables: Tables) -> None:
    gone = str(tables["transactions"]["customer_id"].iloc[0])
    erased = pd.DataFrame([{"customer_id": gone, "erased_at": CUTOFFS[3] - timedelta(hours=1)}])
    read(folder, {"customers": erased}, append)
    kept = album(folder, CUTOFFS[3])
    assert gone in set(shown(kept)["customer_id"])
    kept.update(CUTOFFS)
    assert gone not in set(shown(kept)["customer_id"])
    equal(kept, *CUTOFFS)


def test_other_definitions_are_another_album(folder: Path) -> None:
    kept = Album(Store(folder), SETTINGS.model_copy(update={"horizon_days": 30}), CUTOFFS[3])
    assert kept.update(CUTOFFS) == CUTOFFS


def test_records_read_anew_are_looked_at_anew(folder: Path, tables: Tables) -> None:
    read(folder, split(tables, CUTOFFS[2])[0], take_in)
    kept = album(folder, CUTOFFS[3])
    assert kept.update(CUTOFFS) == CUTOFFS
    equal(kept, *CUTOFFS)


def test_cutoffs_no_longer_wanted_are_removed(folder: Path) -> None:
    kept = album(folder, CUTOFFS[3])
    kept.update(CUTOFFS[1:])
    equal(kept, *CUTOFFS[1:])


def test_a_job_that_died_is_made_good_by_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed when the files were written and what had changed was not forgotten yet."""
    kept = album(folder, CUTOFFS[3])
    sell(folder, CUTOFFS[1] + timedelta(days=1), recorded_at=CUTOFFS[3] - timedelta(hours=1))
    with monkeypatch.context() as patched:
        patched.setattr(changes, "settle", lambda _: None)
        kept.update(CUTOFFS)
    assert kept.update(CUTOFFS) == CUTOFFS[1:]
    equal(kept, *CUTOFFS)
