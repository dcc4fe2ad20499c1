"""Polars: lazy, customers as integer codes, one group-by a table and cut-off, all threads."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import polars as pl
from chosen import COMPRESSION, FEATURES, TICKET_WINDOWS_DAYS, WINDOWS_DAYS

DAY = 86_400_000_000
MINUTE = 60_000_000
MINUTES_PER_DAY = 24 * 60
TIME = pl.col("time")


def run(folder: Path, cutoffs: Sequence[datetime], out: Path) -> None:
    bought, ids = _bought(folder)
    tables = (
        _purchases(bought),
        _arrived(bought),
        *_surveys(_read(folder, "surveys").join(ids, on="customer_id")),
        *_tickets(_read(folder, "tickets").join(ids, on="customer_id")),
    )
    ready = [frame.lazy() for frame in pl.collect_all(tables)]
    out.mkdir()
    for number, cutoff in enumerate(cutoffs):
        rows = _rows(*ready, cutoff=int(cutoff.timestamp()) * 1_000_000).join(ids, on="customer")
        rows = rows.select("customer_id", pl.lit(cutoff).alias("cutoff"), *FEATURES)
        rows.sink_parquet(out / f"{number:02}.parquet", compression=COMPRESSION, engine="streaming")


def _read(folder: Path, table: str) -> pl.LazyFrame:
    rows = pl.scan_parquet(folder / "records" / f"{table}.parquet")
    return rows.with_columns(pl.selectors.datetime().to_physical())


def _bought(folder: Path) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    rows = _read(folder, "transactions").with_columns(
        customer=pl.col("customer_id").rle_id().cast(pl.Int32)
    )
    ids = rows.select("customer", "customer_id").unique("customer").collect().lazy()
    return rows.drop("customer_id").collect().lazy(), ids


def _purchases(bought: pl.LazyFrame) -> pl.LazyFrame:
    """What each row means for the purchase days, as far as no later row matters."""
    amount, day = pl.col("amount"), (pl.col("occurred_at") // DAY).cast(pl.Int32)
    customer = pl.col("customer")
    # Rows are sorted by customer, so one shift and one fill over all of them, cut at the
    # customer's edge, do what a window per customer would.
    row = pl.col("row").cast(pl.Int64)
    return (
        bought.with_row_index("row")
        .with_columns(
            purchase_day=pl.when(amount >= 0).then(day),
            begin=row.min().over("customer"),
            seen=pl.when(amount >= 0).then(row).forward_fill(),
        )
        .with_columns(
            owner=pl.when(pl.col("seen") >= pl.col("begin")).then(
                pl.col("purchase_day").forward_fill()
            ),
            first=pl.col("purchase_day").min().over("customer"),
        )
        .with_columns(before=pl.when(customer == customer.shift()).then(pl.col("owner").shift()))
        .select(
            "customer",
            "amount",
            "purchase_day",
            time="occurred_at",
            begins=((amount >= 0) & day.ne_missing(pl.col("before"))).cast(pl.Int32),
            refund=pl.min_horizontal(amount, 0.0),
            repeat=pl.when(pl.col("owner") != pl.col("first")).then(amount).otherwise(0.0),
        )
    )


def _arrived(bought: pl.LazyFrame) -> pl.LazyFrame:
    slack = pl.col("delivered_at") - pl.col("promised_at")
    delay = (pl.max_horizontal(slack, 0) // MINUTE).alias("delay")
    wait = (pl.col("delivered_at") - pl.col("occurred_at")) // MINUTE
    return (
        bought.drop_nulls(["delivered_at", "promised_at"])
        .select("customer", delay, time="delivered_at", wait=wait)
        .sort("customer", "time", maintain_order=True)
    )


def _surveys(surveys: pl.LazyFrame) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    kind, score = pl.col("kind"), pl.col("score")
    share = pl.when(kind == "nps").then(score / 10).when(kind == "csat").then((score - 1) / 4)
    answers = (
        surveys.drop_nulls("answered_at")
        .select("customer", time="answered_at", nps=kind == "nps", csat=kind == "csat", share=share)
        .sort("customer", "time", maintain_order=True)
    )
    return surveys.select("customer", time="asked_at"), answers


def _tickets(tickets: pl.LazyFrame) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    hours = (pl.col("resolved_at") - pl.col("opened_at")) / (60 * MINUTE)
    known = tickets.drop_nulls("resolved_at")
    return (
        tickets.select("customer", time="opened_at"),
        known.select("customer", time="resolved_at", hours=hours),
    )


def _rows(
    purchases: pl.LazyFrame,
    arrived: pl.LazyFrame,
    asked: pl.LazyFrame,
    answers: pl.LazyFrame,
    opened: pl.LazyFrame,
    resolved: pl.LazyFrame,
    *,
    cutoff: int,
) -> pl.LazyFrame:
    rows = _spent(purchases, cutoff)
    for part in (
        _promises(arrived, cutoff),
        _asked(asked, cutoff),
        _answered(answers, cutoff),
        _opened(opened, cutoff),
        _resolved(resolved, cutoff),
    ):
        rows = rows.join(part, on="customer", how="left")
    counts = ["deliveries", "answers", "tickets", *(f"tickets_{d}d" for d in TICKET_WINDOWS_DAYS)]
    return rows.with_columns(pl.col(*counts).fill_null(0)).with_columns(
        response_rate=pl.col("answered").fill_null(0) / pl.col("asked"),
        tickets_open=pl.col("tickets").cast(pl.Int64) - pl.col("resolved").fill_null(0),
    )


def _by_customer(table: pl.LazyFrame, cutoff: int) -> "pl.lazyframe.group_by.LazyGroupBy":
    return table.filter(cutoff > TIME).group_by("customer")


def _spent(purchases: pl.LazyFrame, cutoff: int) -> pl.LazyFrame:
    amount, begins, day = pl.col("amount"), pl.col("begins"), pl.col("purchase_day")
    last_day = (cutoff - 1) // DAY
    recent = {days: cutoff - days * DAY <= TIME for days in WINDOWS_DAYS}
    frequency, mean_gap = pl.col("frequency"), pl.col("mean_gap")
    several = pl.when(frequency > 0).then(frequency)
    return (
        _by_customer(purchases, cutoff)
        .agg(
            pl.col("repeat", "refund").sum(),
            spend=amount.sum(),
            frequency=begins.sum() - 1,
            first=day.min(),
            last=day.max(),
            **{f"purchase_days_{d}d": begins.filter(within).sum() for d, within in recent.items()},
            **{f"spend_{d}d": amount.filter(within).sum() for d, within in recent.items()},
        )
        .filter(frequency >= 0)
        .with_columns(
            T=last_day - pl.col("first"),
            silence=last_day - pl.col("last"),
            recency=pl.col("last") - pl.col("first"),
            refund_share=(pl.col("refund") / (pl.col("refund") - pl.col("spend"))).clip(
                upper_bound=1
            ),
            monetary_value=pl.col("repeat") / several,
            mean_gap=(pl.col("last") - pl.col("first")) / several,
            spend_trend_90d=2 * pl.col("spend_90d") - pl.col("spend_180d"),
        )
        .with_columns(silence_in_gaps=pl.col("silence") / mean_gap)
    )


def _promises(arrived: pl.LazyFrame, cutoff: int) -> pl.LazyFrame:
    delay = pl.col("delay")
    return (
        _by_customer(arrived, cutoff)
        .agg(
            deliveries=pl.len(),
            late=(delay > 0).sum(),
            late_share=(delay > 0).mean(),
            total=delay.sum(),
            worst_delay=delay.max() / MINUTES_PER_DAY,
            last_delay=delay.last() / MINUTES_PER_DAY,
            wait=pl.col("wait").mean() / MINUTES_PER_DAY,
        )
        .with_columns(
            delay=pl.when(pl.col("late") > 0).then(pl.col("total") / pl.col("late"))
            / MINUTES_PER_DAY
        )
    )


def _asked(asked: pl.LazyFrame, cutoff: int) -> pl.LazyFrame:
    return _by_customer(asked, cutoff).agg(asked=pl.len())


def _answered(answers: pl.LazyFrame, cutoff: int) -> pl.LazyFrame:
    share, nps, csat = pl.col("share"), pl.col("nps"), pl.col("csat")
    either = share.is_not_null()
    return _by_customer(answers, cutoff).agg(
        answered=pl.len(),
        answers=either.sum(),
        satisfaction_last=share.drop_nulls().last(),
        satisfaction_mean=share.mean(),
        satisfaction_worst=share.min(),
        satisfaction_since=(cutoff - pl.when(either).then(TIME).max()) / DAY,
        nps_last=share.filter(nps).last(),
        csat_mean=pl.when(csat).then(share).mean(),
    )


def _opened(opened: pl.LazyFrame, cutoff: int) -> pl.LazyFrame:
    return _by_customer(opened, cutoff).agg(
        tickets=pl.len(),
        **{f"tickets_{d}d": (cutoff - d * DAY <= TIME).sum() for d in TICKET_WINDOWS_DAYS},
    )


def _resolved(resolved: pl.LazyFrame, cutoff: int) -> pl.LazyFrame:
    hours = pl.col("hours")
    return _by_customer(resolved, cutoff).agg(
        resolved=pl.len(),
        resolution_hours=hours.median(),
        worst_resolution_hours=hours.max(),
        past_target=(hours > 72).mean(),
    )
