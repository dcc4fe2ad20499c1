"""What the trials of an offer taught, in words."""

from collections.abc import Callable, Iterator, Mapping

from features.findings import Finding, tell
from training.effects import Lesson


def not_yet(offer: str, contacts: int, more: int, *, customers: int) -> Finding:
    """That customers can't be told apart one by one.

    Args:
        offer: By what it does to them.
        contacts: Its trials so far.
        more: Trials that would do beside them.
        customers: How many the company has: what takes more is out of its reach.
    """
    if more > customers:
        return tell(
            "advice",
            "uplift_out_of_reach",
            "{offer}: which customers it saves one by one can't be told from {contacts:,} "
            "contacts; it would take more than as many again as all {customers:,} customers, which "
            "is out of reach. Save rates by driver are used.",
            offer=offer,
            contacts=contacts,
            customers=customers,
        )
    return tell(
        "advice",
        "uplift_not_yet",
        "{offer}: which customers it saves one by one can't be told yet from {contacts:,} "
        "contacts; about {more:,} more are needed. Save rates by driver are used.",
        offer=offer,
        contacts=contacts,
        more=more,
    )


def taken(offer: str, lesson: Lesson) -> Finding:
    """That a learner tells customers apart one by one, and what it gains over segments."""
    return tell(
        "advice",
        "uplift_taken",
        "{offer}: whom it saves is told one by one, which ranks held-out customers better than "
        "their drivers do (Qini {low:+.4f} to {high:+.4f}).",
        offer=offer,
        low=lesson.measures["qini_gain_low"],
        high=lesson.measures["qini_gain_high"],
    )


def told(offer: str, lesson: Lesson) -> Iterator[Finding]:
    """Save rates, and whether to go on."""
    rate, sd = lesson.rates.overall
    yield tell(
        "advice",
        "offer_saves",
        "{offer}: of the customers who would have left it keeps {rate:.0%}, give or take "
        "{sd:.0%}, as {contacts:,} contacts drawn at random and the stated prior say.",
        offer=offer,
        rate=rate,
        sd=sd,
        contacts=lesson.contacts,
    )
    if len(lesson.rates.segments) > 1 and lesson.rates.between > 0:
        best, worst = (
            pick(lesson.rates.segments.items(), key=lambda item: item[1].mean)
            for pick in (max, min)
        )
        yield tell(
            "advice",
            "offer_segments",
            "{offer}: it keeps most of those whose risk comes from {best} ({best_rate:.0%}) and "
            "fewest of those whose risk comes from {worst} ({worst_rate:.0%}).",
            offer=offer,
            best=best[0],
            best_rate=best[1].mean,
            worst=worst[0],
            worst_rate=worst[1].mean,
        )
    yield _STOPS[lesson.stop.decision](offer, lesson)


def _goes_on(offer: str, lesson: Lesson) -> Finding:
    return tell(
        "advice",
        "offer_goes_on",
        "{offer}: after {contacts:,} contacts nothing is sure enough to stop it.",
        offer=offer,
        contacts=lesson.contacts,
    )


def _harms(offer: str, lesson: Lesson) -> Finding:
    low, high = lesson.stop.saved.interval()
    return tell(
        "advice",
        "offer_harms",
        "{offer}: stop it, it drives customers away: {least:.1%} to {most:.1%} of those contacted "
        "({sure:.1%} sure, however often one looks).",
        offer=offer,
        least=-high,
        most=-low,
        sure=lesson.stop.sure,
    )


def _does_nothing(offer: str, lesson: Lesson) -> Finding:
    low, high = lesson.stop.profit.interval()
    return tell(
        "advice",
        "offer_does_nothing",
        "{offer}: stop it, it does not earn back its cost: each contact that looked worth it lost "
        "{least:,.2f} to {most:,.2f} ({sure:.1%} sure, however often one looks).",
        offer=offer,
        least=-high,
        most=-low,
        sure=lesson.stop.sure,
    )


_STOPS: Mapping[str, Callable[[str, Lesson], Finding]] = {
    "go on": _goes_on,
    "stop: harms": _harms,
    "stop: does nothing": _does_nothing,
}
