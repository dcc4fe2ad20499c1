"""Learners of what an offer does: a set whose truth is known, and one that is real."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.qini import Qini, gain_interval, interval, qini_score
from training.uplift import KINDS, Kind, Uplift, learn

FEATURES = ("a", "b", "c", "d")


def semi_synthetic(
    size: int, *, aligned: bool, seed: int
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Customers whose risk falls with `a`; an offer saves those of a high `b`, or of a high `a`."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(rng.normal(size=(size, 4)), columns=list(FEATURES))
    risk = 1 / (1 + np.exp(0.5 + 1.2 * rows["a"].to_numpy()))
    driving = rows["a"] if aligned else rows["b"]
    saved = risk * (0.35 + 0.35 * np.tanh(2 * driving.to_numpy()))
    offered = rng.random(size) < 0.5
    lost = (rng.random(size) < risk - saved * offered).astype(float)
    return rows, saved, offered, lost


@pytest.mark.parametrize("aligned", [False, True])
def test_t_and_x_learner_beat_the_response_where_the_effect_does_not_follow_it(
    aligned: bool,
) -> None:
    rows, _, offered, lost = semi_synthetic(6_000, aligned=aligned, seed=0)
    learners = learn(rows, lost, offered, features=FEATURES)
    rows, saved, _, _ = semi_synthetic(20_000, aligned=aligned, seed=1)
    # The truth of customers not learned from, as if each were both offered and held out.
    both = np.repeat([False, True], len(rows))
    truth, chance = np.append(saved, np.zeros(len(rows))), np.full(both.size, 0.5)
    scores = {
        kind: qini_score(truth, both, chance, np.tile(learner.predict(rows), 2))
        for kind, learner in learners.items()
    }
    if aligned:
        assert scores["response"] > 0.7 * scores["x"]
    else:
        assert min(scores["t"], scores["x"]) > 1.5 * abs(scores["response"])


def test_the_x_learner_tells_how_much_is_saved() -> None:
    rows, _, offered, lost = semi_synthetic(12_000, aligned=False, seed=0)
    learner = learn(rows, lost, offered, features=FEATURES)["x"]
    rows, saved, _, _ = semi_synthetic(5_000, aligned=False, seed=1)
    told = learner.predict(rows)
    assert np.corrcoef(told, saved)[0, 1] > 0.8
    assert told.mean() == pytest.approx(saved.mean(), abs=0.03)


@pytest.mark.parametrize("kind", KINDS)
def test_a_learner_comes_back_from_its_files_the_same_to_the_bit(
    kind: Kind, tmp_path: Path
) -> None:
    rows, _, offered, lost = semi_synthetic(500, aligned=False, seed=0)
    learner = learn(rows, lost, offered, features=FEATURES)[kind]
    back = Uplift.load(tmp_path, "some", learner.save(tmp_path, "some"))
    assert (back.predict(rows) == learner.predict(rows)).all()


def test_the_same_seed_learns_the_same_and_another_does_not() -> None:
    rows, _, offered, lost = semi_synthetic(500, aligned=False, seed=0)
    first, again, other = (
        learn(rows, lost, offered, features=FEATURES, random_state=seed)["x"].predict(rows)
        for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


# Real data

VISITED = {"women": "Womens E-Mail", "men": "Mens E-Mail"}


def hillstrom(arm: str) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """An e-mail and those who got none: features, whether it was sent, and who did not visit."""
    rows = pd.read_parquet(Path(os.environ["QUERENCIA_REAL_DATA"]) / "hillstrom.parquet")
    rows = rows[rows["segment"].isin([VISITED[arm], "No E-Mail"])].reset_index(drop=True)
    told = pd.get_dummies(
        rows[["recency", "history", "mens", "womens", "newbie", "zip_code", "channel"]], dtype=float
    )
    sent = (rows["segment"] == VISITED[arm]).to_numpy()
    return told, sent, 1.0 - rows["visit"].to_numpy(float)


@pytest.mark.skipif(
    "QUERENCIA_REAL_DATA" not in os.environ,
    reason="QUERENCIA_REAL_DATA names no folder with the published files",
)
@pytest.mark.parametrize("arm", ["women", "men"])
def test_hillstroms_emails_are_ranked_better_than_by_chance(arm: str) -> None:
    """Who visits because of the women's e-mail can be told; the men's works alike on all."""
    rows, sent, lost = hillstrom(arm)
    learned = np.arange(len(rows)) % 2 == 0
    qinis = {}
    learners = learn(rows[learned], lost[learned], sent[learned], features=tuple(rows.columns))
    for kind, learner in learners.items():
        told = learner.predict(rows[~learned])
        qinis[kind] = Qini.of(lost[~learned], sent[~learned], np.full(told.size, 0.5), told)
    everybody = np.arange((~learned).sum())
    for kind, qini in qinis.items():
        low, high = interval(qini, everybody)
        print(f"{arm} {kind}: {qini.score():+.5f} ({low:+.5f} to {high:+.5f})")
    gain = gain_interval(qinis["x"], qinis["response"], everybody)
    print(f"{arm} x above response: {gain.low:+.5f} to {gain.high:+.5f}")
    if arm == "women":
        assert interval(qinis["x"], everybody).low > 0
    else:
        assert gain.low < 0 < gain.high
