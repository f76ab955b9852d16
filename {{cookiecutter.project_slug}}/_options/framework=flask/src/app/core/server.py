"""How the server runs the application, and whether it is about to stop."""

from __future__ import annotations

from threading import Event
from typing import Any, Final

from granian.constants import Interfaces

SERVER_OPTIONS: Final[dict[str, Any]] = {
    "interface": Interfaces.WSGI,
    # Requests in progress at once, a thread each.
    "blocking_threads": 16,
}

# Set while requests are still served, so that those who send them go elsewhere.
DRAINING: Final = Event()
