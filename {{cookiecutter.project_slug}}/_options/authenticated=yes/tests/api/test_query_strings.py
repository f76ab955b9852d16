from __future__ import annotations

from tests.client import Client
from tests.operations import operations


async def test_every_operation_refuses_query_parameters_that_it_does_not_know(
    admin: Client,
) -> None:
    for operation in await operations(admin):
        response = await operation.call(admin, params={"limit": 50})
        assert response.status_code == 422, operation.path
        errors = response.json()["errors"]
        reasons = [(error["loc"], error["type"]) for error in errors]
        assert (["query", "limit"], "extra_forbidden") in reasons, operation.path
