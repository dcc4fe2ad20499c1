"""Rows come out of a real PostgreSQL server with their types, and passwords stay secret."""

import importlib.util
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features import postgres
from features.errors import QuerenciaError
from features.intake import take_in
from features.records import CONTRACTS
from features.settings import FeatureSettings
from features.sources import Source, attach, connect, readable
from tests.postgres import server as postgres_server

PASSWORD = "it's%40secret"  # noqa: S105

needs_driver = pytest.mark.skipif(
    importlib.util.find_spec("adbc_driver_postgresql") is None,
    reason="the extra postgres is not installed",
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server(PASSWORD) as address:
        yield address


@pytest.fixture(scope="module")
def shop(server: str, driver: ModuleType) -> str:
    """The server's address, with a shop's orders in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        with driver.connect(server) as database, database.cursor() as cursor:
            for statement in (
                "CREATE TABLE orders (id int PRIMARY KEY, who text, at timestamptz, "
                "local timestamp, due date, total numeric(12, 2), weight numeric, paid boolean)",
                "INSERT INTO orders VALUES "
                "(1, 'ana', '2024-07-01 10:00+02', '2024-07-01 10:00', '2024-07-03', 1234.10, "
                "0.1234567, true), (2, 'bea', NULL, NULL, NULL, NULL, 'NaN', NULL), "
                "(3, 'ana', '2024-12-31 23:30Z', '2025-01-01', '2024-12-31', -5, NULL, false)",
                "CREATE TABLE many AS SELECT i AS id, 'c' || i % 97 AS who, "
                "timestamp '2024-01-01' + i * interval '1 minute' AS at, i % 1000 AS total "
                "FROM generate_series(1, 200000) AS i",
            ):
                cursor.execute(statement)
            database.commit()
    return server


@pytest.fixture(scope="module")
def driver() -> ModuleType:
    return pytest.importorskip(
        "adbc_driver_postgresql.dbapi", reason="the extra postgres is not installed"
    )


@pytest.fixture
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)


def rows(source: Source) -> pa.Table:
    with connect("Europe/Madrid") as connection, readable(source):
        attach(connection, source)
        once = connection.execute("FROM source").to_arrow_table()
        assert len(connection.execute("FROM source").to_arrow_table()) == len(once), "read twice"
        return once


def refused(source: Source) -> str:
    with pytest.raises(QuerenciaError) as error:
        rows(source)
    return str(error.value)


@pytest.mark.usefixtures("_password")
def test_rows_arrive_with_their_types_and_missing_values(shop: str) -> None:
    found = rows(Source(shop, query="SELECT * FROM orders ORDER BY id"))
    assert {field.name: str(field.type) for field in found.schema} == {
        "id": "int32",
        "who": "string",
        "at": "timestamp[us, tz=Europe/Madrid]",
        "local": "timestamp[us]",
        "due": "date32[day]",
        "total": "decimal128(12, 2)",
        "weight": "double",
        "paid": "bool",
    }
    first, second, _ = found.to_pylist()
    assert first["at"].astimezone(UTC) == datetime(2024, 7, 1, 8, tzinfo=UTC)
    assert (first["local"], first["due"]) == (datetime(2024, 7, 1, 10), date(2024, 7, 3))
    assert (str(first["total"]), first["weight"], first["paid"]) == ("1234.10", 0.1234567, True)
    assert [name for name, value in second.items() if value is None] == [
        "at",
        "local",
        "due",
        "total",
        "paid",
    ]


@pytest.mark.usefixtures("_password")
def test_a_database_is_taken_in_as_a_file_is(shop: str, tmp_path: Path) -> None:
    columns = {
        "transaction_id": "id",
        "customer_id": "who",
        "occurred_at": "at",
        "amount": "total * 2",
    }
    source = Source(shop, columns, where="paid IS NOT NULL", query="TABLE orders")
    settings = FeatureSettings(time_zone="Europe/Madrid")
    intake = take_in(source, CONTRACTS["transactions"], tmp_path, settings)
    assert (intake.rows, intake.faults) == (2, ())
    sold = pq.read_table(tmp_path / "records" / "transactions.parquet").to_pylist()
    assert [(row["transaction_id"], row["amount"], row["day"]) for row in sold] == [
        ("1", 2468.2, date(2024, 7, 1)),
        ("3", -10, date(2025, 1, 1)),
    ]


@pytest.mark.usefixtures("_password")
def test_every_row_of_many_batches_arrives(shop: str) -> None:
    found = rows(Source(shop, query="SELECT id, who, total FROM many WHERE total < 900"))
    assert (len(found), len(set(found["who"].to_pylist()))) == (180_000, 97)
    assert sum(found["total"].to_pylist()) == 200 * sum(range(900))


@pytest.mark.usefixtures("_password")
@pytest.mark.parametrize("query", ["DELETE FROM orders", "SELECT nope FROM orders", "SELECT 1/0"])
def test_what_the_database_refuses_is_told(shop: str, query: str) -> None:
    told = refused(Source(shop, query=query))
    assert told.startswith(("PostgreSQL refuses the query: ", "PostgreSQL can't be read: "))
    assert len(rows(Source(shop, query="TABLE orders"))) == 3


def test_a_wrong_password_is_told_and_not_shown(shop: str) -> None:
    wrong = shop.replace("me@", "me:other%40word@")
    told = refused(Source(wrong, query="TABLE orders"))
    assert "password authentication failed" in told
    assert "PGPASSWORD" in told
    assert "other" not in told


def test_the_password_may_be_in_the_address(shop: str) -> None:
    address = shop.replace("me@", f"me:{PASSWORD.replace('%', '%25')}@")
    assert len(rows(Source(address, query="TABLE orders"))) == 3


@needs_driver
@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:sec@ret@127.0.0.1:1/shop",
        "postgresql://me:sec/ret@127.0.0.1:1/shop",
        "postgresql://me:sec%zzret@127.0.0.1:1/shop",
        "postgresql://me:secret@127.0.0.1:1/shop",
        "postgresql://127.0.0.1:1/shop?password=secret",
        "postgresql://127.0.0.1:1/shop?password=secret&secret",
    ],
)
def test_no_part_of_a_password_is_shown_where_there_is_no_server(address: str) -> None:
    told = refused(Source(address, query="TABLE orders"))
    assert told.startswith(("PostgreSQL can't be read: ", "The address of PostgreSQL has"))
    assert "sec" not in told
    assert "ret" not in told.replace("interpreted", "").replace("querencia", "")


def test_files_are_not_read_by_a_query_that_runs_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    source = Source("postgresql://me@/x", query="TABLE a", files={"a": tmp_path / "a.csv"})
    assert "can't read files" in refused(source)


def test_without_the_driver_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_DRIVER", "no_such_driver")
    told = refused(Source("postgresql://me@/x", query="TABLE a"))
    assert "pip install 'querencia[postgres]'" in told


def scored(*customers: str) -> pa.Table:
    at = [datetime(2025, 1, 1, tzinfo=UTC)] * len(customers)
    risks = [0.5, *[None] * (len(customers) - 1)]
    return pa.table({"customer_id": customers, "risk": pa.array(risks, pa.float64()), "at": at})


@pytest.mark.usefixtures("_password")
def test_rows_take_the_place_of_those_before(server: str, driver: ModuleType) -> None:
    with driver.connect(server) as reader, reader.cursor() as cursor:
        postgres.replace_rows(server, "scored", scored("ana", "bea"))
        cursor.execute("SELECT customer_id, risk FROM scored ORDER BY 1")
        assert cursor.fetchall() == [("ana", 0.5), ("bea", None)]
        reader.commit()
        postgres.replace_rows(server, "scored", scored("cid"))
        cursor.execute("SELECT customer_id, at FROM scored")
        assert cursor.fetchall() == [("cid", datetime(2025, 1, 1, tzinfo=UTC))]


@pytest.mark.usefixtures("_password", "driver")
def test_a_table_of_other_columns_keeps_its_rows_and_it_is_told(server: str) -> None:
    postgres.replace_rows(server, "other", scored("ana"))
    with pytest.raises(QuerenciaError, match="Rename or drop the table other") as error:
        postgres.replace_rows(server, "other", pa.table({"customer": ["bea"]}))
    assert "refuses the rows" in str(error.value)
    left = rows(Source(server, query="SELECT customer_id FROM other"))
    assert left.to_pylist() == [{"customer_id": "ana"}]


@pytest.mark.usefixtures("_password", "driver")
def test_rows_of_one_value_are_deleted_and_counted(server: str) -> None:
    assert postgres.delete_rows(server, "nowhere", "customer_id", "ana") == 0
    postgres.replace_rows(server, "few", scored("ana", "bea", "ana"))
    assert postgres.delete_rows(server, "few", "customer_id", "ana") == 2
    assert postgres.delete_rows(server, "few", "customer_id", "ana") == 0
    left = rows(Source(server, query="SELECT customer_id FROM few"))
    assert left.to_pylist() == [{"customer_id": "bea"}]
