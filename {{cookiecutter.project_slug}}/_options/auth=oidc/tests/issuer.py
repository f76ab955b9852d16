"""An identity provider to test against: real keys, over HTTP, with faults on demand."""

from __future__ import annotations

import base64
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Final, cast
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from app.scopes.base import ADMIN, all_scopes

DISCOVERY = "/.well-known/openid-configuration"
JWKS = "/keys"

AUDIENCE = "the service under test"
USUAL_SCOPES = [scope for scope in all_scopes() if scope != ADMIN]

_MAKERS: dict[str, Callable[[], Any]] = {
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


class SigningKey:
    """A key pair of the provider's."""

    def __init__(self, algorithm: str = "ES256", kid: str | None = None) -> None:
        self.algorithm = algorithm
        self.kid = kid or uuid4().hex
        self.private = _MAKERS[algorithm]()

    def jwk(self, **changes: object) -> dict[str, Any]:
        """Return the public half as it is published; None leaves a part out."""
        signer: Any = get_default_algorithms()[self.algorithm]
        public = signer.to_jwk(self.private.public_key(), as_dict=True)
        told = public | {"use": "sig", "alg": self.algorithm, "kid": self.kid} | changes
        return {name: value for name, value in told.items() if value is not None}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: dict[str, Any], payload: str, key: Any, algorithm: str) -> str:  # noqa: ANN401
    """Return a JWS of anything, whatever its header says."""
    parts = (json.dumps(header), payload)
    signing_input = ".".join(base64url(part.encode()) for part in parts)
    signer = get_default_algorithms()[algorithm]
    signature = signer.sign(signing_input.encode(), key)
    return f"{signing_input}.{base64url(signature)}"


@dataclass(frozen=True)
class FromNow:
    """A time in a claim."""

    seconds: float


@dataclass
class Issuer:
    """A provider on the loopback interface, which counts what it is asked.

    Attributes:
        keys: what it signs with, the first one, and publishes.
        metadata: changes to its description of itself.
        jwks: its keys as published, if other than `keys`.
        faults: how it answers wrongly, by path; "" stands for all.
        requests: how often it was asked, by path.
        connections: how often somebody connected to it.
        slash: what its name ends in, besides.
        closing: it ends.
        released: answers that "wait" may go.
    """

    keys: list[SigningKey] = field(default_factory=lambda: [SigningKey()])
    metadata: dict[str, Any] = field(default_factory=dict)
    jwks: Any = None
    faults: dict[str, str] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    slash: str = ""

    def __post_init__(self) -> None:
        self.closing = Event()
        self.released = Event()
        self._server = _Server(self)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.url = f"{self.origin}{self.slash}"
        Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()

    def close(self) -> None:
        self.closing.set()
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def rotate(self) -> SigningKey:
        """Sign with a new key from now on."""
        self.keys = [SigningKey(), *self.keys[:1]]
        return self.keys[0]

    def claims(self, **changes: object) -> dict[str, Any]:
        """Return the claims of an honest access token, but for the changes."""
        now = int(time.time())
        honest = {
            "iss": self.url,
            "sub": "alice",
            "aud": AUDIENCE,
            "exp": now + 300,
            "iat": now,
            "scope": " ".join(["openid", *USUAL_SCOPES]),
        }
        return honest | {
            name: now + value.seconds if isinstance(value, FromNow) else value
            for name, value in changes.items()
        }

    def token(
        self,
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
            claims: claims that differ.
            header: parts of the header that differ.
            without: the claim or part of the header to leave out.
            payload: what to sign instead of claims.
            key: what to sign with instead of the provider's own key.
            algorithm: how to sign, if not as the key is meant for.
            secret: what to sign with, if it is no key of a provider.
        """
        key = key or self.keys[0]
        algorithm = algorithm or key.algorithm
        made_header = {"alg": algorithm, "typ": "at+jwt", "kid": key.kid}
        made_header |= header or {}
        made_header.pop(without, None)
        made = self.claims(**claims or {})
        made.pop(without, None)
        return signed(
            made_header,
            json.dumps(made) if payload is None else payload,
            key.private if secret is None else secret,
            algorithm,
        )

    def document(self, path: str) -> object:
        """Return what is published at a path; nothing if nothing is."""
        if path == DISCOVERY:
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.origin}/authorize",
                "token_endpoint": f"{self.origin}/token",
                "jwks_uri": f"{self.origin}{JWKS}",
                "grant_types_supported": ["authorization_code"],
                "scopes_supported": ["openid", *USUAL_SCOPES],
            } | self.metadata
        if path == JWKS:
            return self.jwks or {"keys": [key.jwk() for key in self.keys]}
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        super().__init__(("127.0.0.1", 0), _Handler)

    def verify_request(self, request: object, client_address: object) -> bool:
        del request, client_address
        self.issuer.connections += 1
        return True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: the other side may leave when it likes."""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        issuer = self.issuer
        issuer.requests[self.path] += 1
        document = issuer.document(self.path)
        body = json.dumps(document).encode()
        fault = issuer.faults.get(self.path, issuer.faults.get(""))
        if fault is None:
            self.answer(404 if document is None else 200, body)
        else:
            FAULTS[fault](self, body)

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    @property
    def issuer(self) -> Issuer:
        return cast("_Server", self.server).issuer

    def wait(self, body: bytes) -> None:
        self.issuer.released.wait()
        self.answer(200, body)

    def drip(self, body: bytes) -> None:
        self.answer(200, body[:1])
        while not self.issuer.closing.wait(0.02):
            self.wfile.write(b" ")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep standard error clean."""


FAULTS: Final[dict[str, Callable[[_Handler, bytes], object]]] = {
    "hangs up": lambda _, __: None,
    "hangs": lambda handler, _: handler.issuer.closing.wait(),
    "drips": _Handler.drip,
    "waits": _Handler.wait,
    "fails": lambda handler, body: handler.answer(500, body),
    "moves": lambda handler, _: handler.answer(302, b"", Location="/elsewhere"),
    "is too long": lambda handler, body: handler.answer(200, body + b" " * 524_288),
    "is cut off": lambda handler, body: handler.answer(200, body[:-9]),
    "is no HTTP": lambda handler, _: handler.wfile.write(b"\xff" * 99 + b"\r\n\r\n"),
    "is no UTF-8": lambda handler, _: handler.answer(200, b'"\xff"'),
    "is nested": lambda handler, _: handler.answer(200, b"[" * 200_000),
    "is a number": lambda handler, _: handler.answer(200, b"1"),
    "is empty": lambda handler, _: handler.answer(200, b"{}"),
}

# The one whose tokens the tests' own callers have; it lives as long as the tests.
ISSUER = Issuer(keys=[SigningKey("RS256"), SigningKey("ES256")])
