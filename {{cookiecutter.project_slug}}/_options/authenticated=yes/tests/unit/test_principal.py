from __future__ import annotations

from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from app.auth.errors import InsufficientScopeError
from app.auth.principal import Principal
from app.scopes import ADMIN, Scope

READ, WRITE = Scope("reports:read"), Scope("reports:write")


@pytest.mark.parametrize("held", [READ, ADMIN])
def test_a_scope_is_held_by_itself_or_by_administrators(held: Scope) -> None:
    Principal(uuid4(), frozenset({held})).require(READ)


def test_what_is_forbidden_is_noted_for_audits() -> None:
    principal = Principal(uuid4(), frozenset({READ}))
    with capture_logs() as events, pytest.raises(InsufficientScopeError):
        principal.require(WRITE)
    (event,) = events
    assert event == {
        "event": "forbidden",
        "principal_id": str(principal.id),
        "scope": WRITE,
        "log_level": "warning",
    }
