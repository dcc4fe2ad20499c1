"""A candidate: what it learns of offers rests on everybody who was contacted."""

from pathlib import Path

from features.settings import FeatureSettings, SparkSettings
from features.spark import Cluster
from features.store import Store
from training.candidate import train, with_effects
from training.retrain import lay_plan
from training.settings import TrainingSettings


def hush(_: str) -> None:
    """Say nothing."""


def test_offers_are_learned_from_all_contacts_however_few_customers_come_to_the_driver(
    company_store: Store, quick: TrainingSettings, tmp_path: Path
) -> None:
    """No cluster is asked: contacts, and what came after them, are read where the driver is."""
    features = FeatureSettings(cutoffs=2)
    cutoffs = lay_plan(company_store, features)
    made = train(company_store, cutoffs, features, quick, say=hush)
    few = Cluster(company_store.folder, SparkSettings(driver_customers=100))
    here, there = (
        with_effects(made, store, cutoffs, features, say=hush).model.effects.save(tmp_path)
        for store in (company_store, few)
    )
    assert here["offers"]
    assert there == here
