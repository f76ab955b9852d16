"""The caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from app.auth.errors import InsufficientScopeError
from app.auth.schemes import SCHEMES
from app.scopes.base import ADMIN

if TYPE_CHECKING:
    from uuid import UUID


audit_log = structlog.get_logger("app.audit")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling, and what they may do.

    Attributes:
        id: what belongs to the caller is kept under.
        scopes: what the caller may do.
        scheme: how the caller said who they are.
    """

    id: UUID
    scopes: frozenset[str]
    scheme: str = SCHEMES[0]

    def require(self, scope: str) -> None:
        """Let only callers through that have the scope.

        Raises:
            InsufficientScopeError: this one does not.
        """
        if scope not in self.scopes and ADMIN not in self.scopes:
            audit_log.warning("forbidden", principal_id=str(self.id), scope=scope)
            raise InsufficientScopeError(scope, self.scheme)
