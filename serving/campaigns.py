"""Campaigns on file: a list is a draft until it is sent, and never changes afterwards.

`campaigns/ID/` of the data folder holds the list (`list.csv`, `list.parquet`) and `summary.json`;
once it was sent, `sent.json`, the rows it is in the table `offers` (`offers.csv`) and, of those who
are asked, the rows of the table `surveys` that wait for their answers (`surveys.csv`) as well.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from features.errors import QuerenciaError
from features.files import aside, renewed
from serving.catalogue import ASK
from training.scoring import COLUMNS

_ID = re.compile(r"\d{4}-\d\d-\d\d-\d+")
_NUMBER = "number"
_LIST, _SUMMARY, _SENT = "list.parquet", "summary.json", "sent.json"
_OFFERS, _SURVEYS = "offers.csv", "surveys.csv"
_KIND = "nps"
"""What the silent are asked unless whoever asks them writes something else."""

_DECIMALS = {
    **{column.name: 2 for column in COLUMNS if column.unit in {"currency", "days"}},
    **{column.name: 4 for column in COLUMNS if column.unit == "probability"},
    **dict.fromkeys(("cost", "cost_ceiling", "expected_profit", "expected_profit_low"), 2),
    "saved": 4,
}
"""Of the CSV file: cents, 1/10,000 of a probability, 1/100 of a day."""

PLAIN: Mapping[str, Any] = {
    "index": False,
    "float_format": "%.15g",
    "date_format": "%Y-%m-%dT%H:%M:%SZ",
}
"""How pandas writes a CSV file of ours."""


def rounded(rows: pd.DataFrame) -> pd.DataFrame:
    """A list with as many decimals as its CSV file has."""
    return rows.round(_DECIMALS)


@dataclass(frozen=True)
class Campaign:
    """A list on file, with what it promised.

    Attributes:
        folder: Its own.
    """

    folder: Path

    @property
    def id(self) -> str:
        """Day and number."""
        return self.folder.name

    @cached_property
    def summary(self) -> Mapping[str, Any]:
        """What it may cost, and what it promised."""
        summary: dict[str, Any] = json.loads((self.folder / _SUMMARY).read_text())
        return summary

    @cached_property
    def sent_at(self) -> datetime | None:
        """When it was sent; None for a draft."""
        path = self.folder / _SENT
        if not path.is_file():
            return None
        return datetime.fromisoformat(json.loads(path.read_text())["sent_at"])

    @property
    def offers(self) -> Path:
        """The file of its rows in the table `offers`, once it was sent."""
        return self.folder / _OFFERS

    @property
    def surveys(self) -> Path:
        """The file of those who are asked, for their answers; once it was sent, if anybody is."""
        return self.folder / _SURVEYS

    def rows(self) -> pd.DataFrame:
        """The list.

        Raises:
            QuerenciaError: where it was changed after it was sent.
        """
        path = self.folder / _LIST
        if self.sent_at is not None:
            told = json.loads((self.folder / _SENT).read_text())["sha256"]
            if _digest(path) != told:
                raise QuerenciaError(
                    f"{path} is not what was sent on {self.sent_at:%Y-%m-%d} any more, so nothing "
                    "can be learned from it. Bring the file back from your backup."
                )
        return pd.read_parquet(path)

    def decided(self) -> pd.DataFrame:
        """Its rows in the table `offers`.

        Raises:
            QuerenciaError: where it was not sent, or was changed since.
        """
        if self.sent_at is None:
            raise QuerenciaError(
                f"{self.id} was not sent yet: querencia campaigns --sent {self.id}"
            )
        return offer_rows(self.rows(), self.sent_at)


def offer_rows(rows: pd.DataFrame, decided_at: datetime) -> pd.DataFrame:
    """Rows of a list as the table `offers` has them.

    Who is chosen for which offer depends on what is known of them, so only controls that were
    chosen for the same offer tell what it does: each offer is a `campaign_id` of its own. What it
    cost, and when it was taken up, is for the company to add.
    """
    number = _numbers(rows).map("{:06}".format)
    return pd.DataFrame(
        {
            "offer_id": rows["campaign"] + "-" + number,
            "customer_id": rows["customer_id"],
            "campaign_id": rows["campaign"] + "-" + rows["offer"],
            "decided_at": pd.Timestamp(decided_at),
            "arm": rows["arm"],
            "propensity": rows["propensity"],
        }
    )


def survey_rows(rows: pd.DataFrame, asked_at: datetime) -> pd.DataFrame:
    """Those of a list who are asked, as the table `surveys` has them, without answers yet."""
    offers = offer_rows(rows, asked_at)
    asked = offers[offers["arm"] == ASK]
    return survey_sheet(asked["offer_id"], asked["customer_id"], asked_at)


def survey_sheet(
    survey_ids: "pd.Series[str]", customer_ids: "pd.Series[str]", asked_at: datetime
) -> pd.DataFrame:
    """A survey of customers as the table `surveys` has it, ready for their answers."""
    return pd.DataFrame(
        {
            "survey_id": survey_ids,
            "customer_id": customer_ids,
            "kind": _KIND,
            "asked_at": pd.Timestamp(asked_at),
            **dict.fromkeys(("answered_at", "score", "comment", "language"), ""),
        }
    )


def _numbers(rows: pd.DataFrame) -> "pd.Series[int]":
    """The places of rows on a list as it was made, whoever was taken off it since."""
    return rows.get(_NUMBER, pd.Series(range(1, len(rows) + 1), rows.index))


@dataclass(frozen=True)
class Campaigns:
    """The campaigns of a data folder.

    Attributes:
        data: The data folder.
    """

    data: Path

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self.data / "campaigns"

    def all(self) -> list[Campaign]:
        """Every one, the earliest first."""
        folders = [path for path in self.folder.glob("*") if _ID.fullmatch(path.name)]
        return [Campaign(path) for path in sorted(folders, key=_order)]

    def sent(self) -> list[Campaign]:
        """Those that were sent."""
        return [campaign for campaign in self.all() if campaign.sent_at is not None]

    def drafts(self) -> list[Campaign]:
        """Those that were not: one at most, but where a job died."""
        return [campaign for campaign in self.all() if campaign.sent_at is None]

    def next_id(self, today: date) -> str:
        """The id of the next draft: that of the last one of today if it was not sent."""
        numbers = [_order(each.folder)[1] for each in self.sent() if each.id.startswith(f"{today}")]
        return f"{today}-{max(numbers, default=0) + 1}"

    def write(self, campaign: str, rows: pd.DataFrame, summary: Mapping[str, Any]) -> Campaign:
        """Put a draft in the place of the one before, at once.

        Args:
            campaign: Its id, as `next_id` told it.
            rows: The list, as CSV and Parquet shall have it.
            summary: What JSON can hold.
        """
        with renewed(self.folder, campaign) as new:
            (new / campaign).mkdir()
            _write(rows, new / campaign)
            (new / campaign / _SUMMARY).write_text(json.dumps(summary, indent=1))
        for draft in self.drafts():
            if draft.id != campaign:
                shutil.rmtree(draft.folder)
        return Campaign(self.folder / campaign)

    def find(self, campaign: str) -> Campaign:
        """The campaign of an id.

        Raises:
            QuerenciaError: where there is none.
        """
        found = {each.id: each for each in self.all()}
        if campaign not in found:
            there = f"There are: {', '.join(found)}." if found else "Make one: querencia flag"
            raise QuerenciaError(f"There is no campaign {campaign} in {self.folder}. {there}")
        return found[campaign]

    def send(self, campaign: str, at: datetime) -> Campaign:
        """Say that a draft was sent; it can't be changed from now on.

        Raises:
            QuerenciaError: where it was sent before, is empty, or would have been sent before it
                was made.
        """
        draft = self.find(campaign)
        if draft.sent_at is not None:
            raise QuerenciaError(f"{campaign} was sent on {draft.sent_at:%Y-%m-%d} already.")
        cutoff = datetime.fromisoformat(draft.summary["cutoff"])
        if at < cutoff:
            raise QuerenciaError(
                f"{campaign} was made of all that was known by {cutoff:%Y-%m-%d}; it can't have "
                f"been sent before, on {at:%Y-%m-%d}."
            )
        rows = draft.rows()
        if rows.empty:
            raise QuerenciaError(f"Nobody is on the list of {campaign}: there is nothing to send.")
        _note_sent(rows, draft.folder, at)
        return Campaign(draft.folder)

    def forget(self, customer_id: str) -> int:
        """Take a customer off every list, sent or not; how many told of them."""
        told = [
            (each, rows)
            for each in self.all()
            if (rows := pd.read_parquet(each.folder / _LIST))["customer_id"].eq(customer_id).any()
        ]
        for campaign, rows in told:
            self._rewrite(campaign, rows.assign(**{_NUMBER: _numbers(rows)}), customer_id)
        return len(told)

    def _rewrite(self, campaign: Campaign, rows: pd.DataFrame, customer_id: str) -> None:
        left = rows[rows["customer_id"] != customer_id]
        with renewed(self.folder, campaign.id) as new:
            folder = shutil.copytree(campaign.folder, new / campaign.id)
            _write(left, folder)
            if campaign.sent_at is not None:
                _note_sent(left, folder, campaign.sent_at)


def _write(rows: pd.DataFrame, folder: Path) -> None:
    """Write a list for programs and for people."""
    rows.to_parquet(folder / _LIST, index=False)
    rounded(rows.drop(columns=_NUMBER, errors="ignore")).to_csv(folder / "list.csv", **PLAIN)


def _note_sent(rows: pd.DataFrame, folder: Path, at: datetime) -> None:
    with aside(folder / _OFFERS) as new:
        offer_rows(rows, at).to_csv(new, **PLAIN)
    asked = survey_rows(rows, at)
    (folder / _SURVEYS).unlink(missing_ok=True)  # of one more, who is forgotten now
    if len(asked):
        with aside(folder / _SURVEYS) as new:
            asked.to_csv(new, **PLAIN)
    note = {"sent_at": at.isoformat(), "sha256": _digest(folder / _LIST)}
    with aside(folder / _SENT) as new:
        new.write_text(json.dumps(note, indent=1))


def _order(folder: Path) -> tuple[str, int]:
    day, _, number = folder.name.rpartition("-")
    return day, int(number)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
