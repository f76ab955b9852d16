"""Fetches JSON from the provider, with limits on time and size."""

from __future__ import annotations

import json
import time
import zlib
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

from app import DISTRIBUTION, VERSION

if TYPE_CHECKING:
    from http.client import HTTPResponse

FETCH_SECONDS = 3
MAX_BYTES = 512 * 1024

_CHUNK_BYTES = 64 * 1024
# RFC 9110 section 8.4.1.3.
_GZIP_NAMES = {"gzip", "x-gzip"}
# Makes zlib expect the header of gzip.
_GZIP_BITS = 16 + zlib.MAX_WBITS

# Firewalls often refuse the user agent of urllib. Some providers serve their keys as
# `application/jwk-set+json` only (RFC 7517 section 8.5).
_HEADERS = {
    "Accept": "application/json, application/jwk-set+json",
    "User-Agent": f"{DISTRIBUTION}/{VERSION}",
}

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
    request = Request(url, headers=_HEADERS)  # noqa: S310
    try:
        with _opener.open(request, timeout=FETCH_SECONDS) as response:
            body = _read(response, deadline)
            # Stores of static files compress without being asked.
            if response.headers.get("Content-Encoding", "").lower() in _GZIP_NAMES:
                body = _decompressed(body)
            return json.loads(body)
    except HTTPError as error:
        error.close()
        raise OSError(f"the response is {error.code} {error.reason}") from None


def _read(response: HTTPResponse, deadline: float) -> bytes:
    body = b""
    while chunk := response.read1(_CHUNK_BYTES):
        body += chunk
        _check_length(body)
        if time.monotonic() > deadline:
            raise TimeoutError
    return body


def _decompressed(body: bytes) -> bytes:
    try:
        content = zlib.decompressobj(_GZIP_BITS).decompress(body, MAX_BYTES + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    _check_length(content)
    return content


def _check_length(body: bytes) -> None:
    if len(body) > MAX_BYTES:
        raise ValueError(f"the response is longer than {MAX_BYTES} bytes")
