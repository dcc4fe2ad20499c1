"""What is read of one customer is what the records hold, column by column."""

import pyarrow.parquet as pq

from features.store import TIMES, Store
from serving import dossier
from serving.settings import Settings


def test_the_records_of_a_customer_are_all_their_rows_and_no_others(
    trained_company: Settings,
) -> None:
    store = Store(trained_company.data)
    tables = [table for table in TIMES if store.path(table).is_file()]
    ids = pq.read_table(store.path("surveys"), columns=["customer_id"])["customer_id"]
    for customer_id in (ids[0].as_py(), ids[len(ids) // 2].as_py(), "nobody's"):
        found = dossier.records(store, customer_id)
        assert [*found] == tables
        for table in tables:
            own = pq.read_table(store.path(table), filters=[("customer_id", "=", customer_id)])
            assert found[table].combine_chunks().equals(own.combine_chunks())
            assert (len(own) > 0) or table != "surveys" or customer_id == "nobody's"
