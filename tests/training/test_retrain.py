"""The training job: its evidence on real purchases, what it leaves in MLflow, whom it promotes."""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow.entities import Run as MlflowRun
from mlflow.models import Model as Card
from mlflow.models import infer_signature

from features import cdnow
from features.errors import QuerenciaError
from features.files import locked
from features.settings import FeatureSettings
from features.snapshot import Snapshot
from features.store import Store
from training import retrain as module
from training.backtest import SERVED, Measures
from training.champion import CHALLENGER, CHAMPION, TRAINED, Champion
from training.drift import RISK, Population
from training.history import History
from training.model import FORMAT, Model
from training.promotion import Promotion
from training.registry import Registry
from training.retrain import POPULATION, Training, examined, lay_plan, retrain
from training.scoring import COLUMNS, score
from training.settings import MoneySettings, TrainingSettings
from training.tracking import EXPERIMENT

MakeStore = Callable[..., Store]
START = datetime(2023, 1, 1, tzinfo=UTC)
CUTOFFS = 3
FEW = 1_500
BASELINES = ("baseline_rfm", "baseline_recency", "naive_rate")


@dataclass
class Job:
    """A training that was run: what it came to, where it wrote, and what it said."""

    training: Training
    registry: Registry
    said: list[str]

    @property
    def run(self) -> MlflowRun:
        return self.registry.store.client.get_run(self.training.version.run_id)

    @property
    def artifacts(self) -> Path:
        return Path(self.run.info.artifact_uri.removeprefix("file://"))


def train(
    store: Store, registry: Registry, features: FeatureSettings, settings: TrainingSettings
) -> Job:
    said: list[str] = []
    return Job(retrain(store, registry, features, settings, say=said.append), registry, said)


@pytest.fixture(scope="module")
def job(
    make_store: MakeStore, cdnow_settings: FeatureSettings, tmp_path_factory: pytest.TempPathFactory
) -> Job:
    """A training under the default settings on all 23,570 customers of CDNOW, at few cut-offs."""
    registry = Registry(tmp_path_factory.mktemp("cdnow"))
    few = cdnow_settings.model_copy(update={"cutoffs": CUTOFFS})
    return train(
        make_store(cdnow.transactions(), currency=cdnow.CURRENCY), registry, few, TrainingSettings()
    )


@pytest.fixture(scope="module")
def jobs(
    cdnow_store: Store,
    cdnow_settings: FeatureSettings,
    quick: TrainingSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Job]:
    """Trainings on a sample: one, the same again, and one under other settings from `FEW`."""
    registry = Registry(tmp_path_factory.mktemp("sample"))
    shorter = cdnow_settings.model_copy(update={"horizon_days": 60})
    other = {"money": MoneySettings(margin_rate=0.4), "most_customers": FEW}
    poorer = quick.model_copy(update=other)
    return [
        train(cdnow_store, registry, features, settings)
        for features, settings in (
            (cdnow_settings, quick),
            (cdnow_settings, quick),
            (shorter, poorer),
        )
    ]


# Evidence


def test_cutoffs_lie_before_the_period_a_model_is_judged_on(job: Job) -> None:
    plan = job.training.plan
    assert plan.evaluation == datetime(1998, 4, 1, tzinfo=UTC)
    assert plan.scoring == datetime(1998, 7, 1, tzinfo=UTC)
    assert len(plan.training) == CUTOFFS
    assert max(plan.training) + timedelta(days=90) <= plan.evaluation


def test_the_served_model_is_as_good_on_a_later_period_as_was_measured(job: Job) -> None:
    served = job.training.evidence.risk[SERVED]
    assert served["auc_score"] >= 0.835
    assert served["log_loss"] <= 0.304
    assert served["calibration_loss"] <= 0.02


def test_the_served_model_beats_every_baseline(job: Job) -> None:
    risk = job.training.evidence.risk
    for name in BASELINES:
        for measure in ("log_loss", "brier_loss", "calibration_loss"):
            assert risk[SERVED][measure] < risk[name][measure]
        for measure in ("auc_score", "profit_score"):
            assert risk[SERVED][measure] > risk[name][measure]


def test_the_served_model_is_no_worse_than_any_member(job: Job) -> None:
    risk = job.training.evidence.risk
    members = set(risk) - {SERVED, *BASELINES}
    assert members == {job.run.data.params["training.purchases"], "logistic", "trees"}
    best = min(risk[name]["log_loss"] for name in members)
    assert risk[SERVED]["log_loss"] <= best + 0.001


def test_expected_amounts_are_nearer_than_the_naive_rate(job: Job) -> None:
    value = job.training.evidence.value
    for amount in ("purchases", "spend"):
        served, naive = value[f"{SERVED} {amount}"], value[f"naive_rate {amount}"]
        for measure in ("mae_loss", "rmse_loss"):
            assert served[measure] < naive[measure]
        assert served["gini_score"] > naive["gini_score"]
        assert abs(served["total_bias"]) < abs(naive["total_bias"])


# What is left in MLflow


def children(job: Job) -> dict[str, MlflowRun]:
    return _children(job, job.run.info.run_id)


def _children(job: Job, parent: str) -> dict[str, MlflowRun]:
    experiment = job.registry.store.client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    found = job.registry.store.client.search_runs(
        [experiment.experiment_id], f"tags.mlflow.parentRunId = '{parent}'"
    )
    return {run.info.run_name: run for run in found}


def test_the_run_tells_when_how_and_how_well(job: Job) -> None:
    run, evidence = job.run, job.training.evidence
    assert (run.info.run_name, run.info.status) == ("train 1998-04-01", "FINISHED")
    assert run.data.tags["promoted"] == "True"
    assert run.data.tags["reason"] == job.training.promotion.reason
    assert evidence.risk[SERVED].items() <= run.data.metrics.items()
    spend = evidence.value[f"{SERVED} spend"]
    assert run.data.metrics["spend_gini_score"] == spend["gini_score"]
    assert job.training.version.metrics == run.data.metrics


def test_every_setting_is_a_parameter_of_the_run(job: Job) -> None:
    params = job.run.data.params
    assert {
        "features.horizon_days": "90",
        "features.churn": "inactivity",
        "features.currency": "USD",
        "training.trees.rounds": "250",
        "training.money.offer_cost": "10",
        "training_cutoffs": str(CUTOFFS),
        "training_rows": str(CUTOFFS * 23_570),
        "margin_rate": "1.0",
    }.items() <= params.items()
    assert float(params["purchases.r"]) > 0


def test_every_model_judged_has_a_child_run_with_its_measures(job: Job) -> None:
    runs = children(job)
    assert runs.keys() == job.training.evidence.risk.keys()
    for name, measures in job.training.evidence.risk.items():
        assert runs[name].info.status == "FINISHED"
        assert runs[name].data.metrics == measures


def test_the_evidence_and_the_provenance_can_be_read_again(job: Job) -> None:
    evidence: dict[str, Measures] = json.loads((job.artifacts / "evidence.json").read_text())
    assert evidence["risk"] == job.training.evidence.risk
    assert evidence["value"] == job.training.evidence.value
    provenance = json.loads((job.artifacts / "provenance.json").read_text())
    assert provenance["horizon_days"] == 90
    assert provenance["churn"] == "inactivity"
    assert len(provenance["cutoffs"]) == CUTOFFS


def test_every_measure_has_an_interval_and_one_time_buyers_are_judged_apart(job: Job) -> None:
    evidence = json.loads((job.artifacts / "evidence.json").read_text())
    served = evidence["intervals"][SERVED]
    assert {"auc_score", "pr_auc_score", "log_loss", "profit_score"} < served.keys()
    for name in ("auc_score", "pr_auc_score", "log_loss", "brier_loss", "profit_score"):
        assert served[name]["low"] < served[name]["value"] < served[name]["high"]
    assert evidence["by_purchases"].keys() == {"one-time buyers", "repeat buyers"}
    counted = [part[SERVED]["customers"] for part in evidence["by_purchases"].values()]
    assert sum(counted) == 23_570
    assert len(evidence["reliability"]) == 10


def test_the_model_card_can_be_read(job: Job) -> None:
    told = (job.artifacts / "model_card.md").read_text()
    served = job.training.evidence.risk[SERVED]
    assert told.startswith("# Model card")
    assert "23,570 customers of a later period" in told
    assert f"{served['auc_score']:.4f} (" in told
    assert "- one-time buyers: 12," in told or "- one-time buyers: 11," in told
    assert "customer-" not in told


def test_a_rehearsal_has_a_run_with_a_run_per_candidate(jobs: list[Job]) -> None:
    first, runs = jobs[0], children(jobs[0])
    rehearsals = first.training.evidence.rehearsals
    assert list(rehearsals) == ["1997-10-01", "1998-01-01"]
    for cutoff, measures in rehearsals.items():
        rehearsal = runs[f"as of {cutoff}"]
        assert rehearsal.data.metrics == measures[SERVED]
        nested = _children(first, rehearsal.info.run_id)
        assert nested.keys() == measures.keys()
        assert nested["trees"].data.metrics == measures["trees"]


def test_the_pictures_are_there(job: Job) -> None:
    pictures = {path.name: path.read_bytes() for path in (job.artifacts / "plots").iterdir()}
    assert pictures.keys() == {"calibration.png", "lift.png", "tracking.png"}
    assert all(picture.startswith(b"\x89PNG") for picture in pictures.values())


def test_the_model_registered_has_a_signature_and_an_example(job: Job, later: Snapshot) -> None:
    card = Card.load(job.registry.fetch(job.training.version))
    assert card.signature is not None
    assert card.signature.inputs.input_names() == list(later.names)
    columns = [column.name for column in COLUMNS if column.name != "customer_id"]
    assert card.signature.outputs.input_names() == columns
    example = pd.DataFrame(card.load_input_example(str(job.registry.fetch(job.training.version))))
    assert list(example.columns) == list(later.names)
    assert len(example) == 5
    assert not any(column.required for column in card.signature.inputs.inputs)


def test_the_version_registered_is_the_model_that_was_judged(
    jobs: list[Job], later: Snapshot
) -> None:
    first = jobs[0]
    registered = Model.load(first.registry.fetch(first.training.version))
    at_stake = score(registered, later).rows["value_at_stake"].mean()
    assert at_stake == pytest.approx(first.training.evidence.clv)
    assert first.training.version.tags["trained_as_of"] == "1998-04-01T00:00:00+00:00"
    assert first.training.version.tags["churn"] == "inactivity"


def test_steps_are_told_as_they_are_taken(job: Job) -> None:
    assert job.said == [
        f"features of every customer at {CUTOFFS + 1} cut-offs",
        "rehearsals at earlier cut-offs",
        f"churn and value models from {CUTOFFS * 23_570:,} rows",
        "evidence on 23,570 customers after 1998-04-01",
    ]


# Churn definitions


@pytest.fixture(scope="module")
def subscriptions(make_store: MakeStore, company_tables: Mapping[str, pd.DataFrame]) -> Store:
    """The simulated company, whose customers' contracts end half a year after the last purchase."""
    sold = company_tables["transactions"]
    last = sold.groupby("customer_id")["occurred_at"].max()
    customers = company_tables["customers"]
    ends = customers["customer_id"].map(last) + pd.Timedelta(days=180)
    ended = ends.where(ends < sold["occurred_at"].max())
    return make_store(sold, customers=customers.assign(contract_ends_at=ended))


@pytest.mark.parametrize(
    ("churn", "artifacts"),
    [
        ("decline", []),
        ("rhythm", ["plots/rhythm_factor.png", "rhythm_factor.json", "rhythm_factor.txt"]),
        ("contract", ["plots/survival.png", "survival.json"]),
    ],
)
def test_every_churn_definition_is_trained_judged_and_served(
    subscriptions: Store, quick: TrainingSettings, tmp_path: Path, churn: str, artifacts: list[str]
) -> None:
    features = FeatureSettings.model_validate({"churn": churn, "cutoffs": 5})
    job = train(subscriptions, Registry(tmp_path / "mlruns"), features, quick)
    risk = job.training.evidence.risk
    assert "pareto_nbd" not in risk
    assert risk[SERVED]["auc_score"] > risk["naive_rate"]["auc_score"]
    assert risk[SERVED]["log_loss"] < risk["naive_rate"]["log_loss"]
    for artifact in artifacts:
        assert (job.artifacts / artifact).stat().st_size > 0
    if churn == "rhythm":
        best = job.run.data.metrics["rhythm_factor_best"]
        assert best in json.loads((job.artifacts / "rhythm_factor.json").read_text())["factor"]
        assert f"come with {best:g}." in (job.artifacts / "rhythm_factor.txt").read_text()
    assert Champion.require(job.registry).model.provenance.churn == churn
    assert f"churn ({churn})" in (job.artifacts / "model_card.md").read_text()


# Traps


def test_a_leak_stops_the_training(
    cdnow_store: Store,
    cdnow_settings: FeatureSettings,
    quick: TrainingSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from features import snapshot

    honest = snapshot.take

    def leaking(*arguments: Any, **options: Any) -> Snapshot:
        taken = honest(*arguments, **options)
        return taken.assign(refund_share=taken.rows["churned"])

    monkeypatch.setattr(snapshot, "take", leaking)
    registry = Registry(tmp_path / "mlruns")
    with pytest.raises(QuerenciaError, match="give away who left, such as refund_share"):
        train(cdnow_store, registry, cdnow_settings, quick)
    assert registry.version(CHAMPION) is None


# Promotion


def test_the_first_model_is_promoted(jobs: list[Job]) -> None:
    assert jobs[0].training.promoted
    assert jobs[0].training.promotion.reason == "the first model"


def test_one_training_at_a_time(
    cdnow_store: Store, cdnow_settings: FeatureSettings, quick: TrainingSettings, tmp_path: Path
) -> None:
    busy = Registry(tmp_path)
    with (
        locked(tmp_path, name=".training"),
        pytest.raises(QuerenciaError, match="Another job is training in"),
    ):
        train(cdnow_store, busy, cdnow_settings, quick)
    assert [path.name for path in tmp_path.iterdir()] == [".training"]


def test_a_champion_set_meanwhile_stays(
    cdnow_store: Store,
    copied: Registry,
    cdnow_settings: FeatureSettings,
    quick: TrainingSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weigh = module._promotion

    def promoted(*arguments: Any) -> Promotion:
        found = replace(weigh(*arguments), promoted=True)
        copied.set_alias(CHAMPION, 2)  # somebody goes back, or on
        return found

    monkeypatch.setattr(module, "_promotion", promoted)
    found = train(cdnow_store, copied, cdnow_settings, quick).training.promotion
    assert (found.promoted, found.champion) == (False, 2)
    assert copied.number(CHAMPION) == 2


def test_the_run_tells_whom_the_model_was_trained_as_of(job: Job) -> None:
    told = Population.model_validate_json((job.artifacts / POPULATION).read_bytes())
    assert told.customers == 23_570
    assert 0 < told.churned < 1
    assert {*told.shapes} == {*Model.load(job.registry.fetch(job.training.version)).features, RISK}


def test_the_same_model_again_is_a_challenger(jobs: list[Job]) -> None:
    second = jobs[1].training
    assert not second.promoted
    assert second.promotion.reason == (
        "+0.0000 USD (+0.0000 to +0.0000) of campaign profit per customer against version 1 on "
        "2,357 later customers, and +0.0000 log loss (+0.0000 to +0.0000). It is not better beyond "
        "doubt."
    )
    assert jobs[1].run.data.tags["promoted"] == "False"
    versions = jobs[1].registry.versions()
    assert versions[1].aliases == (CHALLENGER,)
    assert versions[0].metrics == versions[1].metrics


def test_a_model_under_other_definitions_is_promoted_and_says_so(jobs: list[Job]) -> None:
    third = jobs[2].training
    assert third.promoted
    assert "the champion, version 1, does not fit" in third.promotion.reason
    assert "horizon_days: 90 against 60" in third.promotion.reason
    champion = Champion.require(jobs[2].registry)
    assert champion.version.number == 3
    assert champion.version.aliases == (CHAMPION,)
    assert champion.model.provenance.horizon_days == 60


def test_a_version_that_answers_its_example_otherwise_is_refused(
    jobs: list[Job], past: Snapshot, later: Snapshot, quick: TrainingSettings
) -> None:
    registry, version = jobs[0].registry, jobs[0].training.version
    stored = Model.load(registry.fetch(version))
    assert list(examined(registry, version, stored)) == []
    other = Model.fit(past.assign(churned=1 - past.churned), later, quick, margin_rate=1)
    (finding,) = examined(registry, version, other)
    assert (finding.level, finding.name) == ("error", "example_failed")


def test_a_margin_rate_that_is_set_is_used(jobs: list[Job]) -> None:
    assert Champion.require(jobs[2].registry).model.value.margin_rate == 0.4
    assert jobs[2].run.data.params["margin_rate"] == "0.4"


def test_of_more_customers_than_asked_for_some_are_learned_from(
    jobs: list[Job], cdnow_store: Store
) -> None:
    judged = jobs[2].training.evidence.outcome[0].size
    assert judged == pytest.approx(FEW, rel=0.1)
    assert judged < cdnow_store.customers == jobs[0].training.evidence.outcome[0].size


@pytest.fixture
def copied(jobs: list[Job], tmp_path: Path) -> Registry:
    """The sample's store with its first version as champion, the test's own."""
    registry = Registry(shutil.copytree(jobs[0].registry.folder, tmp_path / "mlruns"))
    registry.set_alias(CHAMPION, 1)
    return registry


def test_a_better_model_is_promoted(
    cdnow_store: Store,
    cdnow_settings: FeatureSettings,
    quick: TrainingSettings,
    past: Snapshot,
    later: Snapshot,
    copied: Registry,
    tmp_path: Path,
) -> None:
    """Better than a champion that learned stayers for leavers."""
    misled = past.assign(churned=1 - past.churned)
    worse = Model.fit(misled, later, quick, margin_rate=1)
    worse.save(tmp_path / "worse")
    example = later.rows[list(later.names)].head(1)
    with copied.run("mislead") as run:
        copied.register(
            run,
            tmp_path / "worse",
            signature=infer_signature(example),
            input_example=example,
            tags={TRAINED: later.provenance.cutoff.isoformat()},
        )
    copied.set_alias(CHAMPION, 4)
    better = train(cdnow_store, copied, cdnow_settings, quick).training
    assert better.promoted
    assert re.match(r"\+\d+\.\d+ USD .* against version 4 ", better.promotion.reason)
    assert Champion.require(copied).version.number == better.version.number == 5


def test_a_champion_of_a_format_of_before_gives_way(
    cdnow_store: Store,
    cdnow_settings: FeatureSettings,
    quick: TrainingSettings,
    copied: Registry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its remedy is to train again, so a training does not stumble over it."""
    monkeypatch.setattr("training.model.FORMAT", FORMAT + 1)
    result = train(cdnow_store, copied, cdnow_settings, quick).training
    assert result.promoted
    assert f"version 1, does not fit: This model has format {FORMAT}" in result.promotion.reason


def test_records_that_shrank_promote_nothing_and_the_history_says_so(
    make_store: MakeStore,
    quick: TrainingSettings,
    cdnow_settings: FeatureSettings,
    copied: Registry,
) -> None:
    rows = cdnow.transactions()
    fewer = make_store(rows[rows["customer_id"].astype(int) % 20 == 4], currency=cdnow.CURRENCY)
    found = train(fewer, copied, cdnow_settings, quick).training.promotion
    assert (found.promoted, found.champion) == (False, 1)
    assert [finding.name for finding in found.findings] == ["shrunken"]
    assert Champion.require(copied).version.number == 1
    registered, refused = History(copied.folder).entries()[-2:]
    assert (registered.what, registered.version, registered.by) == ("registered", 4, "train")
    assert (refused.what, refused.champion, refused.findings) == ("refused", 1, found.findings)


def test_a_training_that_dies_leaves_the_champion(
    cdnow_store: Store,
    cdnow_settings: FeatureSettings,
    quick: TrainingSettings,
    copied: Registry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Model, "save", full)
    with pytest.raises(OSError, match="No space left"):
        train(cdnow_store, copied, cdnow_settings, quick)
    assert [version.number for version in copied.versions()] == [1, 2, 3]
    assert Champion.require(copied).version.number == 1


# Customer ids


def written(folder: Path) -> Iterator[str]:
    """Everything a store holds: the database row by row, every file, and every name."""
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
        yield from connection.iterdump()
    for path in folder.rglob("*"):
        yield str(path.relative_to(folder))
        if path.is_file():
            yield path.read_bytes().decode("latin-1")


def test_no_customer_id_is_written_or_told(jobs: list[Job], cdnow_store: Store) -> None:
    ids = next(cdnow_store.records()).customers
    an_id = re.compile(r"customer-\d")
    assert all(map(an_id.match, ids))
    held = "\n".join(
        [*written(jobs[0].registry.folder), *(line for job in jobs for line in job.said)]
    )
    for evidence_of_search in ("baseline_rfm", "training.trees.rounds", "purchase_days_180d"):
        assert evidence_of_search in held
    assert an_id.search(held) is None


# Records that can't be trained on


def test_contracts_that_are_not_known_are_asked_for(cdnow_store: Store, tmp_path: Path) -> None:
    settings = FeatureSettings(churn="contract", currency="USD")
    with pytest.raises(QuerenciaError, match=r"No training row has a label.*contract_ends_at"):
        train(cdnow_store, Registry(tmp_path / "mlruns"), settings, TrainingSettings())


def purchases(days_by_customer: Mapping[str, range]) -> pd.DataFrame:
    rows = [
        (customer, START + timedelta(days=day), 25.0)
        for customer, days in days_by_customer.items()
        for day in days
    ]
    table = pd.DataFrame(rows, columns=["customer_id", "occurred_at", "amount"])
    return table.assign(transaction_id=[str(row) for row in range(len(table))])


NEWCOMERS = {f"newcomer {day}": range(day, day + 1) for day in range(500)}


@pytest.mark.parametrize(
    ("customers", "message"),
    [
        (
            {f"regular {i}": range(i, 100, 7) for i in range(20)},
            r"span 100 days \(2023-01-01 to 2023-04-11\).* horizon of 60 days needs up to 242.*"
            r"features\.horizon_days",
        ),
        (NEWCOMERS, r"All [\d,]+ training rows left within the horizon.*features\.horizon_days"),
        (
            {f"regular {i}": range(i, 500, 7) for i in range(20)},
            r"All [\d,]+ training rows stayed within the horizon.*features\.horizon_days",
        ),
        (
            {f"regular {i}": range(i, 300, 7) for i in range(20)} | NEWCOMERS,
            r"All [\d,]+ evaluation rows left within the horizon.*features\.horizon_days",
        ),
    ],
    ids=["too short", "all left", "all stayed", "all left later"],
)
def test_records_that_cannot_teach_are_refused_with_the_remedy(
    make_store: MakeStore, tmp_path: Path, customers: Mapping[str, range], message: str
) -> None:
    registry = Registry(tmp_path / "mlruns")
    store = make_store(purchases(customers))
    with pytest.raises(QuerenciaError, match=message):
        train(store, registry, FeatureSettings(horizon_days=60), TrainingSettings())
    assert not (registry.folder / "mlflow.db").exists()


def test_with_nobody_left_alone_the_remedy_is_a_control(
    make_store: MakeStore, tmp_path: Path
) -> None:
    sales = purchases({f"regular {i}": range(i, 500, 7) for i in range(20)})
    every = pd.date_range(START, periods=17, freq="30D")
    offers = pd.MultiIndex.from_product([sales["customer_id"].unique(), every]).to_frame(False)
    offers.columns = pd.Index(["customer_id", "decided_at"])
    store = make_store(
        sales,
        offers=offers.assign(
            offer_id=offers.index.astype(str), campaign_id="monthly", arm="voucher"
        ),
    )
    registry = Registry(tmp_path / "mlruns")
    with pytest.raises(QuerenciaError, match=r"All [\d,]+ training rows were made an offer.*cont"):
        train(store, registry, FeatureSettings(horizon_days=60), TrainingSettings())


def test_the_plan_is_laid_over_the_days_of_the_records(make_store: MakeStore) -> None:
    store = make_store(purchases({"one": range(0, 400, 10)}))
    plan = lay_plan(store, FeatureSettings(horizon_days=60))
    assert plan.scoring == START + timedelta(days=391)
    assert plan.evaluation + timedelta(days=60) <= plan.scoring
    assert plan.training[0] >= START + timedelta(days=60)


# Offers


def test_what_offers_do_is_learned_kept_and_told(
    company_store: Store, quick: TrainingSettings, tmp_path: Path
) -> None:
    job = train(company_store, Registry(tmp_path), FeatureSettings(cutoffs=2), quick)
    champion = Model.load(job.registry.fetch(job.training.version))
    assert set(champion.effects.offers) == {"voucher"}
    told = (job.artifacts / "offers.txt").read_text()
    assert "voucher: of the customers who would have left it keeps" in told
    assert any("contacts drawn at random" in line for line in job.said)
    (run,) = [
        run
        for run in job.registry.store.client.search_runs([job.run.info.experiment_id])
        if run.info.run_name == "offer voucher"
    ]
    assert run.data.tags["decision"] == champion.effects.offers["voucher"].stop.decision
    assert run.data.metrics["contacts"] == champion.effects.offers["voucher"].contacts


def test_without_offers_nothing_is_said_of_them(jobs: list[Job]) -> None:
    assert not (jobs[0].artifacts / "offers.txt").exists()
    assert not any("drawn at random" in line for line in jobs[0].said)
    assert not Model.load(jobs[0].registry.fetch(jobs[0].training.version)).effects.offers
