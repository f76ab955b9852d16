"""Merge users and API keys."""

from __future__ import annotations

revision = "20261120_1200"
down_revision: tuple[str, ...] = ("20261120_1000", "20261120_1100")
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
