"""Memory that arrays leave is kept for the next ones."""

import ctypes

KEPT = 256 << 20
"""Bytes that may lie unused until the process needs them again."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # as <malloc.h> numbers them
_LARGEST = 32 << 20  # that glibc takes for the latter


def keep() -> None:
    """Have the C library not give memory back after each large array, and ask for it anew.

    A pass over customers makes thousands of arrays of about the same size, one after the other,
    and new pages are dear: a fifth of its time. Only glibc can be told; elsewhere nothing happens.
    """
    tell = getattr(ctypes.CDLL(None), "mallopt", None)
    if tell is not None:
        tell(_MMAP_THRESHOLD, _LARGEST)
        tell(_TRIM_THRESHOLD, KEPT)
