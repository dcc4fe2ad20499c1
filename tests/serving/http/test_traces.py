"""Traces: a span per request where somebody collects them, and none of it names anybody."""

from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from features.errors import QuerenciaError
from serving.http import traces
from serving.http.traces import COLLECTORS, Traces

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def client(make_client: Callable[..., Any], exporter: InMemorySpanExporter) -> Any:
    return make_client(Traces(SimpleSpanProcessor(exporter)))


def test_a_request_is_a_span_with_what_was_asked_and_by_which_version(
    client: Any, exporter: InMemorySpanExporter
) -> None:
    told = client.post("/score", b'{"customer_ids": ["customer-of-note", "b"]}')
    (span,) = exporter.get_finished_spans()
    assert (span.name, span.kind) == ("score", SpanKind.SERVER)
    assert span.attributes == {
        "querencia.operation": "score",
        "querencia.request_id": told.headers["x-request-id"],
        "querencia.model_version": 1,
        "querencia.ids": 2,
        "querencia.histories": 0,
        "querencia.rows": 0,
        "http.response.status_code": 200,
    }
    assert span.end_time > span.start_time
    assert "customer-of-note" not in span.to_json()


def test_a_span_goes_on_with_the_trace_of_the_client(
    client: Any, exporter: InMemorySpanExporter
) -> None:
    client.get("/model", traceparent=f"00-{TRACE}-{PARENT}-01", tracestate="shop=1")
    (span,) = exporter.get_finished_spans()
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == PARENT
    assert span.context.trace_state["shop"] == "1"


@pytest.mark.parametrize("sent", ["", "00-nothing", f"00-{'0' * 32}-{PARENT}-01", "\xff"])
def test_a_strange_parent_is_none(client: Any, exporter: InMemorySpanExporter, sent: str) -> None:
    assert client.get("/model", traceparent=sent).status == 200
    (span,) = exporter.get_finished_spans()
    assert span.parent is None


def test_refusals_and_made_up_paths_are_told_without_what_was_sent(
    client: Any, exporter: InMemorySpanExporter
) -> None:
    client.post("/score", b'{"customer_ids": "customer-of-note"}')
    client.get("/customer-of-note")
    spans = exporter.get_finished_spans()
    assert [(s.name, s.attributes["http.response.status_code"]) for s in spans] == [
        ("score", 422),
        ("unknown", 404),
    ]
    assert not any("customer-of-note" in span.to_json() for span in spans)
    assert {span.status.status_code for span in spans} == {StatusCode.UNSET}


def test_faults_of_ours_are_errors(
    client: Any, exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.application, "_edition", lambda: None)
    assert client.get("/model").status == 500
    (span,) = exporter.get_finished_spans()
    assert span.status.status_code == StatusCode.ERROR


def test_there_are_no_traces_unless_a_collector_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in COLLECTORS:
        monkeypatch.delenv(name, raising=False)
    assert traces.begin() is None


@pytest.mark.parametrize("name", COLLECTORS)
def test_a_collector_is_named_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    pytest.importorskip(traces._EXPORTER, reason="the extra traces is not installed")
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    begun = traces.begin()
    assert begun is not None
    begun.close()


def test_without_the_exporter_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "_EXPORTER", "no_such_exporter")
    with pytest.raises(QuerenciaError, match=r"pip install 'querencia\[traces\]'"):
        Traces.to_collector()
