"""Who is calling, and what they may do."""

from __future__ import annotations

from app.auth.principal import Principal

__all__ = ["Principal"]
