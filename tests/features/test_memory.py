"""What the C library is told of memory, where it can be told."""

import ctypes
import sys

import pytest

from features import memory


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be told")
def test_glibc_takes_what_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    libc, answers = ctypes.CDLL(None), []

    class Listening:
        def mallopt(self, name: int, value: int) -> None:
            answers.append(libc.mallopt(name, value))

    monkeypatch.setattr(ctypes, "CDLL", lambda _: Listening())
    memory.keep()
    assert answers == [1, 1]


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    memory.keep()
