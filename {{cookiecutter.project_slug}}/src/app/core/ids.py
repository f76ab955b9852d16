"""Time-ordered identifiers."""

from __future__ import annotations

import secrets
import time
from uuid import UUID

_SUB_MILLISECOND_BITS = 12


def uuid7() -> UUID:
    """Return a UUID version 7 (RFC 9562): later ones sort later, so indexes stay local.

    The bits after the milliseconds hold the fraction of the millisecond (section 6.2,
    method 3), which keeps the order of rows created within the same millisecond.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = (nanoseconds << _SUB_MILLISECOND_BITS) // 1_000_000
    return UUID(
        int=milliseconds << 80
        | 0x7 << 76
        | fraction << 64
        | 0b10 << 62
        | secrets.randbits(62),
    )
