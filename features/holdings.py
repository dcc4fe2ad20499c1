"""What the tables of a store hold, as far as it tells whether they can be trusted."""

import pyarrow.parquet as pq

from features.records import CONTRACTS
from features.store import Store


def rows(store: Store) -> dict[str, int]:
    """Rows of each table there is, earlier versions of a row included."""
    there = (table for table in CONTRACTS if store.path(table).is_file())
    return {table: pq.read_metadata(store.path(table)).num_rows for table in there}
