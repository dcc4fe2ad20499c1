"""Forgetting: a customer is taken out of all that is kept, with a proof that does not name them.

It is asked for first, which is on disk at once and from then on nothing is answered; a job removes
what there is afterwards, and one that was killed is taken up by the next.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

import pyarrow.parquet as pq

from features import erasure, intake
from features.errors import QuerenciaError
from features.files import clear
from features.forgotten import Forgotten, Proof
from features.inbox import Inbox
from features.probation import changing
from features.store import Store
from serving.batch import ScoreFile
from serving.campaigns import Campaigns
from serving.score_history import ScoreHistory
from serving.settings import Settings
from training.champion import trained_as_of

REMAINS = (
    "Your own files and databases that records were read from: whoever is forgotten is left out "
    "of them whenever they are read.",
    "Reports and lists that were written elsewhere, and backups of the data folder and the MLflow "
    "store.",
    "What customers wrote about one another in free text.",
    "Registered models hold what was learned from all customers together, without ids, and five "
    "rows of features as an example. The versions listed here may have learned from this customer, "
    "and hold such a row; later ones have none of theirs.",
)
"""What is told of all that cannot be reached."""

log = logging.getLogger("querencia.forgetting")

_ONE_AT_A_TIME = threading.Lock()
_PAGES = ("usability.json", "usability.html")
_RETRY_SECONDS = 2
_PATIENCE_SECONDS = 3600


def settle(settings: Settings, *, goes_on: Callable[[], bool] = lambda: True) -> list[Proof]:
    """Remove what is left of those who are to be forgotten, one by one.

    Asked for while the data folder is locked (`features.probation.changing`).

    Args:
        settings: Where they are.
        goes_on: Asked before each whether there is time.

    Returns:
        Their proofs.
    """
    waiting = Forgotten(settings.data).pending()
    return [_settled(proof, settings) for proof in takewhile(lambda _: goes_on(), waiting)]


def _settled(proof: Proof, settings: Settings) -> Proof:
    forgotten, customer_id = Forgotten(settings.data), str(proof.customer_id)
    if not proof.removed:  # nobody has begun: it can still be told who learned from them
        proof = proof.model_copy(update={"versions": _trained_with(customer_id, settings)})
    for place, rows in _removed(customer_id, settings):
        proof = proof.after(place, rows)
        forgotten.write(proof)
    done = {"customer_id": None, "done_at": datetime.now(UTC), "remains": [*REMAINS]}
    proof = proof.model_copy(update=done)
    forgotten.write(proof)
    return proof


def _trained_with(customer_id: str, settings: Settings) -> list[int]:
    """The versions that know of a time at which the customer had bought."""
    path = Store(settings.data).path("transactions")
    trains = settings.store_database or (settings.store / "mlflow.db").is_file()
    if not path.is_file() or not trains:
        return []
    own = [("customer_id", "=", customer_id)]
    bought = pq.read_table(path, columns=["occurred_at"], filters=own)
    first = min(bought["occurred_at"].to_pylist(), default=None)
    return [
        version.number
        for version in settings.registry.versions()
        if first and trained_as_of(version) > first
    ]


def _removed(customer_id: str, settings: Settings) -> Iterator[tuple[str, int]]:
    """Remove place by place, and tell how many rows there were; again, there are none.

    What could come back comes first: the inbox before the records, these before what is made of
    them.
    """
    data = settings.data
    clear(data)
    yield "inbox", Inbox(data).forget(customer_id)
    zone = settings.features.time_zone
    yield from erasure.erase_customer(data, customer_id, zone).items()
    intake.refer(data)
    for folder in ("snapshots", "changes", "scores", "scores/history"):
        files = sorted((data / folder).glob("*.parquet"))
        yield folder, sum(erasure.erase_from(path, customer_id) for path in files)
    if settings.score_table:
        yield "scores in PostgreSQL", settings.score_table.forget(customer_id)
    yield "campaigns", Campaigns(data).forget(customer_id)
    yield "usability", sum(_remove_page(data / name, customer_id) for name in _PAGES)


def _remove_page(path: Path, customer_id: str) -> bool:
    """Remove a page that may quote a row of the customer; the next check writes it anew."""
    told = path.is_file() and customer_id in path.read_text("utf-8")
    if told:
        path.unlink()
    return told


def without_forgotten(file: ScoreFile, before: frozenset[str]) -> None:
    """Take out of the last scores whoever was forgotten while they were made.

    Args:
        file: The scores.
        before: The hashes of those who were forgotten when the making began.
    """
    forgotten = Forgotten(file.folder)
    if fresh := forgotten.digests - before:
        ids = pq.read_table(file.path, columns=["customer_id"])["customer_id"].to_pylist()
        for customer_id in (each for each in ids if forgotten.digest(each) in fresh):
            for path in (file.path, *ScoreHistory(file.folder).files()):
                erasure.erase_from(path, customer_id)


def settle_soon(settings: Settings) -> None:
    """The same, as soon as no other job is at work; on a thread of its own.

    A process that ends waits until the customer at hand is settled: DuckDB aborts where its thread
    is cut off. Who is pending then is settled by whoever forgets or reads next.
    """
    threading.Thread(target=_settle_soon, args=[settings], name="forgetting", daemon=False).start()


def _settle_soon(settings: Settings) -> None:
    forgotten, deadline = Forgotten(settings.data), time.monotonic() + _PATIENCE_SECONDS
    goes_on = threading.main_thread().is_alive
    while time.monotonic() < deadline:
        with _ONE_AT_A_TIME:
            if not goes_on() or not forgotten.pending():
                return
            try:
                with changing(settings.data):
                    settle(settings, goes_on=goes_on)
            except (QuerenciaError, OSError) as error:
                log.warning("what is to be forgotten waits: %s", error)
        time.sleep(_RETRY_SECONDS)
