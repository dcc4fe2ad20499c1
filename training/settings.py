"""The part of the configuration that says how models are made and what money means."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

PurchaseProcess = Literal["pareto_nbd", "bg_nbd", "mbg_nbd", "mbg_cnbd_k", "best"]


class TreeSettings(BaseModel):
    """Gradient-boosted trees.

    Modest on purpose: against these, xgboost's own defaults lose .02-.11 AUC on customer data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rounds: int = Field(250, gt=0, description="number of trees")
    learning_rate: float = Field(0.05, gt=0, le=1, description="shrinkage of each tree")
    max_depth: int = Field(4, gt=0, description="depth of each tree")
    min_child_weight: float = Field(20, ge=0, description="least weight of a leaf")
    subsample: float = Field(0.8, gt=0, le=1, description="share of rows each tree sees")
    colsample: float = Field(0.6, gt=0, le=1, description="share of features each tree sees")
    reg_lambda: float = Field(5, ge=0, description="L2 penalty of leaf weights")


class MoneySettings(BaseModel):
    """What a customer and a campaign are worth and cost, in the reporting currency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    margin_rate: float | None = Field(
        None,
        gt=0,
        le=1,
        description="what the company keeps of its net sales; left out: measured from the margin "
        "column, and 1 (value is sales) without one",
    )
    discount_rate: float = Field(0.1, ge=0, description="per year, continuous")
    value_horizon_days: int = Field(365, gt=0, description="days that value looks ahead")
    offer_cost: float = Field(10, ge=0, description="cost of an offer that is accepted")
    contact_cost: float = Field(1, ge=0, description="cost of contacting one customer")
    save_rate_alpha: float = Field(6, gt=0, description="Beta prior of the share saved: alpha")
    save_rate_beta: float = Field(14, gt=0, description="Beta prior of the share saved: beta")


class PromotionSettings(BaseModel):
    """What a new model must show to take the champion's place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    most_calibration_loss: float = Field(
        0.05,
        gt=0,
        le=1,
        description="mean distance of risk from what came of it (ECE) that is let pass, beyond "
        "what chance explains",
    )
    renew_after_horizons: float = Field(
        2,
        ge=1,
        description="a champion older than so many horizons gives way to one that is no worse: by "
        "then the outcomes of a whole horizon of cut-offs are new to it",
    )
    most_shrinkage: float = Field(
        0.1, gt=0, le=1, description="share of a table's rows that may be gone since the champion"
    )
    accept_loss: bool = Field(
        False, description="promote although tables, columns or rows the champion knew are gone"
    )


class TrainingSettings(BaseModel):
    """How models are made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    purchases: PurchaseProcess = Field(
        "best",
        description="model of the purchase process; best: the likeliest of them as of the training "
        "(least BIC)",
    )
    most_customers: int = Field(
        200_000,
        gt=0,
        description="customers to learn from and judge by; of more, so many are drawn by chance",
    )
    logistic_penalty: float = Field(1.0, gt=0, description="L2 penalty of the logistic model")
    trees: TreeSettings = TreeSettings()
    tune: int = Field(
        0,
        ge=0,
        description="trials in which Optuna tunes trees and penalty at earlier cut-offs; 0: none",
    )
    money: MoneySettings = MoneySettings()
    promotion: PromotionSettings = PromotionSettings()
    random_state: int = Field(0, ge=0, description="seed of everything random")
