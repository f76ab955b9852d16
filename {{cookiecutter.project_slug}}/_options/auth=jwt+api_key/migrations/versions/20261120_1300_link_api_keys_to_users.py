"""API keys belong to users.

Keys that exist already keep working: their owner becomes a user with the scopes of all
its keys. Nobody can sign in as this user: its e-mail address is in a domain that cannot
exist (RFC 6761 section 6.4), and no password has its hash.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from alembic import op

from app.models.base import UtcDateTime

if TYPE_CHECKING:
    from uuid import UUID

revision = "20261120_1300"
down_revision: str | None = "20261120_1200"
branch_labels = None
depends_on = None

UNUSABLE: Final = "!"

api_keys = sa.table(
    "api_keys", sa.column("owner_id", sa.Uuid()), sa.column("scopes", sa.JSON())
)
users = sa.table(
    "users",
    sa.column("id", sa.Uuid()),
    sa.column("email", sa.String()),
    sa.column("password_hash", sa.String()),
    sa.column("scopes", sa.JSON()),
    sa.column("is_active", sa.Boolean()),
    sa.column("created_at", UtcDateTime()),
    sa.column("updated_at", UtcDateTime()),
)


def upgrade() -> None:
    add_owners()
    with op.batch_alter_table("api_keys") as batch:
        batch.create_foreign_key(
            op.f("fk_api_keys_owner_id_users"),
            "users",
            ["owner_id"],
            ["id"],
            ondelete="CASCADE",
        )


def add_owners() -> None:
    """Insert the missing owners of keys; enable those that came as owners of items."""
    connection = op.get_bind()
    scopes: dict[UUID, set[str]] = defaultdict(set)
    for owner, granted in connection.execute(
        sa.select(api_keys.c.owner_id, api_keys.c.scopes)
    ):
        scopes[owner].update(granted)
    now = datetime.now(UTC)
    for owner, granted in scopes.items():
        values = {"scopes": sorted(granted), "is_active": True, "updated_at": now}
        user = connection.execute(
            sa.select(users.c.password_hash, users.c.scopes).where(users.c.id == owner)
        ).one_or_none()
        if user is None:
            connection.execute(
                sa.insert(users).values(
                    id=owner,
                    email=f"{owner}@invalid",
                    password_hash=UNUSABLE,
                    created_at=now,
                    **values,
                )
            )
        elif tuple(user) == (UNUSABLE, []):
            connection.execute(
                sa.update(users).where(users.c.id == owner).values(values)
            )


def downgrade() -> None:
    with op.batch_alter_table("api_keys") as batch:
        batch.drop_constraint(op.f("fk_api_keys_owner_id_users"), type_="foreignkey")
