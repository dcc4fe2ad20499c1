"""Whatever is asked, the answer is one that the API's own description allows.

Operations and bodies come from the description: one that is added is asked as well. To look
longer: --hypothesis-profile search.
"""

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import given
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from serving.http.operations import OPERATIONS
from tests.properties import rarely

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


@pytest.fixture(scope="module")
def client(make_client: Callable[..., Any]) -> Any:
    return make_client()


@pytest.fixture(scope="module")
def described(client: Any) -> Any:
    """The description that the application gives of itself."""
    return schemathesis.openapi.from_asgi("/openapi.json", client.application)


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("path", OPERATIONS)
def test_every_operation_answers_as_it_is_described(
    client: Any, described: Any, path: str, mode: GenerationMode
) -> None:
    operation = described[path][OPERATIONS[path].method]
    if mode.is_negative and not OPERATIONS[path].asked:
        pytest.skip("nothing can be wrong with nothing")

    @rarely(4)
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        key = {"Authorization": f"Bearer {client.secret}"}
        case.call_and_validate(checks=CHECKS, headers=key)

    ask()


def test_every_operation_is_described(described: Any) -> None:
    operations = [each.ok() for each in described.get_all_operations()]
    assert {(each.path, each.method.upper()) for each in operations} == {
        (each.path, each.method) for each in OPERATIONS.values()
    }
