"""Fetches JSON from the provider, with limits on time and size."""

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


# Follows no redirects, since keys must come from the configured place; reads no files;
# ignores the proxies of the environment.
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
        OSError: there was no successful response in time.
        HTTPException: the response is not HTTP.
        ValueError: the response is too long, or not JSON.
    """
    deadline = time.monotonic() + FETCH_SECONDS
    request = Request(url, headers={"Accept": "application/json"})  # noqa: S310
    try:
        with _opener.open(request, timeout=FETCH_SECONDS) as response:
            return json.loads(_read(response, deadline))
    except HTTPError as error:
        error.close()
        message = f"the response is {error.code} {error.reason}"
        raise OSError(message) from None


def _read(response: HTTPResponse, deadline: float) -> bytes:
    body = b""
    while chunk := response.read1(_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_BYTES:
            message = f"the response is longer than {MAX_BYTES} bytes"
            raise ValueError(message)
        if time.monotonic() > deadline:
            raise TimeoutError
    return body
