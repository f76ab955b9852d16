"""Whether this process is about to stop."""

from __future__ import annotations

from threading import Event
from typing import Final

# Set while requests are still served, so that those who send them go elsewhere.
DRAINING: Final = Event()
