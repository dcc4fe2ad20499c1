"""What the records hold."""

from collections.abc import Iterable

from features.summary import Held
from serving.report.writer import Table, Writer
from serving.written import UNKNOWN


def held(w: Writer, found: Iterable[Held]) -> Table:
    """What each table of the records holds."""
    return w.table(
        ("table", "records", "customers", "first", "last"),
        (
            (
                each.table,
                w.count(each.rows),
                w.count(each.customers) if each.customers else UNKNOWN,
                f"{each.first or UNKNOWN}",
                f"{each.last or UNKNOWN}",
            )
            for each in found
        ),
    )
