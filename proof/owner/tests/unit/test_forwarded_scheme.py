from __future__ import annotations

import pytest

from app.core.headers import client_of, cors_headers
from tests.settings import make_settings


@pytest.mark.parametrize("proto", ["https", "HTTPS", "Https", " HTTPS "])
def test_the_forwarded_scheme_has_no_case(proto: str) -> None:
    client = client_of(
        make_settings(trusted_proxies="10.0.0.1"),
        peer="10.0.0.1",
        scheme="http",
        forwarded_for=None,
        forwarded_proto=proto,
    )
    assert client.https


def test_scripts_may_read_what_tells_them_how_to_go_on() -> None:
    settings = make_settings(cors={"origins": "https://a.example"})
    headers = cors_headers(settings, "https://a.example", asked_headers=None)
    exposed = set(headers["Access-Control-Expose-Headers"].split(", "))
    limits = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
    assert exposed >= limits | {"Retry-After", "WWW-Authenticate", "Location"}
