"""Meters: what was posted is counted by its risk, and compared with the company's customers."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest

POSTED = (
    b'{"histories": [{"customer_id": "a", "transactions": '
    b'[{"occurred_at": "1998-01-07T10:30:00Z", "amount": 30}]}], '
    b'"rows": {"columns": ["frequency", "recency", "T", "monetary_value"], '
    b'"data": [[3, 120, 150, 41.5], [1, 10, 300, 20]]}}'
)


@pytest.fixture
def client(make_client: Callable[..., Any]) -> Any:
    return make_client()


def meter(client: Any, name: str) -> float:
    """What Prometheus reads under a name."""
    (told,) = re.findall(rf"^{re.escape(name)} (\S+)$", client.get("/metrics").body.decode(), re.M)
    return float(told)


def test_risks_of_what_is_posted_are_counted_and_those_by_id_are_not(client: Any) -> None:
    before = meter(client, "querencia_posted_risk_count")
    client.post("/score", b'{"customer_ids": ["a", "b"]}')
    assert meter(client, "querencia_posted_risk_count") == before
    assert client.post("/score", POSTED).status == 200
    assert meter(client, "querencia_posted_risk_count") == before + 3
    assert meter(client, 'querencia_posted_risk_bucket{le="+Inf"}') == before + 3
    assert 0 <= meter(client, "querencia_posted_risk_sum") <= before + 3
    assert math.isfinite(meter(client, "querencia_posted_risk_psi"))


def test_every_answer_is_counted_once_by_operation_and_status(client: Any) -> None:
    for body in (b'{"customer_ids": ["a"]}', b'{"customer_ids": ["a"]}', b"{"):
        client.post("/score", body)
    name = "querencia_requests_total"
    assert meter(client, f'{name}{{operation="score",status="200"}}') == 2
    assert meter(client, f'{name}{{operation="score",status="400"}}') == 1
    assert meter(client, 'querencia_request_seconds_count{operation="score"}') == 3


def test_scores_are_spread_up_to_all_of_the_customers(client: Any) -> None:
    name = "querencia_scores_share_of_customers"
    shares = [meter(client, f'{name}{{risk_up_to="{i / 10:g}"}}') for i in range(1, 11)]
    assert shares == sorted(shares)
    assert shares[-1] == 1
