"""The blend: what it serves, and reasons that add up to all of it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from features.snapshot import DRIVERS, Snapshot, driver
from training.blend import BASE, BlendedRisk, peer_class
from training.blending import Blending
from training.calibration import Correction
from training.churn import RhythmRisk
from training.model import Model
from training.settings import TrainingSettings, TreeSettings

FEW = TreeSettings(rounds=10)


def _uneven(model: Model) -> Blending:
    weights = dict(zip(model.risk.members, (0.5, 0.2, 0.3), strict=True))
    return Blending(weights, Correction(a=1.3, b=0.8, c=-0.2))


@pytest.fixture(scope="module", params=["plain mean", "weighted and corrected"])
def blend(model: Model, request: pytest.FixtureRequest) -> BlendedRisk:
    if request.param == "plain mean":
        return model.risk
    return BlendedRisk(model.risk.members, _uneven(model), model.risk.peers)


def test_the_plain_blend_is_the_mean_of_its_members(model: Model, later: Snapshot) -> None:
    assert list(model.risk.members) == [model.value.purchases.kind_, "logistic", "trees"]
    members = [member.predict(later.rows) for member in model.risk.members.values()]
    assert model.risk.predict(later.rows) == pytest.approx(sum(members) / 3)


def test_the_blend_is_what_it_was_told_to_be(model: Model, later: Snapshot) -> None:
    blend = BlendedRisk(model.risk.members, _uneven(model), model.risk.peers)
    said = [member.predict(later.rows) for member in model.risk.members.values()]
    mean = np.array([0.5, 0.2, 0.3]) @ said
    corrected = expit(1.3 * np.log(mean) - 0.8 * np.log1p(-mean) - 0.2)
    assert blend.predict(later.rows) == pytest.approx(corrected)


@pytest.mark.parametrize("fast", [False, True])
def test_reasons_add_up_to_the_risk(blend: BlendedRisk, later: Snapshot, fast: bool) -> None:
    reasons = blend.reasons(later.rows, fast=fast)
    added = reasons.base + reasons.points.sum(axis=1)
    assert added == pytest.approx(blend.predict(later.rows), abs=1e-12)
    assert reasons.points.shape == (len(later), len(reasons.drivers))
    assert set(reasons.drivers) <= set(DRIVERS.values())
    assert list(reasons.drivers) == sorted(reasons.drivers)


def test_few_rows_have_the_reasons_of_many(blend: BlendedRisk, later: Snapshot) -> None:
    few = np.arange(3)
    told, among = blend.reasons(later.select(few)), blend.reasons(later)
    assert told.base == pytest.approx(among.base[few], abs=1e-9)
    assert told.points == pytest.approx(among.points[few], abs=1e-6)
    risk = blend.predict(later)
    assert (blend.reasons(later, risk=risk).points == among.points).all()


def test_everybody_of_a_class_is_told_against_the_same_risk(
    blend: BlendedRisk, later: Snapshot
) -> None:
    bases = pd.Series(blend.reasons(later.rows).base).groupby(peer_class(later.rows))
    assert bases.nunique().eq(1).all()
    assert bases.first().nunique() == 6


def test_a_member_alone_shares_its_difference_in_proportion_to_its_log_odds(
    model: Model, later: Snapshot
) -> None:
    """The logistic member, by hand: the slope of the curve times what each driver adds."""
    alone = BlendedRisk(model.risk.members, Blending({"logistic": 1.0}), model.risk.peers)
    rows = later.rows.head(40)
    logistic, peers = model.risk.logistic, model.risk.peers["logistic"]
    typical = peers.loc[peer_class(rows)].set_axis(rows.index)
    added = typical[list(logistic.features)].rsub(logistic.contributions(rows))
    own = added.T.groupby(driver).sum().T
    base, risk = typical[BASE].map(expit), pd.Series(logistic.predict(rows), rows.index)
    slope = (risk - base) / (logit(risk) - typical[BASE])
    told = alone.reasons(rows)
    assert told.base == pytest.approx(base.to_numpy())
    assert told.drivers == tuple(own)
    assert told.points == pytest.approx(own.mul(slope, axis=0).to_numpy(), abs=1e-9)
    assert slope.between(0, 0.25).all()


def test_the_typical_customer_has_the_mean_log_odds_of_the_class(
    model: Model, past: Snapshot, later: Snapshot
) -> None:
    often = later.rows[later.rows["frequency"] >= 16]
    blend = BlendedRisk.fit(_rhythm(model), past, TrainingSettings(trees=FEW), present=often)
    for name, member in blend.members.items():
        assert blend.peers[name].loc[5, BASE] == pytest.approx(logit(member.predict(often)).mean())


def _rhythm(model: Model) -> RhythmRisk:
    assert model.risk.rhythm is not None
    return model.risk.rhythm


def test_a_class_nobody_is_in_has_everybody_as_its_peers(
    model: Model, past: Snapshot, later: Snapshot
) -> None:
    few = later.rows[later.rows["frequency"] < 4].head(500)
    blend = BlendedRisk.fit(_rhythm(model), past, TrainingSettings(trees=FEW), present=few)
    everybody = blend.logistic.contributions(few).mean(axis=0)
    told = blend.peers["logistic"].drop(columns=BASE)
    assert told.loc[5].to_numpy() == pytest.approx(everybody)
    assert told.loc[0].to_numpy() != pytest.approx(everybody)


def test_classes_of_peers_by_repeat_purchase_days() -> None:
    rows = pd.DataFrame({"frequency": [0, 1, 2, 3, 4, 7, 8, 15, 16, 400]})
    assert peer_class(rows).tolist() == [0, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_a_blend_comes_back_with_its_model(
    model: Model, later: Snapshot, tmp_path_factory: pytest.TempPathFactory
) -> None:
    risk = BlendedRisk(model.risk.members, _uneven(model), model.risk.peers)
    folder = tmp_path_factory.mktemp("model")
    replace(model, risk=risk).save(folder)
    back = Model.load(folder).risk
    assert back.blending == _uneven(model)
    assert (back.predict(later.rows) == risk.predict(later.rows)).all()
    told, again = risk.reasons(later.rows.head(20)), back.reasons(later.rows.head(20))
    assert (told.points == again.points).all()
