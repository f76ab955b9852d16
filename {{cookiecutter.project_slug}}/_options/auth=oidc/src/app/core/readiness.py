"""What must work before requests can be served."""

from __future__ import annotations

from typing import Final

NEEDED: Final = ("database", "identity_provider")
