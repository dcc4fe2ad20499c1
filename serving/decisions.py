"""From scores to the customers to act on."""

import pandas as pd


def at_risk(scores: pd.DataFrame, *, top_share: float, min_risk: float, most: int) -> pd.DataFrame:
    """The best customers who are about to leave, the largest expected loss first.

    Value counts survival, so that customers long gone, of whom nothing can be lost any more, do
    not lead the list.

    Args:
        scores: Rows with the columns of `training.scoring.COLUMNS`.
        top_share: The customers of the highest value: this share of all.
        min_risk: Of these, the ones with at least this risk.
        most: At most so many rows.

    Returns:
        The chosen rows, in order.
    """
    worth = scores["value"].rank(ascending=False, pct=True, method="first") <= top_share
    chosen = scores[worth & (scores["risk"] >= min_risk)]
    return chosen.sort_values("expected_loss", ascending=False, kind="stable").head(most)
