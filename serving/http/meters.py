"""Meters: what Prometheus reads. Labels are names of ours alone, so that series stay few.

Requests are counted in plain integers, and told in Prometheus' words when it asks: its client's own
counters cost more than an answer, for BentoML has them shared between processes through files.
"""

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from serving.edition import Edition
from serving.seen import psi_loss, spread

KIND = CONTENT_TYPE_LATEST

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_RISKS = tuple(i / 10 for i in range(1, 11))
_DAY = 86_400


class _Spread:
    """Numbers counted by the limits they do not exceed, the last of which is infinite."""

    def __init__(self, limits: tuple[float, ...]) -> None:
        self.limits = limits
        self.counts = [0] * (len(limits) + 1)
        self.total = 0.0

    def add(self, number: float) -> None:
        """Count one."""
        self.counts[bisect_left(self.limits, number)] += 1
        self.total += number


class Meters:
    """The meters of one worker; it counts on one thread, and swaps on another."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, str]] = Counter()
        self._seconds: defaultdict[str, _Spread] = defaultdict(lambda: _Spread(_SECONDS))
        self._customers: Counter[str] = Counter()
        self._swaps: Counter[str] = Counter()

    def swapped(self, outcome: str) -> None:
        """Count a version that took over or was refused."""
        self._swaps[outcome] += 1

    def answered(self, operation: str, status: object, seconds: float) -> None:
        """Count an answer, and how long it took."""
        self._requests[operation, str(status)] += 1
        self._seconds[operation].add(seconds)

    def asked(self, counts: Mapping[str, int]) -> None:
        """Count whom a request is about."""
        for kind, count in counts.items():
            if count:
                self._customers[kind] += count

    def page(self, edition: Edition, *, busy: int = 0) -> bytes:
        """All of it as Prometheus reads it, with what the edition is like now.

        Args:
            edition: The one that answers.
            busy: Requests in progress.
        """
        registry = CollectorRegistry()
        registry.register(_Told([*self._counted(busy), *_of(edition)]))
        return generate_latest(registry)

    def _counted(self, busy: int) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "querencia_requests",
            "Requests answered, by operation and HTTP status",
            labels=("operation", "status"),
        )
        for labels, count in self._requests.items():
            requests.add_metric(labels, count)
        yield requests
        seconds = HistogramMetricFamily(
            "querencia_request_seconds",
            "Time from the first byte of a request to the last of its answer",
            labels=("operation",),
        )
        for operation, took in self._seconds.items():
            seconds.add_metric((operation,), _buckets(_SECONDS, took.counts), took.total)
        yield seconds
        yield _by(
            CounterMetricFamily(
                "querencia_customers_asked",
                "Customers asked about: by id, by history or by a row of features",
                labels=("kind",),
            ),
            self._customers,
        )
        yield _by(
            CounterMetricFamily(
                "querencia_editions",
                "Versions that took over (swapped) or were refused",
                labels=("outcome",),
            ),
            self._swaps,
        )
        yield GaugeMetricFamily("querencia_requests_in_progress", "Requests now", value=busy)


class _Told(Collector):
    """Metrics as they are when they are asked for."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """They."""
        return self._metrics


def _of(edition: Edition) -> Iterator[Metric]:
    """What an edition is like, and what was posted to it."""
    now, posted = datetime.now(UTC), edition.seen
    since = {"scores": edition.cutoff, "model": edition.trained_as_of}
    drift = psi_loss(spread(edition.ranking.risk), posted.counts)
    yield GaugeMetricFamily("querencia_model_version", "Version that answers", value=edition.number)
    yield _by(
        GaugeMetricFamily(
            "querencia_age_days",
            "Days since the cut-off of the scores, and of the training",
            labels=("of",),
        ),
        {of: (now - instant).total_seconds() / _DAY for of, instant in since.items()},
    )
    yield GaugeMetricFamily(
        "querencia_posted_risk_psi",
        "Population stability index of posted histories' and rows' risks against those of the "
        "company's customers: above 0.25 of some hundreds, those posted are others",
        value=drift if posted.counts.any() else math.nan,
    )
    yield HistogramMetricFamily(
        "querencia_posted_risk",
        "Risks of posted histories and rows, since this version took over",
        buckets=_buckets(_RISKS[:-1], posted.counts.tolist()),
        sum_value=posted.total,
    )
    yield _by(
        GaugeMetricFamily(
            "querencia_scores_share_of_customers",
            "Share of the customers whose risk is at most this",
            labels=("risk_up_to",),
        ),
        {f"{limit:g}": _share_up_to(edition, limit) for limit in _RISKS},
    )


def _share_up_to(edition: Edition, limit: float) -> float:
    return float((edition.ranking.risk <= limit).mean()) if len(edition.lines) else 0.0


def _by(
    family: CounterMetricFamily | GaugeMetricFamily, values: Mapping[str, float]
) -> CounterMetricFamily | GaugeMetricFamily:
    """A family with a value for each value of its label."""
    for label, value in values.items():
        family.add_metric((label,), value)
    return family


def _buckets(limits: Iterable[float], counts: Iterable[int]) -> list[tuple[str, float]]:
    """Prometheus' buckets, each of which counts those below it too."""
    names = map(floatToGoString, (*limits, math.inf))
    return [*zip(names, accumulate(counts), strict=True)]
