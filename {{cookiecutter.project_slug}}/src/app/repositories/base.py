"""Operations that repositories have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select
from sqlalchemy.orm.exc import StaleDataError

from app.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Select

    from app.core.database import Session
    from app.models.base import Entity


class SqlRepository[E: Entity]:
    """Rows of one table, within the caller's transaction.

    Attributes:
        entity: the table.
    """

    entity: type[E]

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, entity: E) -> None:
        """Insert the row."""
        await self.save(entity)

    async def save(self, entity: E) -> None:
        """Insert or update the row.

        Raises:
            NotFoundError: it has been deleted in the meantime.
        """
        self._session.add(entity)
        try:
            await self._session.flush()
        except StaleDataError as error:
            raise NotFoundError from error

    async def delete(self, entity: E) -> None:
        """Delete the row if it exists."""
        statement = delete(self.entity).where(self.entity.id == entity.id)
        await self._session.execute(statement)

    def _select(self, *conditions: ColumnElement[bool]) -> Select[E]:
        """Return the query for the rows that meet all conditions."""
        return select(self.entity).where(*conditions)

    async def _first(self, *conditions: ColumnElement[bool]) -> E | None:
        """Select the first row that meets all conditions."""
        entity: E | None = await self._session.scalar(self._select(*conditions))
        return entity

    async def _page(
        self, *conditions: ColumnElement[bool], offset: int, limit: int
    ) -> Sequence[E]:
        """Select a page, newest first: ids grow with time, so they give the order."""
        query = self._select(*conditions).order_by(self.entity.id.desc())
        rows = await self._session.scalars(query.offset(offset).limit(limit))
        return rows.all()

    async def _count(self, *conditions: ColumnElement[bool]) -> int:
        """Count the rows that meet all conditions."""
        query = select(func.count()).select_from(self.entity).where(*conditions)
        total = await self._session.scalar(query)
        return total or 0
