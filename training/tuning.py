"""Tuning: settings of the learned members that would have done best at earlier cut-offs.

Off unless asked for: against the settings that come along it gains .001 to .008 AUC on customer
data, and takes a training's rehearsals once a trial. It needs Optuna (the extra `tune`).
"""

import importlib
from typing import Any

import numpy as np

from features.errors import QuerenciaError
from features.snapshot import Snapshot
from training.calibration import log_losses
from training.rehearsal import rehearse
from training.settings import TrainingSettings, TreeSettings

_TREES: dict[str, tuple[float, float]] = {
    "rounds": (50, 500),
    "learning_rate": (0.01, 0.2),
    "max_depth": (2, 6),
    "min_child_weight": (1, 200),
    "subsample": (0.5, 1),
    "colsample": (0.3, 1),
    "reg_lambda": (0.5, 100),
}
_PENALTY = 0.1, 1_000
_WIDE = 10
"""From this ratio of its ends on, a range is looked through by logarithms."""


def tuned(past: Snapshot, settings: TrainingSettings) -> TrainingSettings:
    """The best of `settings.tune` trials, the first of which are the settings as they are.

    A trial is judged by the log loss of the plain mean of the members at rehearsals, so that no
    label is looked at that the model is judged on. Without rehearsals nothing is changed.

    Args:
        past: Rows with labels, at the cut-offs a training may use.
        settings: With one purchase process.

    Raises:
        QuerenciaError: Optuna is not installed.
    """
    optuna = _optuna()
    if not settings.tune or not rehearse(past, settings):
        return settings
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=settings.random_state))
    own = {name: getattr(settings.trees, name) for name in _TREES}
    study.enqueue_trial({**own, "logistic_penalty": settings.logistic_penalty})
    study.optimize(lambda trial: _loss(past, _drawn(trial, settings)), n_trials=settings.tune)
    return _drawn(study.best_trial, settings)


def _drawn(trial: Any, settings: TrainingSettings) -> TrainingSettings:
    drawn = {name: _suggested(trial, name, *ends) for name, ends in _TREES.items()}
    penalty = _suggested(trial, "logistic_penalty", *_PENALTY)
    trees = TreeSettings.model_validate(drawn)
    return settings.model_copy(update={"trees": trees, "logistic_penalty": penalty})


def _suggested(trial: Any, name: str, low: float, high: float) -> float:
    whole = TreeSettings.model_fields[name].annotation is int if name in _TREES else False
    suggest = trial.suggest_int if whole else trial.suggest_float
    return float(suggest(name, low, high, log=high / low >= _WIDE))


def _loss(past: Snapshot, settings: TrainingSettings) -> float:
    losses = [log_losses(each.churned, each.blend) for each in rehearse(past, settings)]
    return float(np.mean([each.mean() for each in losses]))


def _optuna() -> Any:
    try:
        return importlib.import_module("optuna")
    except ImportError as error:
        raise QuerenciaError(
            "Tuning (training.tune) needs Optuna, which is not installed. Install the extra: "
            "pip install 'querencia[tune]', or set training.tune = 0."
        ) from error
