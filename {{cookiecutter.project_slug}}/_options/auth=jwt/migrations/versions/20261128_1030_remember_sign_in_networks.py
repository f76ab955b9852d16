"""Remember the networks from which accounts have signed in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_1030"
down_revision: str | None = "20261128_1000"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("users") as batch:
        batch.add_column(sa.Column("sign_in_networks", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("users") as batch:
        batch.drop_column("sign_in_networks")
