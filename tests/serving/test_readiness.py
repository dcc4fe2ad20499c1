"""Ready is a worker whose champion answers its example, and no other."""

from types import SimpleNamespace
from typing import Any

import pytest

from serving.service import QuerenciaService


class Broken:
    """An edition whose model fails."""

    @property
    def is_sound(self) -> bool:
        raise ValueError("no trees")


def is_ready(edition: Any) -> bool:
    worker = SimpleNamespace(watch=SimpleNamespace(edition=edition))
    ready: bool = QuerenciaService.inner.__is_ready__(worker)
    return ready


def test_a_worker_is_ready_when_its_champion_answers() -> None:
    assert is_ready(SimpleNamespace(is_sound=True))


def test_a_worker_whose_champion_answers_nonsense_is_not_ready() -> None:
    assert not is_ready(SimpleNamespace(is_sound=False))


def test_a_worker_whose_champion_fails_is_not_ready_and_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert not is_ready(Broken())
    assert "no trees" in caplog.text
