"""The anonymous caller: without authentication, all callers share the same data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller."""

    id: UUID


ANONYMOUS: Final = Principal(id=UUID(int=0))
