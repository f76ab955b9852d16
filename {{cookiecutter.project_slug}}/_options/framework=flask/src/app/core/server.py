"""How the server runs the application, and whether it is about to stop."""

from __future__ import annotations

from threading import Event
from typing import Any, Final

from granian.constants import Interfaces

# Granian's own interface: `app.api.gateway` calls Flask, in threads.
SERVER_OPTIONS: Final[dict[str, Any]] = {"interface": Interfaces.RSGI}

# Concurrent requests, one thread each; those that wait do not stop the others.
THREADS: Final = 80

# Set while requests are still served, so that load balancers stop sending new ones.
DRAINING: Final = Event()
