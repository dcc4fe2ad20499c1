"""The scores' table of a database: what it holds, and that a customer can be taken out."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from features.sources import Source, attach, connect, readable
from querencia import jobs
from serving.batch import ScoreFile
from serving.score_table import TABLE, ScoreTable
from serving.settings import Settings
from tests.folders import copied
from tests.postgres import server as postgres_server

PASSWORD = "secret"  # noqa: S105


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    pytest.importorskip("adbc_driver_postgresql", reason="the extra postgres is not installed")
    with pytest.MonkeyPatch.context() as patch, postgres_server(PASSWORD) as server:
        patch.setenv("PGPASSWORD", PASSWORD)
        yield server


@pytest.fixture(scope="module")
def file(trained_company: Settings) -> ScoreFile:
    return ScoreFile(trained_company.data)


def in_table(address: str) -> list[dict[str, object]]:
    source = Source(address, query=f"SELECT * FROM {TABLE} ORDER BY customer_id")
    with connect("UTC") as connection, readable(source):
        attach(connection, source)
        told: list[dict[str, object]] = (
            connection.execute("FROM source").to_arrow_table().to_pylist()
        )
        return told


def test_the_table_holds_the_last_scores_and_their_definitions(
    address: str, file: ScoreFile, tmp_path: Path
) -> None:
    table, scores, fewer = ScoreTable(address), file.read(), ScoreFile(tmp_path)
    some = scores.rows.sort_values("customer_id").head(20)
    fewer.write(replace(scores, rows=some))
    table.write(file)
    table.write(fewer)
    found = in_table(address)
    assert [row["customer_id"] for row in found] == [*some["customer_id"]]
    assert [row["risk"] for row in found] == [*some["risk"]]
    assert [row["next_purchase_at"] is None for row in found] == [*some["next_purchase_at"].isna()]
    origin = scores.provenance
    assert {(row["cutoff"], row["churn"], row["currency"]) for row in found} == {
        (origin.cutoff, origin.churn, origin.currency)
    }


def test_a_customer_is_taken_out(address: str, file: ScoreFile) -> None:
    table, customers = ScoreTable(address), file.read().rows["customer_id"]
    table.write(file)
    assert [table.forget(str(customers.iloc[3])) for _ in range(2)] == [1, 0]
    assert len(in_table(address)) == len(customers) - 1


def test_jobs_write_it_and_forget_in_it(
    address: str, trained_company: Settings, workplace: Path
) -> None:
    mine = copied(trained_company, workplace, scores_database=SecretStr(address))
    jobs.score(mine, lambda _: None)
    someone = str(in_table(address)[0]["customer_id"])
    proof = jobs.forget(mine, someone)
    assert proof.removed["scores in PostgreSQL"] == 1
    assert someone not in {row["customer_id"] for row in in_table(address)}
