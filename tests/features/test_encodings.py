"""CSV files as spreadsheets write them, in other encodings than UTF-8."""

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from features import intake
from features.encodings import in_utf8, likely, require
from features.errors import QuerenciaError
from features.mapping import suggest
from features.records import TRANSACTIONS
from features.settings import FeatureSettings, TableSettings
from features.sources import Source
from features.store import Store

SALES = "transaction_id,customer_id,occurred_at,amount,category\n"
ROWS = ["1,ana,2024-01-01,5,café", "2,eva,2024-01-02,7,“ñ” for 5 €"]


def written(path: Path, encoding: str, rows: list[str]) -> Path:
    path.write_bytes((SALES + "\n".join(rows) + "\n").encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16", "UTF8"])
def test_a_file_is_read_as_its_table_says_it_is_written(tmp_path: Path, encoding: str) -> None:
    file = written(tmp_path / "sales.csv", encoding, ROWS)
    source = TableSettings(path=file.name, encoding=encoding).source(tmp_path)
    taken = intake.take_in(source, TRANSACTIONS, tmp_path / "data", FeatureSettings())
    assert (taken.rows, taken.kept) == (2, 2)
    (records,) = Store(tmp_path / "data").records()
    assert set(records["transactions"].words["category"]) == {"café", "“ñ” for 5 €"}
    assert "category" in suggest(source, TRANSACTIONS).toml
    assert not list((tmp_path / "data").glob("*.new"))


@pytest.mark.parametrize("before", [0, 30_000])
def test_the_line_that_is_not_utf8_is_told_with_the_remedy(tmp_path: Path, before: int) -> None:
    rows = [f"{row},ana,2024-01-01,5,hat" for row in range(before)]
    file = written(tmp_path / "sales.csv", "windows-1252", [*rows, "x,ana,2024-01-01,5,café"])
    with pytest.raises(QuerenciaError, match=f"line {before + 2} is not in utf-8") as told:
        intake.take_in(
            TableSettings(path=file.name).source(tmp_path),
            TRANSACTIONS,
            tmp_path,
            FeatureSettings(),
        )
    assert 'encoding = "windows-1252"' in str(told.value)


def test_a_line_that_is_not_in_the_encoding_said_is_told(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_bytes(b"a\nb\nc\x81\n")
    with pytest.raises(QuerenciaError, match="line 3 is not in cp1252"):
        in_utf8(file, "cp1252", tmp_path / "copies")
    require(file, "latin-1")


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16"])
def test_a_proposal_says_how_a_file_is_written(tmp_path: Path, encoding: str) -> None:
    file = written(tmp_path / "sales.csv", encoding, ROWS)
    proposed = tomllib.loads(suggest(Source(file), TRANSACTIONS).toml)["tables"]["transactions"]
    assert proposed.pop("encoding") == encoding
    settings = TableSettings(**proposed, encoding=encoding)
    taken = intake.take_in(settings.source(tmp_path), TRANSACTIONS, tmp_path, FeatureSettings())
    assert (taken.rows, taken.kept) == (2, 2)


def test_a_proposal_is_silent_of_utf8_and_takes_what_is_configured(tmp_path: Path) -> None:
    file = written(tmp_path / "sales.csv", "utf-8", ROWS)
    assert "encoding" not in suggest(Source(file), TRANSACTIONS).toml
    assert 'encoding = "latin-1"' in suggest(Source(file, encoding="latin-1"), TRANSACTIONS).toml


def test_any_bytes_are_taken_for_some_text(tmp_path: Path) -> None:
    """Windows-1252 has no letter for 0x81."""
    file = tmp_path / "sales.csv"
    file.write_bytes(b"name\nJos\xe9 \x81\n")
    assert likely(file) == "latin-1"


def test_an_unknown_encoding_is_refused() -> None:
    for wrong in ("windows", "base64"):
        with pytest.raises(ValidationError, match="no such encoding; use utf-8, windows-1252"):
            TableSettings(path="sales.csv", encoding=wrong)
