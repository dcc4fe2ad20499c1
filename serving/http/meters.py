"""Meters: what Prometheus reads. Labels are names of ours alone, so that series stay few."""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from serving.edition import Edition
from serving.seen import Seen, psi_loss, spread

KIND = CONTENT_TYPE_LATEST

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_RISKS = tuple(i / 10 for i in range(1, 11))
_DAY = 86_400


class _Posted(Collector):
    """The risks of what was posted, as Prometheus' histogram."""

    def __init__(self) -> None:
        self.seen = Seen()

    def collect(self) -> Iterator[Metric]:
        """It, as it is now."""
        counts = np.cumsum(self.seen.counts).tolist()
        limits = (*(f"{limit:g}" for limit in _RISKS[:-1]), "+Inf")
        yield HistogramMetricFamily(
            "querencia_posted_risk",
            "Risks of posted histories and rows, since this version took over",
            buckets=[*zip(limits, counts, strict=True)],
            sum_value=self.seen.total,
        )


class Meters:
    """The meters of one worker."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._posted = _Posted()
        self._registry.register(self._posted)
        self.requests = self._counter(
            "requests", "Requests answered, by operation and HTTP status", "operation", "status"
        )
        self.seconds = Histogram(
            "querencia_request_seconds",
            "Time from the first byte of a request to the last of its answer",
            ("operation",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.customers = self._counter(
            "customers_asked",
            "Customers asked about: by id, by history or by a row of features",
            "kind",
        )
        self.swaps = self._counter(
            "editions", "Versions that took over (swapped) or were refused", "outcome"
        )
        self.busy = self._gauge("requests_in_progress", "Requests now")
        self._of_edition()

    def _of_edition(self) -> None:
        """What an edition is like."""
        self._version = self._gauge("model_version", "Version that answers")
        self._ages = self._gauge(
            "age_days", "Days since the cut-off of the scores, and of the training", "of"
        )
        self._drift = self._gauge(
            "posted_risk_psi",
            "Population stability index of posted histories' and rows' risks against those of the "
            "company's customers: above 0.25 of some hundreds, those posted are others",
        )
        self._risk = self._gauge(
            "scores_share_of_customers",
            "Share of the customers whose risk is at most this",
            "risk_up_to",
        )

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(f"querencia_{name}", told, labels, registry=self._registry)

    def _gauge(self, name: str, told: str, *labels: str) -> Gauge:
        return Gauge(f"querencia_{name}", told, labels, registry=self._registry)

    def swapped(self, outcome: str) -> None:
        """Count a version that took over or was refused."""
        self.swaps.labels(outcome).inc()

    def answered(self, operation: str, status: object, seconds: float) -> None:
        """Count an answer, and how long it took."""
        self.requests.labels(operation, status).inc()
        self.seconds.labels(operation).observe(seconds)

    def asked(self, counts: Mapping[str, int]) -> None:
        """Count whom a request is about."""
        for kind, count in counts.items():
            if count:
                self.customers.labels(kind).inc(count)

    def page(self, edition: Edition) -> bytes:
        """All of it as Prometheus reads it, with what the edition is like now."""
        now = datetime.now(UTC)
        self._version.set(edition.number)
        for of, since in (("scores", edition.cutoff), ("model", edition.trained_as_of)):
            self._ages.labels(of).set((now - since).total_seconds() / _DAY)
        self._posted.seen = edition.seen
        drift = psi_loss(spread(edition.ranking.risk), edition.seen.counts)
        self._drift.set(drift if edition.seen.counts.any() else math.nan)
        for limit in _RISKS:
            share = (edition.ranking.risk <= limit).mean() if len(edition.lines) else 0.0
            self._risk.labels(f"{limit:g}").set(share)
        return generate_latest(self._registry)
