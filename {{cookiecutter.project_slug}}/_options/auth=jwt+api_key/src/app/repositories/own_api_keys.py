"""The API keys of one account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.models.api_key import ApiKey
from app.repositories.api_keys import SqlApiKeyRepository

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Select

    from app.core.database import Session


class SqlOwnApiKeyRepository(SqlApiKeyRepository):
    """The keys of one owner; those of others are as if they did not exist."""

    def __init__(self, session: Session, owner_id: UUID) -> None:
        super().__init__(session)
        self._owner_id = owner_id

    def _keys(self) -> Select[ApiKey]:
        return super()._keys().where(ApiKey.owner_id == self._owner_id)
