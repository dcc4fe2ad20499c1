"""How every test runs, and a small real data set that tests of models share."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Set
from pathlib import Path

# Before anything imports MLflow, which reports usage to its makers unless told not to.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# Before anything loads OpenMP, whose idle threads would keep a busy machine's cores spinning.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
if "PYTEST_XDIST_WORKER" in os.environ:  # one of several, each with a core of its own
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

from features import cdnow, company, intake, snapshot
from features.records import CONTRACTS
from features.settings import FeatureSettings, SparkSettings
from features.snapshot import Snapshot
from features.sources import Source
from features.store import Store
from serving.settings import FILE_VARIABLE, PREFIX, Settings
from tests.cluster import stand_alone
from training.model import Model
from training.retrain import lay_plan
from training.settings import TrainingSettings, TreeSettings

# Without deadlines, for a busy machine is no fault; the same examples in every run, so that a
# change is not blamed for an old fault. To look for old faults: --hypothesis-profile search.
settings.register_profile(
    "querencia",
    deadline=None,
    max_examples=40,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "search", settings.get_profile("querencia"), max_examples=1_000, derandomize=False
)
settings.load_profile("querencia")


@pytest.fixture(scope="session")
def make_store(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Store]:
    """Put transactions and other tables, as a user hands them in, into a store of their own."""

    def make(transactions: pd.DataFrame, *, currency: str = "EUR", **others: pd.DataFrame) -> Store:
        folder = tmp_path_factory.mktemp("data")
        tables = {"transactions": transactions, **others}
        for table in (table for table in CONTRACTS if table in tables):
            file = folder / f"{table}.parquet"
            tables[table].to_parquet(file)
            settings = FeatureSettings(currency=currency)
            intake.take_in(Source(file), CONTRACTS[table], folder, settings)
        intake.refer(folder)
        return Store(folder)

    return make


@pytest.fixture(scope="session")
def cdnow_settings() -> FeatureSettings:
    """The definitions of the fixtures below: no purchase in 90 days, in US dollars."""
    return FeatureSettings(currency=cdnow.CURRENCY)


@pytest.fixture(scope="session")
def quick() -> TrainingSettings:
    """Settings that train in a second: few trees, and the defaults for all else."""
    return TrainingSettings(trees=TreeSettings(rounds=30))


@pytest.fixture(scope="session")
def cdnow_store(make_store: Callable[..., Store]) -> Store:
    """Every tenth CDNOW customer, under ids that nothing but an id can look like."""
    rows = cdnow.transactions()
    rows = rows[rows["customer_id"].astype(int) % 10 == 4]
    named = rows.assign(customer_id="customer-" + rows["customer_id"])
    return make_store(named, currency=cdnow.CURRENCY)


@pytest.fixture(scope="session")
def cdnow_snapshots(cdnow_store: Store, cdnow_settings: FeatureSettings) -> Snapshot:
    """The CDNOW sample at all cut-offs a training uses. Not to be written to: it is shared."""
    plan = lay_plan(cdnow_store, cdnow_settings)
    return snapshot.take(
        cdnow_store.records(),
        (*plan.training, plan.evaluation),
        cdnow_settings,
        has=cdnow_store.has,
        observed_until=plan.scoring,
    )


@pytest.fixture(scope="session")
def past(
    cdnow_snapshots: Snapshot, cdnow_store: Store, cdnow_settings: FeatureSettings
) -> Snapshot:
    """The CDNOW sample at the training cut-offs."""
    return cdnow_snapshots.at(*lay_plan(cdnow_store, cdnow_settings).training)


@pytest.fixture(scope="session")
def later(cdnow_snapshots: Snapshot) -> Snapshot:
    """The CDNOW sample at the evaluation cut-off, 1998-04-01."""
    return cdnow_snapshots.at(cdnow_snapshots.provenance.cutoff)


@pytest.fixture(scope="session")
def model(past: Snapshot, later: Snapshot, quick: TrainingSettings) -> Model:
    """What a training on the CDNOW sample comes to."""
    return Model.fit(past, later, quick, margin_rate=1)


@pytest.fixture(scope="session")
def spark_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSettings]:
    """A stand-alone Spark cluster; a test that asks for it is skipped where pyspark is missing."""
    with stand_alone(tmp_path_factory.mktemp("spark")) as settings:
        yield settings


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, and nothing configured but by the test itself."""
    monkeypatch.chdir(tmp_path)
    for variable in {FILE_VARIABLE, *(name for name in os.environ if name.startswith(PREFIX))}:
        monkeypatch.setenv(variable, "")  # so that what a verb sets is taken back as well
        monkeypatch.delenv(variable)
    return tmp_path


@pytest.fixture(scope="session")
def company_tables() -> Mapping[str, pd.DataFrame]:
    """Every table of a simulated company of 3,000 customers. Not to be written to."""
    return company.simulate(3_000).tables


@pytest.fixture(scope="session")
def company_store(
    make_store: Callable[..., Store], company_tables: Mapping[str, pd.DataFrame]
) -> Store:
    """The records of the simulated company: every feature family has what it needs."""
    return make_store(**company_tables)


@pytest.fixture(scope="session")
def look_at_company(company_store: Store) -> Callable[..., tuple[Snapshot, Snapshot]]:
    """Labelled rows of the company at past cut-offs and at a later one, by some definition."""

    def look(
        store: Store = company_store, has: Set[str] = company_store.has, **definition: object
    ) -> tuple[Snapshot, Snapshot]:
        settings = FeatureSettings.model_validate({"cutoffs": 4, **definition})
        plan = lay_plan(store, settings)
        cutoffs = (*plan.training, plan.evaluation)
        taken = snapshot.take(
            store.records(), cutoffs, settings, has=has, observed_until=plan.scoring
        )
        return taken.labelled.at(*plan.training), taken.labelled.at(plan.evaluation)

    return look


@pytest.fixture(scope="session")
def company_past_and_later(
    look_at_company: Callable[..., tuple[Snapshot, Snapshot]],
) -> tuple[Snapshot, Snapshot]:
    """The company with every family, at past cut-offs and at a later one; not to be written to."""
    return look_at_company()


@pytest.fixture(scope="session")
def company_model(
    company_past_and_later: tuple[Snapshot, Snapshot], quick: TrainingSettings
) -> Model:
    """What a training on the company with every family comes to."""
    return Model.fit(*company_past_and_later, quick, margin_rate=0.4)


@pytest.fixture(scope="session")
def trained(
    cdnow_store: Store, cdnow_settings: FeatureSettings, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """A folder where the CDNOW sample was trained on, scored and flagged; it is shared.

    `data` and `store` lie beside a `querencia.toml` that says so.
    """
    return _trained("trained", cdnow_store, cdnow_settings, tmp_path_factory)


@pytest.fixture(scope="session")
def trained_company(company_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A folder as `trained` is, of the simulated company with all its tables; it is shared."""
    return _trained("company", company_store, FeatureSettings(), tmp_path_factory)


def _trained(
    name: str, store: Store, features: FeatureSettings, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """Trained once, however many processes run tests; each has a copy of its own."""
    from querencia import shows

    shared, own = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp(name)
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / name).is_dir():
            _train(store, _settings(features, shared / f"{name}.new"))
            (shared / f"{name}.new").rename(shared / name)
    shutil.copytree(shared / name, own, dirs_exist_ok=True)
    settings = _settings(features, own)
    (own / "querencia.toml").write_text(shows.configuration(settings))
    return settings


def _settings(features: FeatureSettings, folder: Path) -> Settings:
    return Settings.model_construct(
        data=folder / "data",
        store=folder / "mlruns",
        features=features.model_copy(update={"cutoffs": 3}),
        training=TrainingSettings(trees=TreeSettings(rounds=10)),
    )


def _train(store: Store, settings: Settings) -> None:
    from querencia import jobs

    shutil.copytree(store.folder, settings.data)
    jobs.train(settings, lambda _: None)
    jobs.score(settings, lambda _: None)
    jobs.flag(settings)
