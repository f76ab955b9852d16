"""The caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from app.auth import SCHEMES
from app.auth.errors import InsufficientScopeError
from app.scopes import ADMIN

if TYPE_CHECKING:
    from uuid import UUID


audit_log = structlog.get_logger("app.audit")


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller: identity and scopes.

    Attributes:
        id: identifies the caller as the owner of data.
        scopes: permissions of the caller.
        scheme: authentication scheme that the caller used.
    """

    id: UUID
    scopes: frozenset[str]
    scheme: str = SCHEMES[0]

    def require(self, scope: str) -> None:
        """Check that the caller has the scope.

        Raises:
            InsufficientScopeError: the caller does not.
        """
        if self.scopes.isdisjoint({scope, ADMIN}):
            audit_log.warning("forbidden", principal_id=str(self.id), scope=scope)
            raise InsufficientScopeError(scope, self.scheme)
