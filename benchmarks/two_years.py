"""Two simulated years of weekly runs while files, disk, clock and processes fail.

    python benchmarks/two_years.py [--quick]

A simulated company hands in the rows of each week; `querencia`'s own schedule says when a run is
due and its own run reads, trains, promotes or not, scores and flags, in a process of its own. Every
other week something fails; what was refused is handed in again a week later, as the alert asks.
The clock is the benchmark's, the rest is the product's.

- `faults`: faults injected; each must be named by the log of a run, else the benchmark fails.
- `lost`: rows of the records that differ from those of a company whose weeks were all sound.
- `worse_promotions`: promotions after which other customers of the same kind, whom no model has
  seen, are told worse than before by more than the promotion's own 95 % interval: campaign profit
  and log loss over the horizon after it.
"""

import os
import sys

os.environ |= {"OMP_WAIT_POLICY": "passive", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
sys.path.pop(0)  # this folder, whose features.py is not the package

import argparse
import json
import logging
import resource
import signal
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from features import company, intake, snapshot
from features.cutoffs import midnight
from features.records import CONTRACTS
from features.settings import FeatureSettings, TableSettings
from features.sources import Source
from features.store import Store
from querencia import alerts, run, schedule, trust, watching
from querencia.jobs import models, records, reports
from serving.settings import Settings
from serving.upkeep import ScheduleSettings
from training import backtest, history
from training.candidate import Say
from training.history import History
from training.model import Model
from training.ranking import Ranking

START, FIRST_DAYS = pd.Timestamp("2024-01-01", tz="UTC"), 371
"""A Monday, and the days before the first run: just enough to train on."""

HORIZON, ZONE, OTHERS = 90, "Europe/Madrid", 20_000
EARLY, LOOKS = timedelta(hours=2, minutes=55), 80
"""Before a Monday's five o'clock in Madrid, in UTC, and the minutes somebody waits for it then."""

SLOW = ("mlflow", "mlflow.store.tracking.sqlalchemy_store", "xgboost", "matplotlib.figure")
"""Modules that every run would import anew; none starts a thread, and so all can be forked."""

CLOCKED = (run, models, records, reports, trust, alerts, watching, history)
"""Modules that look at the clock."""

FIGURES = ("gain", "low", "high", "loss", "loss_low", "loss_high")
TABLES = ("customers", "transactions", "surveys", "tickets", "contacts", "referrals", "offers")
Week = dict[str, pd.DataFrame]


Spoiled = tuple[Week | None, Week]
"""What is handed in, None where the files of before still lie there; and what comes a week late."""


def sound(week: Week) -> Spoiled:
    return week, {}


def late(week: Week) -> Spoiled:
    return None, week


def duplicate(week: Week) -> Spoiled:
    return {name: pd.concat([rows, rows]) for name, rows in week.items()}, {}


def day_missing(week: Week) -> Spoiled:
    rows = week["transactions"]
    days = rows["occurred_at"].dt.tz_convert(ZONE).dt.date
    gone = days == days.max() - timedelta(days=3)
    return {**week, "transactions": rows[~gone]}, {"transactions": rows[gone]}


def without_currency(week: Week) -> Spoiled:
    return {**week, "transactions": week["transactions"].drop(columns="currency")}, {}


def a_hundred_times(week: Week) -> Spoiled:
    rows = week["transactions"]
    return {**week, "transactions": rows.assign(amount=rows["amount"] * 100)}, {}


def emptied(week: Week) -> Spoiled:
    return {**week, "surveys": week["surveys"].head(0)}, {"surveys": week["surveys"]}


@dataclass(frozen=True)
class Fault:
    """Something that fails, and the words by which the log names it."""

    named: str
    spoil: Callable[[Week], Spoiled] = sound
    clock_days: int = 0
    fills_disk: bool = False
    is_killed: bool = False
    schedulers: int = 1


NONE = Fault("")
FAULTS: Mapping[str, Fault] = {
    "late files": Fault("transactions: nothing new came", late),
    "duplicate files": Fault("rows told nothing that was not known", duplicate),
    "a day missing": Fault("transactions: none on", day_missing),
    "currency gone": Fault("transactions: the source has no currency", without_currency),
    "prices x100": Fault("amounts are of another size", a_hundred_times),
    "a table emptied": Fault("surveys: its source is empty", emptied),
    "clock back": Fault("are dated in the future", clock_days=-14),
    "clock ahead": Fault("transactions: the last record is", clock_days=60),
    "disk full": Fault(" failed: ", fills_disk=True),
    "killed": Fault("The run was killed", is_killed=True),
    "two schedulers": Fault("Another run is at work", schedulers=2),
}
REFUSED = "Nothing that was read this time was added to the records"


@dataclass
class World:
    """A company, and the folder in which its records are read without a pause."""

    folder: Path
    customers: int
    weeks: int
    train_every_days: int
    clean: Path
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    owed: Week = field(default_factory=dict)
    known: Week = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        files = {name: TableSettings(path=str(self.file(name))) for name in TABLES}
        return Settings.model_construct(
            data=self.folder / "data",
            store=self.folder / "mlruns",
            tables=files,
            features=FeatureSettings(time_zone=ZONE, horizon_days=HORIZON, cutoffs=6),
            schedule=ScheduleSettings(
                train_every_days=self.train_every_days, evaluate_every_days=0
            ),
        )

    @cached_property
    def kinds(self) -> Mapping[str, "pd.Series[Any]"]:
        """The columns of each table and what they hold; an empty file has them too."""
        return {name: rows.dtypes for name, rows in self._tables(FIRST_DAYS).items()}

    def file(self, table: str) -> Path:
        return self.folder / "in" / f"{table}.parquet"

    def fresh(self, week: int) -> Week:
        """The rows that the company has now and had not, or not so, a week before."""
        now, before = self._tables(FIRST_DAYS + 7 * week), self.known
        self.known = now
        return {name: _new(now[name], before[name]) for name in TABLES} if before else now

    def _tables(self, until: int) -> Week:
        days = FIRST_DAYS + 7 * self.weeks
        return in_euros(company.simulate(self.customers, days=days, until=until).tables)


def _new(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    known = pd.util.hash_pandas_object(before, index=False)
    return now[~pd.util.hash_pandas_object(now, index=False).isin(known)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="13 weeks, each fault once")
    asked = parser.parse_args()
    for module in SLOW:
        import_module(module)
    warnings.simplefilter("ignore")  # what the models warn of is in their evidence
    with tempfile.TemporaryDirectory() as folder:
        if asked.quick:
            figures = two_years(Path(folder), 1_500, weeks=13, every=1, train_every_days=56)
        else:
            figures = two_years(Path(folder), 1_500, weeks=104, every=2, train_every_days=28)
    print(json.dumps(figures))
    if figures["named"] < figures["faults"]:
        raise SystemExit("not every fault was named")


def two_years(
    folder: Path, customers: int, *, weeks: int, every: int, train_every_days: int
) -> dict[str, int]:
    """Live through the weeks and print what happened; returns the figures."""
    world = World(folder, customers, weeks, train_every_days, folder / "clean")
    world.kinds  # noqa: B018 - found once, before there are other processes
    injected, named = 0, 0
    for week in range(weeks + 1):
        fresh, began = world.fresh(week), time.monotonic()
        in_children([partial(take_in, world, fresh)])
        name, fault = fault_of(week, weeks, every)
        told = lived(world, week, fresh, fault)
        injected += fault is not NONE
        named += (is_named := fault.named in told) and fault is not NONE
        words = fault.named if is_named else f"NOT NAMED: {told}"
        ended = "".join(str(each.outcome) for each in run.ended(world.settings.data)[-1:])
        seconds = time.monotonic() - began
        print(f"week {week:>3} {seconds:>4.0f} s  {ended:<8} {name:<16} {words}", flush=True)
    lost = sum(differing(Store(world.clean), Store(world.settings.data), table) for table in TABLES)
    worse = worse_promotions(world)
    return {"faults": injected, "named": named, "lost": lost, "worse_promotions": worse}


def fault_of(week: int, weeks: int, every: int) -> tuple[str, Fault]:
    """One every so many weeks, in turn; the last two are sound, so that all is handed in."""
    if week % every or not week or week > weeks - 2:
        return "", NONE
    return list(FAULTS.items())[(week // every - 1) % len(FAULTS)]


def lived(world: World, week: int, fresh: Week, fault: Fault) -> str:
    """One week: rows are handed in, the schedule makes a run, and somebody reads the log."""
    due = together(world.owed, fresh)
    handed, world.owed = fault.spoil(due)
    if handed is not None:
        in_children([lambda: hand_in(world, handed)])
    at = (START + pd.Timedelta(days=FIRST_DAYS + 7 * week + fault.clock_days)).to_pydatetime()
    told = with_clock(world, at + EARLY, fault)
    if fault.is_killed or fault.fills_disk:  # it is started again; room is made first
        told += with_clock(world, at + EARLY + timedelta(hours=3), NONE, by_hand=fault.fills_disk)
    if REFUSED in told:
        world.owed = due
    return told


def with_clock(world: World, at: datetime, fault: Fault, *, by_hand: bool = False) -> str:
    """What the log says from this instant until the next run ended."""
    step = str(world.rng.choice([*run.STEPS]))
    delay = float(world.rng.uniform(0, 0.5))

    def act() -> None:
        clock = Clock(at)
        with ExitStack() as patched:
            for module in CLOCKED:
                patched.enter_context(patch.object(module, "datetime", clock.as_datetime()))
            if fault.is_killed:
                patched.enter_context(in_step(step, lambda: kill_after(delay)))
            if fault.fills_disk:
                patched.enter_context(in_step(step, fill_disk))
            log = logging.getLogger("querencia")
            if by_hand:
                run.run(world.settings, log.debug)
            else:
                made = lambda due: run.run(world.settings, log.debug, due=due)  # noqa: E731
                schedule.keep(world.settings, made, rounds=LOOKS, clock=clock.now, wait=clock.wait)

    return in_children([act] * fault.schedulers)


class Clock:
    """Tells the time from an instant on, as fast as the real one; who waits is there at once."""

    def __init__(self, at: datetime) -> None:
        self._ahead = at - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def wait(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

    def as_datetime(self) -> type[datetime]:
        """The class `datetime`, by this clock."""
        told = self.now

        class At(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return told().astimezone(tz)

        return At


@contextmanager
def in_step(step: str, spoil: Callable[[], Callable[[], None]]) -> Iterator[None]:
    """Spoil a step as it begins, and do what that asks for as it ends."""
    do = run.STEPS[step]

    def spoiled(settings: Settings, say: Say) -> run.Came:
        finish = spoil()
        came = do(settings, say)
        finish()
        return came

    with patch.object(run, "STEPS", {**run.STEPS, step: spoiled}):
        yield


def kill_after(seconds: float) -> Callable[[], None]:
    """Kill this process after so many seconds, at the latest when the step is done."""

    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Timer(seconds, kill).start()
    return kill


def fill_disk() -> Callable[[], None]:
    """From now on no file of this process can grow over a kilobyte."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
    return lambda: None


def in_children(acts: Sequence[Callable[[], None]]) -> str:
    """Do each in a process of its own, at once; returns what they logged."""
    pipes = [os.pipe() for _ in acts]
    children = []
    for act, (_, write) in zip(acts, pipes, strict=True):
        child = os.fork()
        if not child:
            _as_child(act, write)
        children.append(child)
    for _, write in pipes:
        os.close(write)
    texts = [os.fdopen(read).read() for read, _ in pipes]
    for child in children:
        os.waitpid(child, 0)
    return "".join(texts)


def _as_child(act: Callable[[], None], write: int) -> NoReturn:
    logging.basicConfig(stream=os.fdopen(write, "w", buffering=1), force=True)
    logging.getLogger("querencia").setLevel(logging.INFO)
    try:
        act()
    except BaseException:
        logging.getLogger("querencia").exception("it failed")
    os._exit(0)


# Rows


def in_euros(tables: Week) -> Week:
    return {**tables, "transactions": tables["transactions"].assign(currency="EUR")}


def together(first: Week, then: Week) -> Week:
    return {
        name: pd.concat([first[name], rows]) if name in first else rows
        for name, rows in then.items()
    }


def hand_in(world: World, week: Week) -> None:
    """Write a week's rows where the configuration says that the tables are."""
    for name, kinds in world.kinds.items():
        rows = week[name] if name in week else pd.DataFrame(columns=[*kinds.index])
        there = [column for column in kinds.index if column in rows]
        world.file(name).parent.mkdir(exist_ok=True)
        rows[there].astype(kinds[there].to_dict()).to_parquet(world.file(name))


def take_in(world: World, week: Week) -> None:
    """Append a week's rows to the records of the company without faults."""
    for name in TABLES:
        path = world.clean / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        week[name].to_parquet(path)
        intake.append(Source(path), CONTRACTS[name], world.clean, world.settings.features)
    intake.refer(world.clean)


def differing(clean: Store, store: Store, table: str) -> int:
    """Rows that one of them has and the other has not, or has otherwise."""
    one, other = (
        pd.util.hash_pandas_object(pq.read_table(each.path(table)).to_pandas(), index=False)
        for each in (clean, store)
    )
    return int((~one.isin(other)).sum() + (~other.isin(one)).sum()) + abs(len(one) - len(other))


# Truth


def worse_promotions(world: World) -> int:
    """Champions that tell others of the kind worse than the one before, beyond their interval."""
    log = [each for each in History(world.settings.store).entries() if each.what == "promoted"]
    kind = Kind.of(world)
    print("\npromoted on   profit per customer: said, and came       log loss: said, and came")
    worse = 0
    for entry in log[1:]:
        said: Mapping[str, Any] = entry.findings[0].figures
        gain, low, high, loss, loss_low, loss_high = (float(said.get(n, 0.0)) for n in FIGURES)
        assert entry.champion is not None
        came, loss_came = kind.gains(entry.champion, entry.version, entry.at)
        worse += (is_worse := came < min(low, 0) or loss_came > max(loss_high, 0))
        print(
            f"{entry.at:%Y-%m-%d}    {gain:+.4f} ({low:+.4f}, {high:+.4f}) {came:+.4f}"
            f"      {loss:+.4f} ({loss_low:+.4f}, {loss_high:+.4f}) {loss_came:+.4f}"
            f"  {entry.findings[0].name}{' WORSE' * is_worse}",
            flush=True,
        )
    return worse


@dataclass(frozen=True)
class Kind:
    """Many other customers of the same kind, whom no model has seen."""

    store: Store
    settings: Settings

    @classmethod
    def of(cls, world: World) -> "Kind":
        days = FIRST_DAYS + 7 * world.weeks + HORIZON + 7
        others = company.simulate(OTHERS, days=days, random_state=1)
        take_in(replace(world, clean=world.folder / "others"), in_euros(others.tables))
        return cls(Store(world.folder / "others"), world.settings)

    def gains(self, before: int, after: int, at: datetime) -> tuple[float, float]:
        """By how much one version's profit per customer and log loss are above another's."""
        settings, registry = self.settings, self.settings.registry
        cutoff = midnight(at.date(), ZONE).astimezone(UTC)  # so that a day is 24 hours
        said, clv = {}, 0.0
        for number in (before, after):
            version = registry.version(number)
            assert version is not None
            model = Model.load(registry.fetch(version))
            rows = snapshot.take(
                self.store.records(themes=model.themes),
                [cutoff],
                settings.features,
                has=frozenset(model.provenance.records),
                themes=model.themes,
                observed_until=cutoff + timedelta(days=HORIZON),
            ).labelled.untreated
            risk = model.risk.predict(rows.rows)
            clv = float(model.value_at_stake(model.prospects(rows.rows), risk)[1].mean())
            said[number] = Ranking.of(rows.churned, risk)
        measure = backtest.risk_measures(clv, settings.training.money)
        old, new = (measure(said[number]) for number in (before, after))
        return new["profit_score"] - old["profit_score"], new["log_loss"] - old["log_loss"]


if __name__ == "__main__":
    main()
