"""The sessions that transactions provide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.orm import ORMExecuteState, UOWTransaction


class SessionEndedError(RuntimeError):
    """A session was used after its transaction."""

    def __init__(self) -> None:
        super().__init__(
            "The transaction of this session has ended. Work that outlives a request"
            " needs one of its own: `database.transaction()`."
        )


class ReadOnlyError(RuntimeError):
    """A transaction that only reads was used to write."""

    def __init__(self) -> None:
        super().__init__("This transaction only reads. GET must not change anything.")


def is_read_only(connection: Connection | None) -> bool:
    """Return whether the connection serves a transaction that only reads."""
    return connection is not None and bool(
        connection.get_execution_options().get("readonly")
    )


class WriteSession(Session):
    """A session that cannot be used once its transaction has ended.

    Otherwise, whoever still has it (a background task, a streamed response) would begin
    a transaction that nobody ends, and keep its connection.
    """

    _ended = False

    def close(self) -> None:
        """End the transaction for good."""
        super().close()
        self._ended = True

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:  # noqa: ANN401 -- those of SQLAlchemy
        """Return the connection of a statement.

        Raises:
            SessionEndedError: the transaction has ended.
        """
        if self._ended:
            raise SessionEndedError
        return super().get_bind(*args, **kwargs)


class ReadSession(WriteSession):
    """A session that refuses to write; so does its connection, for SQL as text."""


@event.listens_for(ReadSession, "before_flush")
def _refuse_flush(_: Session, __: UOWTransaction, ___: object) -> None:
    raise ReadOnlyError


@event.listens_for(ReadSession, "do_orm_execute")
def _refuse_change(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        raise ReadOnlyError
