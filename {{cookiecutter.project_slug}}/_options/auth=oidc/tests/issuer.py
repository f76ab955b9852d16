"""An identity provider to test against: real keys, over HTTP."""

from __future__ import annotations

import json
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from app.scopes import ADMIN, all_scopes

DISCOVERY = "/.well-known/openid-configuration"
JWKS = "/keys"

AUDIENCE = "the service under test"
USUAL_SCOPES = [scope for scope in all_scopes() if scope != ADMIN]


class SigningKey:
    """A key pair of the provider's."""

    algorithm = "ES256"

    def __init__(self, kid: str | None = None) -> None:
        self.kid = kid or uuid4().hex
        self.private = ec.generate_private_key(ec.SECP256R1())

    def jwk(self) -> dict[str, Any]:
        """Return the public half as it is published."""
        public = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return public | {"use": "sig", "alg": self.algorithm, "kid": self.kid}

    def sign(self, claims: dict[str, Any], **header: str) -> str:
        """Return a JWT."""
        headers = {"typ": "at+jwt", "kid": self.kid} | header
        return jwt.encode(claims, self.private, self.algorithm, headers)


class Issuer:
    """A provider on the loopback interface.

    It publishes all of its keys, and signs with the first one.
    """

    def __init__(self) -> None:
        self.keys = [SigningKey()]
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

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
        return honest | changes

    def token(self, **changes: object) -> str:
        """Return an access token that is honest but for these claims."""
        return self.keys[0].sign(self.claims(**changes))

    def document(self, path: str) -> object:
        """Return what is published at a path; nothing if nothing is."""
        if path == DISCOVERY:
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}{JWKS}",
            }
        if path == JWKS:
            return {"keys": [key.jwk() for key in self.keys]}
        return None

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer with what is published."""
        document = self.document(request.path)
        request.send_response(404 if document is None else 200)
        request.end_headers()
        request.wfile.write(json.dumps(document).encode())


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, issuer: Issuer, *connection: Any) -> None:  # noqa: ANN401
        self.issuer = issuer
        super().__init__(*connection)

    def do_GET(self) -> None:
        self.issuer.answer(self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep standard error clean."""


# The one whose tokens the tests' own callers have; it lives as long as the tests.
ISSUER = Issuer()
