"""What trials taught, in words."""

import pytest

from serving import words
from training import taught


@pytest.mark.parametrize(("more", "name"), [(800, "uplift_not_yet"), (801, "uplift_out_of_reach")])
def test_contacts_beyond_all_customers_are_called_out_of_reach(more: int, name: str) -> None:
    found = taught.not_yet("call", 2_000, more, customers=800)
    assert found.name == name
    assert "800" in found.text
    assert "801" not in found.text
    assert "800" in words.finding(found, "es")
