"""When keys were used last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, update

from app.models.api_key import ApiKey

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from app.core.database import Database


async def keep_use(
    database: Database,
    api_key_id: UUID,
    now: datetime,
    *,
    unless_since: datetime,
) -> None:
    """Keep the time of a use, in a transaction of its own.

    Of many uses at once one is kept: the others find that there has been one.
    """
    statement = (
        update(ApiKey)
        .where(ApiKey.id == api_key_id)
        .where(
            or_(
                ApiKey.last_used_at.is_(None),
                ApiKey.last_used_at <= unless_since,
            )
        )
        # To be used is not to be changed.
        .values(last_used_at=now, updated_at=ApiKey.updated_at)
    )
    async with database.transaction() as session:
        await session.execute(statement)
