"""Who is calling: nobody in particular, everybody shares one set of data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling."""

    id: UUID


ANONYMOUS: Final = Principal(id=UUID(int=0))
