"""What every failure looks like (RFC 9457)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import TITLES

if TYPE_CHECKING:
    from httpx2 import Response


def assert_is_problem(response: Response, status: int) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    required = {"type", "title", "status", "detail", "code", "request_id"}
    assert set(problem) == required | ({"errors"} if status == 422 else set())
    assert problem["status"] == status
    assert problem["title"] == TITLES[status]
    assert problem["request_id"] == response.headers["x-request-id"]
    assert len(response.content) <= 16_384
