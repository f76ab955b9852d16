"""The sessions that transactions provide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import ORMExecuteState, UOWTransaction


class ReadOnlyError(RuntimeError):
    """A transaction that only reads was used to write."""

    def __init__(self) -> None:
        super().__init__("This transaction only reads. GET must not change anything.")


def is_read_only(connection: Connection | None) -> bool:
    """Return whether the connection serves a transaction that only reads."""
    return connection is not None and bool(
        connection.get_execution_options().get("readonly")
    )


class ReadSession(Session):
    """A session that refuses to write; so does its connection, for SQL as text."""


@event.listens_for(ReadSession, "before_flush")
def _refuse_flush(_: Session, __: UOWTransaction, ___: object) -> None:
    raise ReadOnlyError


@event.listens_for(ReadSession, "do_orm_execute")
def _refuse_change(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        raise ReadOnlyError
