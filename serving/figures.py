"""The names of models and measures, and how their figures are written, in English and Spanish."""

from collections.abc import Collection, Mapping

from serving import words
from serving.words import Language

_MODELS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "served": "Querencia",
        "pareto_nbd": "- Pareto/NBD",
        "bg_nbd": "- BG/NBD",
        "mbg_nbd": "- MBG/NBD",
        "mbg_cnbd_k": "- MBG/CNBD-k",
        "logistic": "- logistic",
        "trees": "- trees",
        "baseline_rfm": "baseline RFM",
        "baseline_recency": "baseline recency",
        "naive_rate": "baseline pace",
    },
    "es": {
        "served": "Querencia",
        "pareto_nbd": "- Pareto/NBD",
        "bg_nbd": "- BG/NBD",
        "mbg_nbd": "- MBG/NBD",
        "mbg_cnbd_k": "- MBG/CNBD-k",
        "logistic": "- logística",
        "trees": "- árboles",
        "baseline_rfm": "base RFM",
        "baseline_recency": "base recencia",
        "naive_rate": "base ritmo",
    },
}

_MEASURES: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "auc_score": "AUC",
        "pr_auc_score": "PR-AUC",
        "log_loss": "log\nloss",
        "brier_loss": "Brier",
        "calibration_loss": "calibration\nerror",
        "top_decile_lift_score": "lift of\ntop tenth",
        "profit_score": "profit,\n{currency} a\ncustomer",
        "mae_loss": "mean\nerror",
        "rmse_loss": "RMSE",
        "spearman_score": "Spearman",
        "gini_score": "Gini",
        "decile_calibration_loss": "error of\ntenths",
        "top_decile_capture_score": "caught by\ntop tenth",
        "total_bias": "total against\ntruth",
        "coverage_80": "in 80 %\ninterval",
        "coverage_80_top_decile": "in 80 %,\ntop tenth",
        "coverage_90": "in 90 %\ninterval",
        "coverage_90_top_decile": "in 90 %,\ntop tenth",
    },
    "es": {
        "auc_score": "AUC",
        "pr_auc_score": "PR-AUC",
        "log_loss": "pérdida\nlog.",
        "brier_loss": "Brier",
        "calibration_loss": "error de\ncalibr.",
        "top_decile_lift_score": "lift del\ndécimo sup.",
        "profit_score": "beneficio,\n{currency} por\ncliente",
        "mae_loss": "error\nmedio",
        "rmse_loss": "RMSE",
        "spearman_score": "Spearman",
        "gini_score": "Gini",
        "decile_calibration_loss": "error por\ndécimos",
        "top_decile_capture_score": "captado por\ndécimo sup.",
        "total_bias": "total frente\na verdad",
        "coverage_80": "en intervalo\n80 %",
        "coverage_80_top_decile": "en 80 %,\ndécimo sup.",
        "coverage_90": "en intervalo\n90 %",
        "coverage_90_top_decile": "en 90 %,\ndécimo sup.",
    },
}

_FORMATS: Mapping[str, str] = {
    "auc_score": "{value:.3f}",
    "pr_auc_score": "{value:.3f}",
    "log_loss": "{value:.4f}",
    "brier_loss": "{value:.4f}",
    "calibration_loss": "{value:.1%}",
    "top_decile_lift_score": "{value:.2f}",
    "profit_score": "{value:,.2f}",
    "mae_loss": "{value:,.2f}",
    "rmse_loss": "{value:,.2f}",
    "spearman_score": "{value:.3f}",
    "gini_score": "{value:.3f}",
    "decile_calibration_loss": "{value:.0%}",
    "top_decile_capture_score": "{value:.0%}",
    "total_bias": "{value:+.0%}",
    "coverage_80": "{value:.1%}",
    "coverage_80_top_decile": "{value:.1%}",
    "coverage_90": "{value:.1%}",
    "coverage_90_top_decile": "{value:.1%}",
}
"""How each measure is written; in the order of tables."""


def model(name: str, language: Language) -> str:
    """A model as people read it; members of the mean begin with a dash."""
    return _MODELS[language][name]


def heading(measure: str, language: Language, currency: str) -> str:
    """A measure at the top of a column."""
    return _MEASURES[language][measure].format(currency=currency)


def label(measure: str, language: Language, currency: str) -> str:
    """A measure at the beginning of a row."""
    return heading(measure, language, currency).replace("\n", " ")


def figure(measure: str, value: float, language: Language) -> str:
    """One figure of a measure."""
    return words.fill(_FORMATS[measure], language, value=value)


def known(measures: Collection[str]) -> list[str]:
    """Those of the measures that tables show, in their order."""
    return [name for name in _FORMATS if name in measures]
