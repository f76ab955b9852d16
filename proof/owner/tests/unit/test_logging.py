from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from app.core.logging import CLIENT, REQUEST_ID, configure_logging
from tests.logs import logged
from tests.settings import make_settings


def configure(environment: str, **changes: object) -> None:
    configure_logging(
        make_settings(None, environment=environment, **changes),
    )


@pytest.fixture(autouse=True)
def configure_again() -> Iterator[None]:
    """Configure what other tests expect: elsewhere, loggers keep their first output."""
    yield
    configure("test")


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_an_event_is_one_line_of_json(
    environment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(environment)
    structlog.get_logger().info("line\nbreak\x1b[31m", detail={"a": 1}, other=object())
    (event,) = logged(capsys)
    assert event["event"] == "line\nbreak\x1b[31m"
    assert event["level"] == "info"
    assert event["timestamp"].endswith("Z")
    assert event["detail"] == {"a": 1}


def test_an_event_names_its_request_and_the_caller(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("test")
    request_id, client = REQUEST_ID.set("abc"), CLIENT.set("192.0.2.1")
    structlog.get_logger().info("inside")
    REQUEST_ID.reset(request_id)
    CLIENT.reset(client)
    structlog.get_logger().info("outside")
    inside, outside = logged(capsys)
    assert (inside["request_id"], inside["client"]) == ("abc", "192.0.2.1")
    assert not {"request_id", "client"} & outside.keys()


def test_an_exception_is_logged_once_with_its_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("test")
    try:
        raise RuntimeError("reason")  # noqa: TRY301
    except RuntimeError:
        structlog.get_logger().exception("failed")
    (event,) = logged(capsys)
    assert event["exception"].count("Traceback") == 1
    assert event["exception"].endswith("RuntimeError: reason")


def test_what_libraries_log_has_the_same_form(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("test")
    logging.getLogger("library").warning("low on %s", "memory")
    (event,) = logged(capsys)
    assert event["event"] == "low on memory"
    assert event["level"] == "warning"


def test_debugging_events_are_left_out_unless_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("test")
    structlog.get_logger().debug("detail")
    assert logged(capsys) == []
    configure("test", debug=True)
    structlog.get_logger().debug("detail")
    assert len(logged(capsys)) == 1


def test_local_variables_do_not_show(capsys: pytest.CaptureFixture[str]) -> None:
    for environment in ("development", "test"):
        configure(environment)
        try:
            word = "sec" + "ret"
            raise RuntimeError(len(word))  # noqa: TRY301
        except RuntimeError:
            structlog.get_logger().exception("failed")
    assert "secret" not in capsys.readouterr().out


def test_events_are_readable_in_development(capsys: pytest.CaptureFixture[str]) -> None:
    configure("development")
    structlog.get_logger().info("started", port=8000)
    logging.getLogger("library").warning("low on memory")
    started, low = capsys.readouterr().out.splitlines()
    assert "started" in started
    assert "port=8000" in started
    assert "low on memory" in low
