"""Merge API keys and later changes of accounts."""

from __future__ import annotations

revision = "20261128_1100"
# In this order, 20261120_1300 is applied first: it inserts users without such a key.
down_revision: tuple[str, ...] = ("20261128_1030", "20261120_1300")
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
