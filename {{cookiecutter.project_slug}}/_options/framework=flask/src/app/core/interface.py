"""How the server talks to the application."""

from __future__ import annotations

from typing import Any, Final

from granian.constants import Interfaces

SERVER_OPTIONS: Final[dict[str, Any]] = {
    "interface": Interfaces.WSGI,
    # Requests in progress at once, a thread each.
    "blocking_threads": 16,
}
