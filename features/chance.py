"""Chance that can be repeated: a draw for each customer, by a keyed hash.

The same is drawn again whenever, wherever and in whatever order of rows it is asked for.
"""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_BITS = 53
"""So many fit into a float exactly."""


def draws(customers: Iterable[str], *, key: str) -> Floats:
    """A number of [0, 1) for each customer, as if at random, and the same for the same key."""
    keyed = blake2b(digest_size=8, key=blake2b(key.encode(), digest_size=32).digest())
    return np.fromiter((_draw(keyed.copy(), customer) for customer in customers), np.float64)


def _draw(keyed: blake2b, customer: str) -> float:
    keyed.update(customer.encode())
    return (int.from_bytes(keyed.digest()) >> (64 - _BITS)) * 2.0**-_BITS
