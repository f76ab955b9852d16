"""An identity provider with keys of every kind and faults on demand; forged tokens."""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from threading import Event
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from app import DISTRIBUTION, VERSION
from tests.issuer import Issuer, SigningKey

_MAKERS: dict[str, Callable[[], Any]] = {
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


class KeyFor(SigningKey):
    """A key pair for an algorithm."""

    def __init__(self, algorithm: str, kid: str | None = None) -> None:
        super().__init__(kid)
        self.algorithm = algorithm
        self.private = _MAKERS[algorithm]()

    def jwk(self, **changes: object) -> dict[str, Any]:
        """Return the public half as it is published; None leaves a part out."""
        signer: Any = get_default_algorithms()[self.algorithm]
        public = signer.to_jwk(self.private.public_key(), as_dict=True)
        told = public | {"use": "sig", "alg": self.algorithm, "kid": self.kid} | changes
        return {name: value for name, value in told.items() if value is not None}


class FaultyIssuer(Issuer):
    """A provider that counts what it is asked.

    Attributes:
        origin: its address.
        metadata: changes to its description of itself.
        faults: how it answers wrongly or oddly, by path; "" stands for all.
        requests: how often it was asked, by path.
        closing: it ends.
        released: answers that "wait" may go.
    """

    def __init__(self, *keys: SigningKey, slash: str = "") -> None:
        super().__init__()
        self.keys = list(keys) or self.keys
        self.origin = self.url
        self.url += slash
        self.metadata: dict[str, Any] = {}
        self.faults: dict[str, str] = {}
        self.requests: Counter[str] = Counter()
        self.closing = Event()
        self.released = Event()

    def close(self) -> None:
        self.closing.set()
        self.released.set()
        super().close()

    def rotate(self) -> SigningKey:
        """Sign with a new key from now on."""
        self.keys = [SigningKey(), *self.keys[:1]]
        return self.keys[0]

    def document(self, path: str) -> object:
        published = super().document(path)
        if isinstance(published, dict) and "issuer" in published:
            return published | self.metadata
        return published

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path
        self.requests[path] += 1
        body = json.dumps(self.document(path)).encode()
        fault = self.faults.get(path, self.faults.get(""))
        with suppress(OSError):  # the other side may leave when it likes
            if fault is None:
                super().answer(request)
            else:
                (FAULTS | ODDITIES)[fault](self, request, body)


type Fault = Callable[[FaultyIssuer, BaseHTTPRequestHandler, bytes], object]


def respond(
    request: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str
) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


def wait(issuer: FaultyIssuer, request: BaseHTTPRequestHandler, body: bytes) -> None:
    issuer.released.wait()
    respond(request, 200, body)


def drip(issuer: FaultyIssuer, request: BaseHTTPRequestHandler, body: bytes) -> None:
    respond(request, 200, body[:1])
    while not issuer.closing.wait(0.02):
        request.wfile.write(b" ")


def let_in(request: BaseHTTPRequestHandler, body: bytes) -> None:
    known = request.headers["User-Agent"] == f"{DISTRIBUTION}/{VERSION}"
    respond(request, 200 if known else 403, body)


def respond_gzip(request: BaseHTTPRequestHandler, body: bytes) -> None:
    respond(request, 200, body, **{"Content-Encoding": "gzip"})


def with_nulls(body: bytes) -> bytes:
    document = json.loads(body)
    for part in (document, *document.get("keys", ())):
        for name in ("token_endpoint", "use", "alg", "key_ops", "d", "x5c"):
            part[name] = None
    return json.dumps(document).encode()


FAULTS: Final[dict[str, Fault]] = {
    "hangs up": lambda _, __, ___: None,
    "hangs": lambda issuer, _, __: issuer.closing.wait(),
    "drips": drip,
    "waits": wait,
    "fails": lambda _, request, body: respond(request, 500, body),
    "moves": lambda _, request, __: respond(request, 302, b"", Location="/elsewhere"),
    "is too long": lambda _, request, body: respond(
        request, 200, body + b" " * 524_288
    ),
    "is too long once decompressed": lambda _, request, body: respond_gzip(
        request, gzip.compress(body + b" " * 524_288)
    ),
    "is not compressed as it says": lambda _, request, body: respond_gzip(
        request, body
    ),
    "is compressed, and cut off": lambda _, request, body: respond_gzip(
        request, gzip.compress(body)[:-20]
    ),
    "is cut off": lambda _, request, body: respond(request, 200, body[:-9]),
    "is no HTTP": lambda _, request, __: request.wfile.write(
        b"\xff" * 99 + b"\r\n\r\n"
    ),
    "is no UTF-8": lambda _, request, __: respond(request, 200, b'"\xff"'),
    "is nested": lambda _, request, __: respond(request, 200, b"[" * 200_000),
    "is a number": lambda _, request, __: respond(request, 200, b"1"),
    "is empty": lambda _, request, __: respond(request, 200, b"{}"),
}

# Unusual, but right.
ODDITIES: Final[dict[str, Fault]] = {
    "lets only us in": lambda _, request, body: let_in(request, body),
    "starts with a BOM": lambda _, request, body: respond(
        request, 200, b"\xef\xbb\xbf" + body
    ),
    "is gzip": lambda _, request, body: respond_gzip(request, gzip.compress(body)),
    "is another media type": lambda _, request, body: respond(
        request,
        200,
        body,
        **{"Content-Type": 'application/jwk-set+json; charset="UTF-8"'},
    ),
    "has members that are null": lambda _, request, body: respond(
        request, 200, with_nulls(body)
    ),
    "has more members": lambda _, request, body: respond(
        request, 200, body[:-1] + b', "a": {"b": [null, 1e999]}}'
    ),
}


@dataclass(frozen=True)
class FromNow:
    """A time in a claim."""

    seconds: float


def forged(
    issuer: Issuer,
    *,
    claims: dict[str, Any] | None = None,
    header: dict[str, Any] | None = None,
    without: str = "",
    payload: str | None = None,
    key: SigningKey | None = None,
    algorithm: str | None = None,
    secret: object = None,
) -> str:
    """Return an access token that is honest but for what is given.

    Args:
        issuer: whose token it looks like.
        claims: claims that differ.
        header: parts of the header that differ.
        without: the claim or part of the header to leave out.
        payload: what to sign instead of claims.
        key: what to sign with instead of the provider's own key.
        algorithm: how to sign, if not as the key is meant for.
        secret: what to sign with, if it is no key of a provider.
    """
    key = key or issuer.keys[0]
    algorithm = algorithm or key.algorithm
    made_header = {"alg": algorithm, "typ": "at+jwt", "kid": key.kid} | (header or {})
    made_header.pop(without, None)
    now = int(time.time())
    made = issuer.claims() | {
        name: now + value.seconds if isinstance(value, FromNow) else value
        for name, value in (claims or {}).items()
    }
    made.pop(without, None)
    parts = (json.dumps(made_header), json.dumps(made) if payload is None else payload)
    signing_input = ".".join(base64url(part.encode()) for part in parts)
    signer = get_default_algorithms()[algorithm]
    signature = signer.sign(
        signing_input.encode(), key.private if secret is None else secret
    )
    return f"{signing_input}.{base64url(signature)}"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
