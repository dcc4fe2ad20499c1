"""How near expected amounts came, and how many customers their intervals held, in words."""

from collections.abc import Iterator, Mapping

from scipy.stats import binomtest

from features.findings import Finding, tell
from training.amounts import AMOUNTS, SERVED
from training.backtest import Measures

SHORT = 0.05
"""By how much an interval may hold fewer than it says before anybody is warned."""


def reached(coverage: Mapping[str, float], customers: int) -> dict[str, Measures]:
    """The coverage of each amount: every share with its 95 % interval (Wilson).

    Args:
        coverage: Shares by amount and measure, as `training.outlook.Outlook.coverage` tells them.
        customers: How many there were.
    """
    told: dict[str, dict[str, Mapping[str, float]]] = {amount: {} for amount in AMOUNTS}
    for name, share in coverage.items():
        amount, _, measure = name.partition("_")
        size = max(1, customers // 10) if measure.endswith("top_decile") else customers
        counted = binomtest(round(share * size), size).proportion_ci(method="wilson")
        told[amount][measure] = {"value": share, "low": counted.low, "high": counted.high}
    return {amount: shares for amount, shares in told.items() if shares}


def told(judged: Mapping[str, Measures], held: Mapping[str, Measures]) -> Iterator[Finding]:
    """Both in words, amount by amount.

    Args:
        judged: `training.backtest.value_intervals`.
        held: `reached`.
    """
    for amount in AMOUNTS:
        if served := judged.get(f"{SERVED} {amount}"):
            yield tell(
                "advice",
                "amount",
                "{amount}: Gini {gini:.3f} ({gini_low:.3f} to {gini_high:.3f}); the total was "
                "{bias:+.0%} off the truth ({bias_low:+.0%} to {bias_high:+.0%}).",
                amount=amount,
                **_ends("gini", served["gini_score"]),
                **_ends("bias", served["total_bias"]),
            )
        for nominal in (0.8, 0.9):
            name = f"coverage_{100 * nominal:.0f}"
            if name in held.get(amount, {}):
                yield _held(amount, nominal, held[amount][name], held[amount][f"{name}_top_decile"])


def _held(
    amount: str, nominal: float, of_all: Mapping[str, float], of_top: Mapping[str, float]
) -> Finding:
    short = min(of_all["high"], of_top["high"]) < nominal - SHORT
    text = (
        "{amount}: the {nominal:.0%} intervals held {all:.1%} of the customers ({all_low:.1%} to "
        "{all_high:.1%}), and {top:.1%} of the top tenth ({top_low:.1%} to {top_high:.1%})"
    )
    figures = {
        "amount": amount,
        "nominal": nominal,
        **_ends("all", of_all),
        **_ends("top", of_top),
    }
    if short:
        return tell("warning", "coverage_short", text + ": they are too narrow.", **figures)
    return tell("advice", "coverage", text + ".", **figures)


def _ends(name: str, told: Mapping[str, float]) -> dict[str, object]:
    return {name: told["value"], f"{name}_low": told["low"], f"{name}_high": told["high"]}
