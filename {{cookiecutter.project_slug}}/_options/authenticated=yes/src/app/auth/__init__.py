"""Authentication and authorization of callers."""

from __future__ import annotations

from app.auth.principal import Principal

__all__ = ["Principal"]
