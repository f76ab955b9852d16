"""Every failure is a problem, and says nothing of what is inside."""

from __future__ import annotations

import pytest

from app.core.database import Database
from tests.client import Client
from tests.logs import logged
from tests.problems import assert_is_problem


@pytest.mark.parametrize("path", ["/", "/api/v1/nowhere", "/health/"])
async def test_an_unknown_path_is_404(client: Client, path: str) -> None:
    response = await client.get(path)
    assert_is_problem(response, 404)


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "BREW"])
async def test_a_wrong_method_is_405_and_says_which_are_right(
    client: Client, method: str
) -> None:
    response = await client.request(method, "/health")
    assert_is_problem(response, 405)
    assert response.headers["allow"] == "GET, HEAD"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> str:
    """Make `/health` raise an error, and return the error's text."""

    async def fail(_: Database) -> bool:
        raise RuntimeError("SELECT secret FROM vault")

    monkeypatch.setattr(Database, "is_available", fail)
    return "SELECT secret FROM vault"


async def test_an_unforeseen_error_is_500_and_tells_nothing(
    client: Client, broken: str
) -> None:
    response = await client.get("/health")
    assert_is_problem(response, 500)
    for text in (broken, "RuntimeError", "Traceback", "/app/"):
        assert text not in response.text


async def test_an_unforeseen_error_is_logged_once_with_its_traceback(
    client: Client, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    response = await client.get("/health")
    error, access = logged(capsys)
    assert (error["event"], error["level"]) == ("unhandled_error", "error")
    assert error["exception"].endswith(f"RuntimeError: {broken}")
    assert error["request_id"] == response.headers["x-request-id"]
    assert (access["event"], access["status"]) == ("request", 500)
