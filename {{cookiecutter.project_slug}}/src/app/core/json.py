"""JSON in requests."""

from __future__ import annotations

import json


def parse_json(body: bytes) -> object:
    """Parse a JSON body, which is UTF-8 (RFC 8259 section 8.1).

    From bytes, `json` would also read UTF-16, UTF-32 and encoded surrogates.

    Raises:
        ValueError: it is not UTF-8, or not JSON.
        RecursionError: it is nested too deeply.
    """
    return json.loads(body.decode("utf-8-sig"))
