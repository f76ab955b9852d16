"""Reads what the provider publishes, within limits of time, size and place."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
    UnknownHandler,
)

if TYPE_CHECKING:
    from http.client import HTTPResponse

FETCH_SECONDS = 3
MAX_BYTES = 512 * 1024

_CHUNK_BYTES = 64 * 1024


# It follows no redirection, since where keys come from is not up to who answers; it
# reads no files, and uses no proxies that the environment names for other programs.
_opener = OpenerDirector()
for _handler in (
    HTTPHandler(),
    HTTPSHandler(),
    HTTPDefaultErrorHandler(),
    HTTPErrorProcessor(),
    UnknownHandler(),
):
    _opener.add_handler(_handler)


def fetch_json(url: str) -> Any:  # noqa: ANN401
    """Return a JSON document.

    Raises:
        OSError: nothing was answered in time, or not with success.
        HTTPException: what was answered is not HTTP.
        ValueError: it is too long, or no JSON.
    """
    deadline = time.monotonic() + FETCH_SECONDS
    request = Request(url, headers={"Accept": "application/json"})  # noqa: S310
    try:
        with _opener.open(request, timeout=FETCH_SECONDS) as response:
            return json.loads(_read(response, deadline))
    except HTTPError as error:
        error.close()
        message = f"the answer is {error.code} {error.reason}"
        raise OSError(message) from None


def _read(response: HTTPResponse, deadline: float) -> bytes:
    body = b""
    while chunk := response.read1(_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_BYTES:
            message = f"the answer is longer than {MAX_BYTES} bytes"
            raise ValueError(message)
        if time.monotonic() > deadline:
            raise TimeoutError
    return body
