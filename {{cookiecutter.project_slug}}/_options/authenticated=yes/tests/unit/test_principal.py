from __future__ import annotations

from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from app.auth import Principal
from app.auth.errors import InsufficientScopeError
from app.scopes.base import ADMIN, Scope, all_scopes
from app.scopes.items import ITEMS_READ, ITEMS_WRITE


def test_a_caller_may_do_what_a_scope_of_theirs_says() -> None:
    principal = Principal(uuid4(), frozenset({ITEMS_READ}))
    principal.require(ITEMS_READ)
    with pytest.raises(InsufficientScopeError):
        principal.require(ITEMS_WRITE)


@pytest.mark.parametrize("scope", all_scopes())
def test_administrators_may_do_everything(scope: Scope) -> None:
    Principal(uuid4(), frozenset({ADMIN})).require(scope)


def test_what_is_forbidden_is_noted_for_audits() -> None:
    principal = Principal(uuid4(), frozenset())
    with capture_logs() as events, pytest.raises(InsufficientScopeError):
        principal.require(ADMIN)
    (event,) = events
    assert event == {
        "event": "forbidden",
        "principal_id": str(principal.id),
        "scope": "admin",
        "log_level": "warning",
    }
