"""The model as files, and what it may not have seen."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from features import snapshot
from features.company import simulate
from features.cutoffs import Plan
from features.provenance import DefinitionError
from features.settings import FeatureSettings
from features.snapshot import Snapshot
from features.store import Store
from training.model import FORMAT, PARAMETERS, TREES, Model
from training.retrain import lay_plan
from training.scoring import score
from training.settings import MoneySettings, PurchaseProcess, TrainingSettings, TreeSettings

MakeStore = Callable[..., Store]
Look = Callable[..., tuple[Snapshot, Snapshot]]


@pytest.fixture
def saved(model: Model, tmp_path: Path) -> Path:
    model.save(tmp_path / "model")
    return tmp_path / "model"


def files(model: Model, folder: Path) -> dict[str, bytes]:
    """What the model comes to in files, to the byte."""
    model.save(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_model_read_back_scores_the_same_to_the_bit(
    model: Model, saved: Path, later: Snapshot
) -> None:
    back = Model.load(saved)
    assert back.provenance == model.provenance
    pd.testing.assert_frame_equal(
        score(back, later).rows, score(model, later).rows, check_exact=True
    )


def test_a_model_read_back_is_written_the_same(saved: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in saved.iterdir()}
    assert files(Model.load(saved), tmp_path / "again") == before


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def test_a_model_is_json_and_trees_and_nothing_else(saved: Path) -> None:
    assert (
        {path.name for path in saved.rglob("*")}
        == {"model.json", "trees.ubj"}
        == {
            PARAMETERS,
            TREES,
        }
    )
    json.loads((saved / PARAMETERS).read_text(), parse_constant=_refuse)
    assert (saved / TREES).read_bytes().startswith(b"{L")  # a UBJSON object


@pytest.mark.parametrize("other", [FORMAT - 1, FORMAT + 1])
def test_another_format_is_refused_with_the_remedy(saved: Path, other: int) -> None:
    parameters = json.loads((saved / PARAMETERS).read_text())
    (saved / PARAMETERS).write_text(json.dumps(parameters | {"format": other}))
    with pytest.raises(
        DefinitionError, match=rf"format {other}.*reads format {FORMAT}.*querencia train"
    ):
        Model.load(saved)


def test_what_never_varied_in_training_is_remembered(
    model: Model, past: Snapshot, later: Snapshot, quick: TrainingSettings, tmp_path: Path
) -> None:
    never = past.assign(refund_share=0.0, pace_90d=np.nan)
    learned = Model.fit(never, later, quick, margin_rate=1)
    learned.save(tmp_path / "model")
    assert learned.unvaried == {"refund_share": 0.0, "pace_90d": None} | model.unvaried
    assert Model.load(tmp_path / "model").unvaried == learned.unvaried


def test_settings_reach_the_value(past: Snapshot, later: Snapshot) -> None:
    money = MoneySettings(discount_rate=0.3, value_horizon_days=180)
    settings = TrainingSettings(purchases="mbg_nbd", money=money, trees=TreeSettings(rounds=1))
    value = Model.fit(past, later, settings, margin_rate=0.25).value
    assert (value.margin_rate, value.discount_rate, value.value_horizon_days) == (0.25, 0.3, 180)
    assert value.purchases.kind == "mbg_nbd"


@pytest.mark.parametrize("purchases", ["mbg_cnbd_k", "best"])
def test_every_purchase_process_comes_back_the_same_to_the_bit(
    past: Snapshot, later: Snapshot, purchases: PurchaseProcess, tmp_path: Path
) -> None:
    settings = TrainingSettings(purchases=purchases, trees=TreeSettings(rounds=1))
    first = Model.fit(past, later, settings, margin_rate=1)
    first.save(tmp_path / "model")
    back = Model.load(tmp_path / "model")
    assert next(iter(back.risk.members)) == first.value.purchases.kind_ != "best"
    pd.testing.assert_frame_equal(
        score(back, later).rows, score(first, later).rows, check_exact=True
    )


def test_the_provenance_of_a_model_is_that_of_the_rows_it_learned_from(
    model: Model, past: Snapshot
) -> None:
    assert model.provenance == past.provenance
    assert model.risk.rhythm is not None
    assert model.risk.rhythm.horizon_days == 90


# Every family, every definition


def test_a_model_of_every_family_comes_back_the_same_to_the_bit(
    company_model: Model, company_past_and_later: tuple[Snapshot, Snapshot], tmp_path: Path
) -> None:
    past, later = company_past_and_later
    assert past.provenance.families == tuple(family.name for family in snapshot.FAMILIES)
    company_model.save(tmp_path / "model")
    back = Model.load(tmp_path / "model")
    assert back.provenance == company_model.provenance
    assert back.risk.logistic.features == back.risk.trees.features == past.names
    pd.testing.assert_frame_equal(
        score(back, later).rows, score(company_model, later).rows, check_exact=True
    )


def contracts(customers: pd.DataFrame) -> pd.DataFrame:
    """Every third customer has no end in sight; the others signed for one or two years."""
    number = pd.Series(range(len(customers)), customers.index) % 3
    return customers.assign(
        contract_ends_at=(customers["acquired_at"] + pd.to_timedelta(365 * number, unit="D")).where(
            number > 0
        )
    )


@pytest.fixture(scope="module")
def store_with_contracts(
    make_store: MakeStore, company_tables: Mapping[str, pd.DataFrame]
) -> Store:
    customers = contracts(company_tables["customers"])
    return make_store(company_tables["transactions"], customers=customers)


@pytest.mark.parametrize("churn", ["rhythm", "decline", "contract"])
def test_other_churn_definitions_are_learned_from_the_rows_they_have_a_say_on(
    look_at_company: Look, store_with_contracts: Store, quick: TrainingSettings, churn: str
) -> None:
    past, later = look_at_company(store_with_contracts, store_with_contracts.has, churn=churn)
    model = Model.fit(past, later, quick, margin_rate=1)
    assert list(model.risk.members) == ["logistic", "trees"]  # churn is more than silence here
    assert model.provenance.churn == churn
    assert not np.isnan(past.churned).any()
    auc = roc_auc_score(later.churned, model.risk.predict(later.rows))
    # When a contract ends is in no record of purchases: there is little to learn but age.
    assert auc > (0.5 if churn == "contract" else 0.75)


def test_rows_without_a_label_are_left_out(
    look_at_company: Look, store_with_contracts: Store
) -> None:
    """Contracts that ended are no longer anybody's to end; and nothing can fall from nought."""
    every, _ = look_at_company(store_with_contracts, store_with_contracts.has)
    for churn in ("contract", "decline"):
        past, _ = look_at_company(store_with_contracts, store_with_contracts.has, churn=churn)
        without = every.rows[f"churned_{churn}"].isna().sum()
        assert 0 < without < len(every.rows) / 2
        assert len(past.rows) == len(every.rows) - without


# Honesty


def test_the_order_of_the_rows_does_not_change_a_model(
    past: Snapshot, later: Snapshot, quick: TrainingSettings, model: Model, tmp_path: Path
) -> None:
    early, late = (
        each.select(np.random.default_rng(0).permutation(len(each))) for each in (past, later)
    )
    again = Model.fit(early, late, quick, margin_rate=1)
    assert files(again, tmp_path / "again") == files(model, tmp_path / "model")


def test_the_outcomes_it_is_judged_on_do_not_change_a_model(
    past: Snapshot, later: Snapshot, quick: TrainingSettings, model: Model, tmp_path: Path
) -> None:
    labels = ["churned", "purchase_days_ahead", "spend_ahead"]
    rows = later.rows.copy()
    rows[labels] = rows[labels].sample(frac=1, random_state=0).to_numpy()
    assert not rows[labels].equals(later.rows[labels])
    blind = Model.fit(past, Snapshot.of(rows, later.names, later.provenance), quick, margin_rate=1)
    assert files(blind, tmp_path / "blind") == files(model, tmp_path / "model")


def _fit(store: Store, plan: Plan, observed_until: pd.Timestamp) -> Model:
    settings = FeatureSettings()
    cutoffs = (*plan.training, plan.evaluation)
    taken = snapshot.take(
        store.records(), cutoffs, settings, has=store.has, observed_until=observed_until
    )
    margin_rate = store.margin_rate(before=plan.evaluation)
    assert margin_rate is not None
    return Model.fit(
        taken.at(*plan.training),
        taken.at(plan.evaluation),
        TrainingSettings(trees=TreeSettings(rounds=20)),
        margin_rate=margin_rate,
    )


def test_records_after_the_evaluation_cutoff_do_not_change_a_model(
    make_store: MakeStore, tmp_path: Path
) -> None:
    """Refunds, late records, margins and new customers come after the cut-off too."""
    transactions = simulate(1_500, days=500).tables["transactions"]
    whole = make_store(transactions)
    plan = lay_plan(whole, FeatureSettings())
    end = pd.Timestamp(plan.evaluation)
    known = transactions["recorded_at"].fillna(transactions["occurred_at"])
    before = transactions[np.maximum(known, transactions["occurred_at"]) < end]
    assert 0.5 < len(before) / len(transactions) < 0.9
    told = _fit(whole, plan, pd.Timestamp(plan.scoring))
    blind = _fit(make_store(before), plan, end)
    assert files(blind, tmp_path / "blind") == files(told, tmp_path / "told")


def test_the_risk_is_learned_from_those_left_alone(
    past: Snapshot, later: Snapshot, quick: TrainingSettings
) -> None:
    """Every third row was made an offer in the horizon; its outcome makes no difference."""
    offered = np.arange(len(past)) % 3 == 0
    treated = past.assign(offered_ahead=offered, held_out_propensity=1)
    other = treated.assign(churned=np.where(offered, 1 - past.churned, past.churned))
    one, same, all_alike = (
        Model.fit(rows, later, quick, margin_rate=1).risk.predict(later.rows)
        for rows in (treated, other, past)
    )
    assert (one == same).all()
    assert (one != all_alike).any()
