"""Masks: what stands for a customer's id in addresses, and on pages where ids are hidden."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

_HIDDEN = "\N{BULLET}" * 4
_TOLD = 2
"""Characters of an id that a mask leaves to be seen."""


@dataclass(frozen=True)
class Masks:
    """Tokens that only this installation can make, and what is shown of an id.

    Attributes:
        secret: Of this installation.
        is_on: Whether ids are hidden on pages; in addresses they always are.
    """

    secret: bytes
    is_on: bool = False

    def token(self, customer_id: str) -> str:
        """What stands for an id in an address; the same for the same id, and told by no id."""
        return next(iter(self.tokens([customer_id])))

    def tokens(self, customer_ids: Iterable[str]) -> Iterable[str]:
        """The tokens of many."""
        keyed = blake2b(digest_size=12, key=self.secret, person=b"customer")
        return (_token(keyed.copy(), each) for each in customer_ids)

    def shown(self, customer_id: str) -> str:
        """The id, or its last two characters."""
        if not self.is_on:
            return customer_id
        return _HIDDEN + (customer_id[-_TOLD:] if len(customer_id) > 2 * _TOLD else "")


def _token(keyed: blake2b, customer_id: str) -> str:
    keyed.update(customer_id.encode())
    return urlsafe_b64encode(keyed.digest()).decode()
