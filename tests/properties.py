"""How often a property is tried."""

from hypothesis import settings


def rarely(share: int) -> settings:
    """One in so many of the examples a test usually gets, for a property that takes its time."""
    return settings(max_examples=settings().max_examples // share)
