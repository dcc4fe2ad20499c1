"""The simulated company in the hands of the product: records, model, and the true profit."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features import company, intake, snapshot
from features.company import Campaign, Company, Effects
from features.company.effects import OFFER_DAYS
from features.company.experience import offer_log_hazard
from features.company.people import DRIVEN_AWAY_SHARES
from features.offers import CONTROL
from features.records import CONTRACTS
from features.settings import FeatureSettings
from features.sources import Source
from features.store import Store
from serving.profit import saved
from training.candidate import train, with_effects
from training.model import Model
from training.retrain import lay_plan
from training.scoring import score
from training.settings import TrainingSettings

START = datetime(2024, 1, 1, tzinfo=UTC)
FEATURES, TRAINING = FeatureSettings(), TrainingSettings()
MONEY = TRAINING.money
OFFER = "voucher"
COST = Effects().offer_cost
LATELY = 180
"""Past campaigns contacted, at random, customers who had bought in so many days."""

Policy = Callable[[pd.DataFrame], np.ndarray]
"""What a customer is worth contacting for, by their scores; nobody is at 0 or less."""


def subscriptions(seen: Company) -> Company:
    """The same company, were it told when customers leave."""
    left_at = seen.truth.set_index("customer_id")["left_at"]
    customers = seen.tables["customers"]
    told = customers.assign(contract_ends_at=customers["customer_id"].map(left_at))
    return replace(seen, tables={**seen.tables, "customers": told})


def scored(seen: Company, day: int, *, features: FeatureSettings = FEATURES) -> pd.DataFrame:
    """Scores as of a day of all customers of a company seen then, by a model trained then."""
    with tempfile.TemporaryDirectory() as folder:
        store = stored(seen, Path(folder))
        model, cutoff = learned(store, features), START + timedelta(days=day)
        records = store.records(themes=model.themes)
        now = snapshot.take(records, [cutoff], features, has=store.has, themes=model.themes)
        return score(model, now).rows.set_index("customer_id")


def stored(seen: Company, folder: Path) -> Store:
    for name in (name for name in CONTRACTS if len(seen.tables.get(name, ()))):
        file = folder / f"{name}.parquet"
        seen.tables[name].to_parquet(file)
        intake.take_in(Source(file), CONTRACTS[name], folder, FEATURES)
    intake.refer(folder)
    return Store(folder)


def learned(store: Store, features: FeatureSettings) -> Model:
    """As `querencia train` does it, but for the evidence and the registry."""
    plan = lay_plan(store, features)
    candidate = train(store, plan, features, TRAINING, say=lambda _: None)
    return with_effects(candidate, store, plan, features, say=lambda _: None).model


# Policies


def by_risk(scores: pd.DataFrame) -> np.ndarray:
    return scores["risk"].to_numpy()


def by_value(scores: pd.DataFrame) -> np.ndarray:
    return scores["value"].to_numpy()


def by_stake(scores: pd.DataFrame) -> np.ndarray:
    """Risk times what is lost if they leave now, even of those who left long ago."""
    return (scores["risk"] * scores["value_at_stake"]).to_numpy()


def by_risk_value(scores: pd.DataFrame) -> np.ndarray:
    return scores["expected_loss"].to_numpy()


def fixed_gamma(scores: pd.DataFrame) -> np.ndarray:
    """Expected profit if an offer keeps the prior share of the would-be leavers."""
    rate = MONEY.save_rate_alpha / (MONEY.save_rate_alpha + MONEY.save_rate_beta)
    return rate * by_risk_value(scores) - COST


def shipped(scores: pd.DataFrame) -> np.ndarray:
    """Expected profit by what the scores say that the offer saves."""
    rows = scores.reset_index()
    worth: np.ndarray = saved(rows, OFFER).mean * rows["value_at_stake"].to_numpy() - COST
    return worth


def chosen(worth: np.ndarray, capacity: float) -> np.ndarray:
    """The places of the customers worth most, as many as there is capacity for."""
    best = np.argsort(-worth, kind="stable")[: int(capacity * len(worth))]
    return best[worth[best] > 0]


# Truth


def true_profit(truth: pd.DataFrame) -> pd.Series:
    """What an offer brings with each customer, in truth: nothing with those who have left.

    It changes the chance of leaving, times the discounted margin of one who stays over the value
    horizon, less the cost.
    """
    by_customer = truth.set_index("customer_id")
    profit = _profit(by_customer, by_customer["offer_effect"])
    return pd.Series(profit, by_customer.index)


def knowable_profit(truth: pd.DataFrame, effects: Effects) -> np.ndarray:
    """The same, expected by one who knows all of each customer but whether they are driven away.

    Nothing but a draw by chance decides that, of which customers' silence tells the odds.
    """
    odds = np.array(DRIVEN_AWAY_SHARES)[truth["is_silent"].astype(int)] * ~truth["is_price_minded"]
    kept, driven = (
        _profit(truth, _effect(truth.assign(is_driven_away=away), effects))
        for away in (False, True)
    )
    return np.asarray((1 - odds) * kept + odds * driven)


def _effect(truth: pd.DataFrame, effects: Effects) -> pd.Series:
    """Change of the chance of leaving by the offer."""
    days = OFFER_DAYS * truth["last_hazard"]
    change = offer_log_hazard(truth, truth["upset"].to_numpy(), effects)
    return pd.Series(np.exp(-days) - np.exp(-days * np.exp(change)), truth.index)


def _profit(truth: pd.DataFrame, effect: pd.Series) -> np.ndarray:
    rate = MONEY.discount_rate / 365.25
    days = -np.expm1(-rate * MONEY.value_horizon_days) / rate
    kept = truth["purchase_rate"] * truth["margin_per_purchase"] * days
    saved = -effect.where(truth["left_at"].isna(), 0.0)
    return np.asarray(saved * kept - COST)


def randomised(when: list[int], contacts: int, seed: int, **world: Any) -> list[Campaign]:
    """Campaigns that offered to one in two of customers drawn at random, so many in all."""
    rng = np.random.default_rng(seed)
    quiet = company.simulate(random_state=seed, campaigns=[], **world)
    pools = [buyers(quiet, day) for day in when]
    share = contacts / sum(map(len, pools))
    if share > 1:
        raise SystemExit(f"{contacts:,} contacts are more than there are customers for")
    return [
        half(day, rng.choice(pool, round(share * len(pool)), replace=False), rng)
        for day, pool in zip(when, pools, strict=True)
    ]


def buyers(seen: Company, day: int) -> np.ndarray:
    now = pd.Timestamp(START) + pd.Timedelta(days=day)
    rows = seen.tables["transactions"]
    lately = (rows["occurred_at"] < now) & (rows["occurred_at"] >= now - pd.Timedelta(days=LATELY))
    return rows.loc[lately & (rows["amount"] > 0), "customer_id"].unique()


def half(day: int, ids: np.ndarray, rng: np.random.Generator) -> Campaign:
    arm = np.where(rng.random(len(ids)) < 0.5, OFFER, CONTROL).astype(object)
    return Campaign(day, np.asarray(ids, object), arm, np.full(len(ids), 0.5))
