"""The watch: which edition answers, and a new one in its place when another version is champion."""

import gc
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from mlflow.exceptions import MlflowException

from features.errors import QuerenciaError
from features.forgotten import Forgotten
from serving import batch, rescore
from serving.batch import ScoreFile
from serving.edition import Edition
from serving.settings import Settings
from training.champion import CHAMPION
from training.tracking import written_at

log = logging.getLogger("querencia.watch")

KEPT = 3
"""Editions held, so that a version that comes back is there at once."""

PATIENCE_SECONDS = 30
"""Until a version that was refused is tried again."""

_SETTLED_NS = 2_000_000_000

_LAST_LOOK_SECONDS = 10


class Sign(NamedTuple):
    """What an edition is made of: where it changes, there is a new one."""

    version: int
    scored_at: int


class Watch:
    """Holds the edition that answers, and looks for another every so often.

    Args:
        settings: Where the registry and the scores are.
        warm_up: Asked of an edition before it answers anybody.
        told: Called with "swapped" or "refused" whenever one is.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        warm_up: Callable[[Edition], None] = lambda _: None,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._warm_up = warm_up
        self._told = told
        self._registry = settings.registry
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._kept: OrderedDict[Sign, Edition] = OrderedDict()
        self._refused: dict[Sign, float] = {}
        self._number, self._changed_at = 0, -1
        self._forgotten, self._forgotten_at = Forgotten(settings.data), 0
        self._sign = self._look()
        self.edition = self._open(self._sign)

    @property
    def is_ready(self) -> bool:
        """Whether the champion answers its own example."""
        try:
            return self.edition.is_sound
        # Whatever is wrong, who cannot answer is not ready.
        except Exception:
            log.exception("version %d does not answer its example", self.edition.number)
            return False

    def start(self, also: Callable[[], None] = lambda: None) -> None:
        """Look from now on, until `stop`, and do this as often."""
        self._thread = threading.Thread(target=self._run, args=[also], name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and finish the look that was begun: cut off, a library may abort."""
        self._stopped.set()
        if self._thread:
            self._thread.join(_LAST_LOOK_SECONDS)

    def look(self) -> None:
        """Look once, and swap where there is reason to; after a failure the old one goes on."""
        self._forget()
        try:
            sign = self._look()
        except (QuerenciaError, MlflowException, OSError) as error:
            log.warning("the registry cannot be read: %s", error)
            return
        if sign != self._sign and not self._is_hopeless(sign):
            self._try(sign)

    def _forget(self) -> None:
        """Answer no more for whoever was forgotten since the last look."""
        if self._forgotten.stamp != self._forgotten_at:
            self._forgotten_at = self._forgotten.stamp
            self._kept.clear()  # what it holds of them is loaded anew, without
            self._without_forgotten(self.edition)

    def _without_forgotten(self, edition: Edition) -> None:
        edition.forget(self._forgotten.among(frozenset(edition.places)))

    def _run(self, also: Callable[[], None]) -> None:
        while not self._stopped.wait(self._settings.service.poll_seconds):
            try:
                also()
                self.look()
            # Whatever happens, the edition that answers goes on, and there is another look.
            except Exception:
                log.exception("a look failed")

    def _look(self) -> Sign:
        return Sign(self._champion(), written_at(ScoreFile(self._settings.data).path))

    def _champion(self) -> int:
        """The version the alias names; MLflow is only asked where its files may have changed.

        It takes 10 ms to answer, and a change right after another may leave the same time. A
        server has no files, and is asked every time.
        """
        changed_at = self._registry.store.changed_at
        if changed_at is None:
            return self._ask_champion()
        is_settled = time.time_ns() - changed_at > _SETTLED_NS
        if changed_at != self._changed_at or not is_settled:
            self._number, self._changed_at = self._ask_champion(), changed_at
        return self._number

    def _ask_champion(self) -> int:
        number = self._registry.number(CHAMPION)
        if number is None:
            raise QuerenciaError("No model serves yet. Train one: querencia train")
        return number

    def _try(self, sign: Sign) -> None:
        try:
            edition = self._kept.get(sign) or self._open(sign)
        # Whatever is wrong with a new version, the old one goes on.
        except Exception as error:
            self._refused[sign] = time.monotonic() + PATIENCE_SECONDS
            why = str(error) if isinstance(error, QuerenciaError) else type(error).__name__
            log.exception("version %d is refused, %d goes on: %s", sign[0], self._sign[0], why)
            self._told("refused")
            return
        self._sign, self.edition = sign, edition
        self._keep(sign, edition)
        log.info("version %d answers", edition.number)
        self._told("swapped")

    def _open(self, sign: Sign) -> Edition:
        settings, champion = self._settings, rescore.load(self._settings, sign.version)
        scored = ScoreFile(settings.data)
        ready = scored.path.is_file() and scored.provenance.model_version == str(sign.version)
        if not ready:
            log.info("version %d has no scores yet: they are made", sign.version)
        scores = (
            batch.last(settings.data, champion, settings.features)
            if ready
            else rescore.aside(champion)
        )
        edition = Edition.of(champion, scores, settings)
        self._without_forgotten(edition)
        self._warm_up(edition)
        self._keep(sign, edition)
        return edition

    def _keep(self, sign: Sign, edition: Edition) -> None:
        self._kept[sign] = edition
        self._kept.move_to_end(sign)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        self._settle()

    def _settle(self) -> None:
        """What was loaded stays: the collector need not look at it again."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def _is_hopeless(self, sign: Sign) -> bool:
        return time.monotonic() < self._refused.get(sign, 0)
