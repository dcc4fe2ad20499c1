"""Rows come from files and databases as they are, or it is said what is in the way."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from features.errors import QuerenciaError
from features.settings import TableSettings
from features.sources import Source, attach, connect, readable, rejected, spilling

ORDERS = "id,who,total,status\n1,ana,5,paid\n2,bea,7,open\n3,ana,9,paid\n"


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS)
    return path


@pytest.fixture
def shop(tmp_path: Path, orders: Path) -> Path:
    """A DuckDB file with a table and a view, in two schemas."""
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute(f"CREATE TABLE orders AS FROM '{orders}'")
        connection.execute("CREATE SCHEMA crm")
        connection.execute("CREATE VIEW crm.people AS SELECT DISTINCT who FROM orders")
    return path


def rows(source: Source) -> list[tuple[Any, ...]]:
    with connect("UTC") as connection, readable(source):
        attach(connection, source)
        found = connection.execute("FROM source").fetchall()
        rejected(connection, source)
        return found


def refused(source: Source) -> str:
    with pytest.raises(QuerenciaError) as error:
        rows(source)
    return str(error.value)


def test_a_condition_chooses_rows(orders: Path) -> None:
    assert rows(Source(orders, where="status = 'paid'")) == [
        ("1", "ana", "5", "paid"),
        ("3", "ana", "9", "paid"),
    ]


def test_a_query_joins_files_and_a_condition_applies_to_what_it_gives(
    tmp_path: Path, orders: Path
) -> None:
    (tmp_path / "it's people.csv").write_text("who,city\nana,Lugo\nbea,Vigo\n")
    source = Source(
        query="SELECT city, sum(CAST(total AS INTEGER)) AS spend FROM bought JOIN people "
        "USING (who) GROUP BY city",
        files={"bought": orders, "people": tmp_path / "it's people.csv"},
        where="spend > 10",
    )
    assert rows(source) == [("Lugo", 14)]
    assert str(source) == f"{orders}, {tmp_path}/it's people.csv"


def test_a_duckdb_file_is_read_by_query_and_left_as_it_was(shop: Path, orders: Path) -> None:
    before = shop.read_bytes()
    query = "SELECT who, total FROM orders WHERE status = 'paid' ORDER BY total"
    assert rows(Source(shop, query=query)) == [("ana", 5), ("ana", 9)]
    assert rows(Source(shop, query="FROM crm.people", where="who = 'bea'")) == [("bea",)]
    joined = "SELECT count(*) FROM orders JOIN csv ON orders.id = csv.id"
    assert rows(Source(shop, query=joined, files={"csv": orders})) == [(3,)]
    assert shop.read_bytes() == before


@pytest.mark.parametrize("name", ["nowhere.csv", "nowhere.parquet", "."])
def test_a_missing_file_is_told(tmp_path: Path, name: str) -> None:
    assert refused(Source(tmp_path / name)) == f"There is no file {tmp_path / name}."


def test_a_missing_file_or_database_of_a_query_is_told(tmp_path: Path, orders: Path) -> None:
    nowhere = tmp_path / "nowhere.duckdb"
    assert refused(Source(nowhere, query="FROM a")) == f"There is no file {nowhere}."
    source = Source(query="FROM a", files={"a": orders, "b": tmp_path / "b.csv"})
    assert refused(source) == f"There is no file {tmp_path / 'b.csv'}."


def test_without_file_or_query_it_is_said_what_to_name(shop: Path) -> None:
    assert "No file is named" in refused(Source())
    assert f"{shop} is a database. Say which of its rows" in refused(Source(shop))


@pytest.mark.parametrize(
    "source",
    [
        Source(where="stat = 'paid'"),
        Source(where="status = "),
        Source(query="FROM lines"),
        Source(query="SELECT CAST(who AS INTEGER) FROM orders"),
    ],
)
def test_wrong_sql_is_told_as_such(orders: Path, source: Source) -> None:
    path = None if source.query else orders
    told = refused(replace(source, path=path, files={"orders": orders}))
    assert "Correct the SQL of its table in querencia.toml" in told


MANY = ORDERS + "".join(f"{row},ana,5,paid\n" for row in range(4, 25_000))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("file.parquet", b"no such thing"),
        ("file.csv", bytes(range(256))),
        ("latin.csv", f"{ORDERS}2,María,5,paid\n".encode("latin-1")),
        ("late_latin.csv", f"{MANY}x,María,5,paid\n".encode("latin-1")),
    ],
)
def test_an_unreadable_file_is_told_with_the_remedy(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    told = refused(Source(tmp_path / name))
    assert f"{name} can't be read: " in told
    assert "Save it as CSV in UTF-8" in told


def test_a_row_with_more_columns_than_the_header_is_set_apart(tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_text(f'{MANY}x,"a\nna",5,paid,6,7\ny,eva,1\n')
    source = Source(tmp_path / "wide.csv")
    with connect("UTC") as connection:
        attach(connection, source)
        assert rejected(connection, source) == []
        for _ in range(2):
            last = connection.execute("SELECT * FROM source").fetchall()[-2:]
            assert last == [("24999", "ana", "5", "paid"), ("y", "eva", "1", None)]
            assert rejected(connection, source) == [(25_001, 'x,"a\nna",5,paid,6,7')]


def test_the_address_of_a_database_is_never_shown() -> None:
    """It may hold a password."""
    address = "postgresql://me:secret@shop.example/sales"
    source = TableSettings(path=address).source(Path("/data"))
    assert str(source) == "PostgreSQL"
    assert refused(source).startswith("PostgreSQL is a database. Say which of its rows")
    with (
        pytest.raises(QuerenciaError, match="connect to its address: none") as told,
        readable(source),
    ):
        raise duckdb.IOException(f"Unable to connect to {address}: none")
    assert "secret" not in str(told.value)


def test_what_memory_cannot_hold_is_kept_in_the_folder_until_it_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (free,) = duckdb.sql("SELECT current_setting('memory_limit')").fetchall()[0]
    size, unit = free.split()
    megabytes = float(size) * {"KiB": 2**-10, "MiB": 1, "GiB": 2**10, "TiB": 2**20}[unit]
    monkeypatch.setattr("features.sources.MEMORY_SHARE", 80 / megabytes)
    with spilling("UTC", tmp_path) as connection:
        connection.execute("SET threads = 1")
        rows = "SELECT range AS id, hash(range) AS value FROM range(8_000_000)"
        connection.execute(f"CREATE TEMP TABLE sorted AS {rows} ORDER BY value")
        assert sum(path.stat().st_size for path in tmp_path.rglob("*.tmp")) > 10_000_000
        assert connection.execute("SELECT count(*) FROM sorted").fetchall() == [(8_000_000,)]
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_time_zone_is_told() -> None:
    with pytest.raises(QuerenciaError, match="time zone 'Mars/Olympus' is not known"):
        connect("Mars/Olympus")
