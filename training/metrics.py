"""Measures of a prediction: `*_score` is better when higher, `*_loss` when lower."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training.amounts import Forecast
from training.ranking import Ranking

Floats = NDArray[np.float64]


def ranked(y_true: ArrayLike, y_score: ArrayLike) -> Floats:
    """The truth from the highest score to the lowest.

    Customers with equal scores share the mean of theirs: the score does not say who of them comes
    first, and the order of the rows must not.
    """
    _, group, size = np.unique(-np.asarray(y_score, float), return_inverse=True, return_counts=True)
    return np.repeat(np.bincount(group, np.asarray(y_true, float)) / size, size)


def calibration_table(
    y_true: ArrayLike, y_prob: ArrayLike, *, bins: int = 10
) -> tuple[Floats, Floats, Floats]:
    """Mean prediction, observed rate and number of customers in bins of equal size.

    Args:
        y_true: 1 where it happened, shape (n,).
        y_prob: Predicted probability, shape (n,).
        bins: How many groups the customers are cut into by prediction.

    Returns:
        Three arrays of shape (bins,), from the lowest prediction to the highest; of shape (n,)
        where there are fewer customers than bins.
    """
    return Ranking.of(y_true, y_prob).calibration(bins=bins)


def expected_calibration_loss(y_true: ArrayLike, y_prob: ArrayLike, *, bins: int = 10) -> float:
    """Mean distance between predicted and observed rate over bins of equal size (ECE)."""
    return Ranking.of(y_true, y_prob).calibration_loss(bins=bins)


def top_decile_lift_score(y_true: ArrayLike, y_score: ArrayLike) -> float:
    """Rate among the tenth with the highest scores over the rate among all."""
    return Ranking.of(y_true, y_score).top_decile_lift_score()


def empc_score(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    clv: float,
    offer_cost: float,
    contact_cost: float,
    alpha: float = 6,
    beta: float = 14,
) -> tuple[float, float]:
    """Expected maximum profit of a retention campaign, per customer of the base.

    A campaign contacts the customers with the highest scores. A contact costs `contact_cost`; a
    leaver who is contacted accepts with chance gamma, keeps `clv` for the company and costs it
    `offer_cost`; a stayer accepts always. For each gamma the best share to contact is taken, and
    the profit is averaged over gamma ~ Beta(alpha, beta). `clv` is what is kept when a leaver
    stays, not multiplied by any chance of staying.

    Args:
        y_true: 1 where the customer left.
        y_score: Higher means more likely to leave.
        clv: Mean value of a customer, currency.
        offer_cost: Cost of an accepted offer, currency.
        contact_cost: Cost of one contact, currency.
        alpha: First parameter of the Beta distribution of the save rate.
        beta: Second parameter.

    Returns:
        Profit per customer in currency, and the share of customers to contact.

    References:
        Verbraken, Verbeke & Baesens 2013, "A novel profit maximizing metric for measuring
        classification performance of customer churn prediction models", equation 14.
    """
    return Ranking.of(y_true, y_score).empc_score(
        clv=clv, offer_cost=offer_cost, contact_cost=contact_cost, alpha=alpha, beta=beta
    )


def emp_score(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    clv: ArrayLike,
    offer_cost: ArrayLike,
    contact_cost: float,
    alpha: float = 6,
    beta: float = 14,
) -> tuple[float, float]:
    """Expected maximum profit of a campaign where every customer has a value of their own.

    The campaign of `empc_score`, with the value and the cost of the offer told of each customer:
    an offer of a share of the value costs `share * clv`. With one value for all it is the EMPC.
    The measure of Janssens et al. takes the best share to contact once, at the mean of gamma;
    here it is taken for each gamma, as the EMPC does, so that this is never less.

    Args:
        y_true: 1 where the customer left.
        y_score: Higher means to be contacted sooner: a risk, or what is expected to be earned.
        clv: Value of each customer, currency: one number for all, or shape (n,).
        offer_cost: Cost of an offer the customer accepts, currency: one number, or shape (n,).
        contact_cost: Cost of one contact, currency.
        alpha: First parameter of the Beta distribution of the save rate.
        beta: Second parameter.

    Returns:
        Profit per customer in currency, and the share of customers to contact.

    References:
        Verbraken, Verbeke & Baesens 2013, as for `empc_score`; Janssens, Bogaert, Bagué & Van den
        Poel 2022, "B2Boost: instance-dependent profit-driven modelling of B2B churn", the profit
        of one customer.
    """
    ranking = Ranking.of(y_true, y_score)
    value, cost = (
        np.broadcast_to(np.asarray(each, float), ranking.happened.shape)
        for each in (clv, offer_cost)
    )
    return ranking.emp_score(
        clv=value, offer_cost=cost, contact_cost=contact_cost, alpha=alpha, beta=beta
    )


def normalised_gini_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """How well the prediction orders the customers by amount: 1 is the true order, 0 chance."""
    return Forecast.of(y_true, y_pred).gini_score()


def top_decile_capture_score(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Share of the true total held by the tenth with the highest predictions."""
    return Forecast.of(y_true, y_pred).top_decile_capture_score()


def total_bias(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Predicted total over true total, less one: -0.1 is ten per cent too low."""
    return Forecast.of(y_true, y_pred).total_bias()
