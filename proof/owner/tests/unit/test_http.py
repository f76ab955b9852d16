from __future__ import annotations

import pytest

from app.core.headers import Client, client_of, cors_headers, is_json, request_id_from
from app.core.settings import Settings
from tests.settings import make_settings

PROXY = "10.0.0.1"


def settings(**values: object) -> Settings:
    return make_settings(None, **values)


@pytest.mark.parametrize("value", ["a", "A-Z_0.9", "x" * 128])
def test_a_sane_request_id_is_kept(value: str) -> None:
    assert request_id_from(value) == value


@pytest.mark.parametrize(
    "value",
    [None, "", "x" * 129, "a b", "a\n", "a\r\nX-Evil: 1", "\x1b[31m", "é", "٣", "a/b"],
)
def test_any_other_request_id_is_replaced(value: str | None) -> None:
    made = request_id_from(value)
    assert made != value
    assert request_id_from(made) == made


def client(
    peer: str,
    forwarded_for: str | None,
    *,
    scheme: str = "http",
    proto: str | None = None,
    trusted: str = "10.0.0.0/8, 2001:db8::/32",
) -> Client:
    return client_of(
        settings(trusted_proxies=trusted),
        peer=peer,
        scheme=scheme,
        forwarded_for=forwarded_for,
        forwarded_proto=proto,
    )


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        (PROXY, "203.0.113.7", "203.0.113.7"),
        (PROXY, "203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (PROXY, "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        (PROXY, "2001:db9::1", "2001:db9::1"),
        ("2001:db8::5", "203.0.113.7", "203.0.113.7"),
        ("::ffff:10.0.0.1", "203.0.113.7, ::ffff:10.0.0.2", "203.0.113.7"),
        ("::FFFF:A00:1", "::ffff:203.0.113.7", "203.0.113.7"),
        (PROXY, None, PROXY),
        (PROXY, "", PROXY),
    ],
)
def test_a_trusted_proxy_says_who_the_client_is(
    peer: str, forwarded_for: str | None, address: str
) -> None:
    assert client(peer, forwarded_for).address == address


@pytest.mark.parametrize(
    "hop",
    [
        "203.0.113.7:4711",
        "203.0.113.7:",
        "64:ff9b::203.0.113.7",
        "::ffff:203.0.113.7",
        "0:0:0:0:0:ffff:cb00:7107",
        "[::FFFF:203.0.113.7]:4711",
        "203.0.113.7:4711, 10.0.0.2:80, [2001:db8::5]:80",
    ],
)
def test_an_ipv4_client_has_one_spelling(hop: str) -> None:
    assert client(PROXY, hop).address == "203.0.113.7"


@pytest.mark.parametrize(
    "hop",
    [
        "[2001:db9::1]",
        "[2001:db9::1]:4711",
        '"[2001:db9::1]:4711"',
        "2001:DB9:0::0001",
        "2001:db9::1%eth0",
        "[2001:db9::1%25eth0]:4711",
    ],
)
def test_an_ipv6_client_has_one_spelling(hop: str) -> None:
    assert client(PROXY, hop).address == "2001:db9::1"


@pytest.mark.parametrize(
    ("peer", "address"),
    [("::ffff:203.0.113.9", "203.0.113.9"), ("2001:DB9::9%eth0", "2001:db9::9")],
)
def test_a_client_without_a_proxy_has_one_spelling(peer: str, address: str) -> None:
    assert client(peer, None).address == address


def test_an_ipv4_mapped_network_is_the_ipv4_network() -> None:
    for peer in (PROXY, f"::ffff:{PROXY}"):
        seen = client(peer, "203.0.113.7", trusted="::ffff:10.0.0.0/104")
        assert seen.address == "203.0.113.7"
    other = client("11.0.0.1", "203.0.113.7", trusted="::ffff:10.0.0.0/104")
    assert other.address == "11.0.0.1"


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        ("203.0.113.9", "127.0.0.1", "203.0.113.9"),
        ("", "127.0.0.1", ""),
        ("unix:", "127.0.0.1", "unix:"),
        (PROXY, "127.0.0.1, 203.0.113.7", "203.0.113.7"),
        (PROXY, "203.0.113.7, nonsense", PROXY),
        (PROXY, "203.0.113.7, nonsense, 10.0.0.2", "10.0.0.2"),
        (PROXY, "203.0.113.7,", PROXY),
        (PROXY, "203.0.113.7:x", PROXY),
        (PROXY, "203.0.113.07", PROXY),
        (PROXY, "[2001:db9::1", PROXY),
        (PROXY, "[]:80", PROXY),
        (PROXY, "x" * 10_000, PROXY),
    ],
)
def test_a_forged_address_is_not_believed(
    peer: str, forwarded_for: str, address: str
) -> None:
    assert client(peer, forwarded_for).address == address


@pytest.mark.parametrize(
    ("peer", "scheme", "proto", "https"),
    [
        (PROXY, "http", "https", True),
        (PROXY, "https", "http", False),
        (PROXY, "http", "https,http", True),
        (PROXY, "http", "http, https", False),
        (PROXY, "http", None, False),
        ("203.0.113.9", "http", "https", False),
        ("203.0.113.9", "https", None, True),
    ],
)
def test_the_scheme_comes_from_a_trusted_proxy_only(
    peer: str, scheme: str, proto: str | None, *, https: bool
) -> None:
    assert client(peer, None, scheme=scheme, proto=proto).https is https


def test_no_proxy_is_trusted_unless_listed() -> None:
    assert client("127.0.0.1", "1.2.3.4", trusted="").address == "127.0.0.1"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/merge-patch+json",
    ],
)
def test_json_media_types_are_json(content_type: str) -> None:
    assert is_json(content_type)


@pytest.mark.parametrize(
    "content_type",
    [None, "", "json", "text/json", "text/plain", "application/xml", "application/x"],
)
def test_other_media_types_are_not_json(content_type: str | None) -> None:
    assert not is_json(content_type)


def test_cors_is_off_unless_origins_are_listed() -> None:
    assert cors_headers(settings(), "https://a.example", asked_headers=None) == {}


def test_a_request_without_an_origin_gets_no_cors_headers() -> None:
    listed = settings(cors={"origins": "https://a.example"})
    assert cors_headers(listed, None, asked_headers=None) == {}


@pytest.mark.parametrize(
    "origin", ["https://a.example.evil", "http://a.example:81", "null", ""]
)
@pytest.mark.parametrize("asked_headers", [None, "x-a"])
def test_another_origin_may_not_read_nor_ask(
    origin: str, asked_headers: str | None
) -> None:
    listed = settings(cors={"origins": "https://a.example, https://b.example"})
    headers = cors_headers(listed, origin, asked_headers=asked_headers)
    assert headers == {"Vary": "Origin"}


def test_the_wildcard_never_comes_with_credentials() -> None:
    wildcard = settings(cors={"origins": "*"})
    headers = cors_headers(wildcard, "https://a.example", asked_headers="x-a")
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in headers
