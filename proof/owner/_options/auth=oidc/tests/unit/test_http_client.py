from __future__ import annotations

from collections.abc import Callable

import pytest

from app.auth.http_client import fetch_json
from tests.faulty_issuer import FaultyIssuer
from tests.issuer import JWKS

pytest_plugins = ["tests.faulty_issuer_fixtures"]


@pytest.mark.parametrize("fault", ["hangs", "drips"])
def test_who_does_not_come_to_an_end_is_left(
    issuer: FaultyIssuer, patience: Callable[[float], None], fault: str
) -> None:
    issuer.faults[JWKS] = fault
    patience(0.5)
    with pytest.raises(TimeoutError):
        fetch_json(f"{issuer.url}{JWKS}")


@pytest.mark.parametrize("scheme", ["file", "ftp", "data", ""])
def test_only_http_is_spoken(scheme: str, tmp_path: object) -> None:
    with pytest.raises((OSError, ValueError)):
        fetch_json(f"{scheme}:///{tmp_path}")
