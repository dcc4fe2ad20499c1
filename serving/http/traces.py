"""Traces: a span per request, for whoever collects them by OpenTelemetry.

There are none unless an environment variable of OpenTelemetry's names a collector; the exporter
comes with the extra `traces`.
"""

import os
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Self

from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from features.errors import QuerenciaError
from serving.http.body import Headers

COLLECTORS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""Variables that name where traces go; one of them must be set."""

_EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
_CONTINUED = ("traceparent", "tracestate")
_COUNTS = ("ids", "histories", "rows")
_FAULT = 500


class Traces:
    """Spans of requests; they tell operations, versions and counts, and never whom.

    Args:
        processor: What is done with a span that has ended.
    """

    def __init__(self, processor: SpanProcessor) -> None:
        self._provider = TracerProvider()
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("querencia")
        self._w3c = TraceContextTextMapPropagator()

    @classmethod
    def to_collector(cls) -> Self:
        """To where OpenTelemetry's own variables say.

        Raises:
            QuerenciaError: where the exporter is not installed.
        """
        try:
            exporter = import_module(_EXPORTER).OTLPSpanExporter()
        except ImportError:
            raise QuerenciaError(
                "Traces take an exporter: pip install 'querencia[traces]'"
            ) from None
        return cls(BatchSpanProcessor(exporter))

    def tell(self, facts: Mapping[str, Any], headers: Headers, seconds: float) -> None:
        """A span of a request that has just been answered; it goes on with the client's trace.

        Args:
            facts: What the log tells of it.
            headers: Of the request, with the client's W3C `traceparent`.
            seconds: How long it took.
        """
        ended_at = time.time_ns()
        span = self._tracer.start_span(
            facts["operation"],
            context=self._w3c.extract(_continued(headers)),
            kind=SpanKind.SERVER,
            attributes=_attributes(facts),
            start_time=ended_at - round(1e9 * seconds),
        )
        if facts["status"] >= _FAULT:
            span.set_status(Status(StatusCode.ERROR))
        span.end(ended_at)

    def close(self) -> None:
        """Send what has not been sent yet."""
        self._provider.shutdown()


def begin() -> Traces | None:
    """Traces where a collector is named, else none."""
    return Traces.to_collector() if any(map(os.environ.get, COLLECTORS)) else None


def _continued(headers: Headers) -> dict[str, str]:
    sent = {name: headers.get(name.encode()) for name in _CONTINUED}
    return {name: value.decode("latin-1") for name, value in sent.items() if value}


def _attributes(facts: Mapping[str, Any]) -> dict[str, str | int]:
    told = {
        "querencia.operation": facts["operation"],
        "querencia.request_id": facts["id"],
        "http.response.status_code": facts["status"],
        "querencia.model_version": facts.get("version"),
        **{f"querencia.{name}": facts.get(name) for name in _COUNTS},
    }
    return {name: value for name, value in told.items() if value is not None}
