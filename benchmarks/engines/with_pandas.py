"""pandas: customers as integer codes, what can be prepared once is, a group-by per cut-off."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from chosen import (
    COMPRESSION,
    FEATURES,
    IN_DICTIONARY,
    TICKET_WINDOWS_DAYS,
    WINDOWS_DAYS,
)

DAY = 86_400_000_000
MINUTE = 60_000_000
SCALES = {"nps": (0, 10), "csat": (1, 4)}


def run(folder: Path, cutoffs: Sequence[datetime], out: Path) -> None:
    bought, ids = _read(folder, "transactions")
    tables = (
        _purchases(bought),
        _arrived(bought),
        *_surveys(_read(folder, "surveys", ids)[0]),
        *_tickets(_read(folder, "tickets", ids)[0]),
    )
    writer: Any = None
    for cutoff in cutoffs:
        rows = _rows(*tables, int(cutoff.timestamp()) * 1_000_000)
        who = pd.Categorical.from_codes(rows.index, ids)
        rows.insert(0, "customer_id", pd.Series(who, rows.index))
        rows.insert(1, "cutoff", pd.Timestamp(cutoff))
        table = pa.Table.from_pandas(rows, preserve_index=False)
        looked_up = list(IN_DICTIONARY)
        options = {"use_dictionary": looked_up, "write_statistics": looked_up}
        writer = writer or pq.ParquetWriter(out, table.schema, compression=COMPRESSION, **options)
        writer.write_table(table)
    writer.close()


def _read(folder: Path, table: str, ids: pd.Index | None = None) -> tuple[pd.DataFrame, pd.Index]:
    path = folder / "records" / f"{table}.parquet"
    frame = pq.read_table(path, read_dictionary=["customer_id"]).unify_dictionaries().to_pandas()
    own = frame.pop("customer_id").cat
    codes = own.codes.to_numpy() if ids is None else ids.get_indexer(own.categories)[own.codes]
    frame.insert(0, "customer", codes.astype(np.int32))
    for name in frame.columns[frame.dtypes.astype(str).str.startswith("datetime64")]:
        missing = frame[name].isna()
        frame[name] = frame[name].astype("int64").where(~missing, np.iinfo(np.int64).max)
    frame = frame[frame["customer"] >= 0]
    return frame, own.categories if ids is None else ids


def _purchases(bought: pd.DataFrame) -> pd.DataFrame:
    """What each row means for the purchase days, as far as no later row matters."""
    day = (bought["occurred_at"] // DAY).astype("float64")
    amount = bought["amount"]
    purchase_day = day.where(amount >= 0)
    customer = bought["customer"]
    owner = purchase_day.groupby(customer, sort=False).ffill()
    before = owner.groupby(customer, sort=False).shift()
    first = purchase_day.groupby(customer, sort=False).transform("first")
    return pd.DataFrame(
        {
            "customer": customer,
            "time": bought["occurred_at"],
            "amount": amount,
            "begins": ((amount >= 0) & (day != before)).astype(np.int32),
            "refund": np.minimum(amount, 0),
            "repeat": amount.where(owner.notna() & (owner != first), 0.0),
            "purchase_day": purchase_day,
        }
    )


def _arrived(bought: pd.DataFrame) -> pd.DataFrame:
    missing = np.iinfo(np.int64).max
    rows = bought[(bought["delivered_at"] != missing) & (bought["promised_at"] != missing)]
    rows = rows.sort_values(["customer", "delivered_at"], kind="stable")
    delay = np.maximum(rows["delivered_at"] - rows["promised_at"], 0) // MINUTE
    return pd.DataFrame(
        {
            "customer": rows["customer"],
            "time": rows["delivered_at"],
            "delay": delay,
            "late": (delay > 0).astype(np.int32),
            "wait": (rows["delivered_at"] - rows["occurred_at"]) // MINUTE,
        }
    )


def _surveys(surveys: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    asked = surveys[["customer", "asked_at"]].set_axis(["customer", "time"], axis=1)
    answered = surveys[surveys["answered_at"] != np.iinfo(np.int64).max]
    answered = answered.sort_values(["customer", "answered_at"], kind="stable")
    low, span = (answered["kind"].map({k: s[i] for k, s in SCALES.items()}) for i in (0, 1))
    answers = pd.DataFrame(
        {
            "customer": answered["customer"],
            "time": answered["answered_at"],
            "nps": answered["kind"] == "nps",
            "csat": answered["kind"] == "csat",
            "share": (answered["score"] - low) / span,
        }
    )
    return asked, answers


def _tickets(tickets: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    opened = tickets[["customer", "opened_at"]].set_axis(["customer", "time"], axis=1)
    known = tickets[tickets["resolved_at"] != np.iinfo(np.int64).max]
    hours = (known["resolved_at"] - known["opened_at"]) / (60 * MINUTE)
    resolved = pd.DataFrame(
        {"customer": known["customer"], "time": known["resolved_at"], "hours": hours}
    )
    return opened, resolved.assign(late=(hours > 72).astype(np.int32))


def _rows(
    purchases: pd.DataFrame,
    arrived: pd.DataFrame,
    asked: pd.DataFrame,
    answers: pd.DataFrame,
    opened: pd.DataFrame,
    resolved: pd.DataFrame,
    cutoff: int,
) -> pd.DataFrame:
    rows = _bought(purchases, cutoff)
    parts = (
        _promises(arrived, cutoff),
        _satisfaction(asked, answers, cutoff),
        _effort(opened, resolved, cutoff),
    )
    for part in parts:
        rows = rows.join(part)
    counts = ["deliveries", "answers", *(n for n in FEATURES if n.startswith("tickets"))]
    rows[counts] = rows[counts].fillna(0)
    return rows[list(FEATURES)].astype(float)


def _bought(purchases: pd.DataFrame, cutoff: int) -> pd.DataFrame:
    known = purchases[purchases["time"] < cutoff]
    by = known.groupby("customer", sort=False)
    rows = by[["begins", "amount", "refund", "repeat"]].sum()
    days = by["purchase_day"].agg(["min", "max"])
    last_day = (cutoff - 1) // DAY
    rows = rows.assign(
        spend=rows["amount"],
        frequency=rows["begins"] - 1,
        T=last_day - days["min"],
        silence=last_day - days["max"],
        recency=days["max"] - days["min"],
        refund_share=(rows["refund"] / (rows["refund"] - rows["amount"])).clip(upper=1),
    )[rows["begins"] > 0]
    several = rows["frequency"].where(rows["frequency"] > 0)
    rows["monetary_value"] = rows["repeat"] / several
    rows["mean_gap"] = rows["recency"] / several
    rows["silence_in_gaps"] = rows["silence"] / rows["mean_gap"]
    for window in reversed(WINDOWS_DAYS):
        known = known[known["time"] >= cutoff - window * DAY]
        sums = known.groupby("customer", sort=False)[["begins", "amount"]].sum()
        names = [f"purchase_days_{window}d", f"spend_{window}d"]
        rows[names] = sums.reindex(rows.index, fill_value=0)
    rows["spend_trend_90d"] = 2 * rows["spend_90d"] - rows["spend_180d"]
    return rows


def _promises(arrived: pd.DataFrame, cutoff: int) -> pd.DataFrame:
    by = arrived[arrived["time"] < cutoff].groupby("customer", sort=False)
    sums, count = by[["delay", "late", "wait"]].sum(), by.size()
    minutes = 24 * 60
    return pd.DataFrame(
        {
            "deliveries": count,
            "late_share": sums["late"] / count,
            "delay": sums["delay"] / sums["late"].where(sums["late"] > 0) / minutes,
            "worst_delay": by["delay"].max() / minutes,
            "last_delay": by["delay"].last() / minutes,
            "wait": sums["wait"] / count / minutes,
        }
    )


def _satisfaction(asked: pd.DataFrame, answers: pd.DataFrame, cutoff: int) -> pd.DataFrame:
    known = answers[answers["time"] < cutoff]
    sent = asked[asked["time"] < cutoff].groupby("customer", sort=False).size()
    nps, csat = known[known["nps"]], known[known["csat"]]
    by = known[known["nps"] | known["csat"]].groupby("customer", sort=False)
    share = by["share"].agg(["last", "mean", "min", "size"])
    answered = known.groupby("customer", sort=False).size()
    return pd.DataFrame(
        {
            "satisfaction_last": share["last"],
            "satisfaction_mean": share["mean"],
            "satisfaction_worst": share["min"],
            "satisfaction_since": (cutoff - by["time"].last()) / DAY,
            "answers": share["size"],
            "response_rate": answered.reindex(sent.index, fill_value=0) / sent,
            "nps_last": nps.groupby("customer", sort=False)["share"].last(),
            "csat_mean": csat.groupby("customer", sort=False)["share"].mean(),
        }
    )


def _effort(opened: pd.DataFrame, resolved: pd.DataFrame, cutoff: int) -> pd.DataFrame:
    known = opened[opened["time"] < cutoff]
    rows = known.groupby("customer", sort=False).size().to_frame("tickets")
    for window in reversed(TICKET_WINDOWS_DAYS):
        known = known[known["time"] >= cutoff - window * DAY]
        rows[f"tickets_{window}d"] = known.groupby("customer", sort=False).size()
    by = resolved[resolved["time"] < cutoff].groupby("customer", sort=False)
    hours = by["hours"].agg(["median", "max", "size"])
    rows["tickets_open"] = rows["tickets"] - hours["size"].reindex(rows.index, fill_value=0)
    rows["resolution_hours"] = hours["median"]
    rows["worst_resolution_hours"] = hours["max"]
    rows["past_target"] = by["late"].mean()
    return rows
