"""Keep e-mail addresses as typed, and compare them by a key.

Until now they were case-folded, which turns `ß` into `ss`: what was typed is lost, and
the key of such an account is that of the address on record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op
from email_validator import EmailNotValidError, validate_email

if TYPE_CHECKING:
    from collections.abc import Callable

revision = "20261128_1000"
down_revision: str | None = "20261120_1100"
branch_labels = None
depends_on = None

users = sa.table(
    "users",
    sa.column("id", sa.Uuid()),
    sa.column("email", sa.String()),
    sa.column("email_key", sa.String()),
)


def upgrade() -> None:
    op.add_column("users", sa.Column("email_key", sa.String(length=254)))
    replace("email_key", key)
    with op.batch_alter_table("users") as batch:
        batch.alter_column("email_key", nullable=False)
        batch.create_unique_constraint(op.f("uq_users_email_key"), ["email_key"])
        batch.drop_constraint(op.f("uq_users_email"), type_="unique")


def downgrade() -> None:
    replace("email", lower_case)
    with op.batch_alter_table("users") as batch:
        batch.create_unique_constraint(op.f("uq_users_email"), ["email"])
        batch.drop_constraint(op.f("uq_users_email_key"), type_="unique")
        batch.drop_column("email_key")


def replace(column: str, value_of: Callable[[str], str]) -> None:
    """Set a column of every user to a value that follows from the address."""
    connection = op.get_bind()
    rows = connection.execute(sa.select(users.c.id, users.c.email)).all()
    if rows:
        connection.execute(
            sa.update(users)
            .where(users.c.id == sa.bindparam("user_id"))
            .values({column: sa.bindparam("value")}),
            [{"user_id": user_id, "value": value_of(email)} for user_id, email in rows],
        )


def key(email: str) -> str:
    """Return the address in lower case, its domain in ASCII."""
    try:
        valid = validate_email(email, check_deliverability=False)
    except EmailNotValidError:
        return email.lower()  # of nobody: in the domain `invalid`
    return f"{valid.local_part.lower()}@{valid.ascii_domain}"


def lower_case(email: str) -> str:
    """Return the address in lower case, its domain in Unicode: as unique as the key."""
    try:
        valid = validate_email(email, check_deliverability=False)
    except EmailNotValidError:
        return email
    return valid.normalized.lower()
