"""Values that settings take and refuse."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from app.core.settings import load_settings
from app.core.settings.refusals import setting_names
from app.errors import ConfigurationError
from tests.databases import LASTING_URL, UNSAFE_URLS

SECRET = "correct-horse-battery-staple"

pytestmark = pytest.mark.usefixtures("scratch")


def refusal() -> str:
    with pytest.raises(ConfigurationError) as error:
        load_settings()
    return str(error.value)


@pytest.mark.parametrize(
    "value",
    [
        "10.0.0.0/8,192.0.2.1",
        " 10.0.0.0/8 , 192.0.2.1, ",
        '["10.0.0.0/8", "192.0.2.1"]',
    ],
)
def test_a_list_is_json_or_separated_by_commas(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", value)
    monkeypatch.setenv("CORS__ORIGINS", '["https://a.example"]')
    settings = load_settings()
    networks = tuple(map(ip_network, ("10.0.0.0/8", "192.0.2.1")))
    assert settings.trusted_proxies == networks
    assert settings.cors.origins == ("https://a.example",)


@pytest.mark.parametrize(
    ("value", "path"),
    [("", ""), ("/", ""), ("/shop", "/shop"), ("/shop/", "/shop"), ("/a/b", "/a/b")],
)
def test_a_root_path_ends_without_a_slash(
    value: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROOT_PATH", value)
    assert load_settings().root_path == path


@pytest.mark.parametrize(
    "value",
    [
        "shop",
        "//evil.example",
        "https://evil.example/shop",
        "/shop//",
        "/a//b",
        "/a/../b",
        "/shop?a",
        "/shop#a",
        "/a b",
        '/"><script>',
        "/shop\n",
    ],
)
def test_a_root_path_that_needs_escaping_is_refused(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROOT_PATH", value)
    assert 'ROOT_PATH must be a path such as "/shop"' in refusal()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "prod"),
        ("DATABASE__URL", f"oracle://app:{SECRET}@db/app"),
        ("DATABASE__POOL_SIZE", "0"),
        ("DATABASE__POOL_SIZE", SECRET),
        ("RATE_LIMIT__REQUESTS", SECRET),
        ("RATE_LIMIT__IPV6_PREFIX_LENGTH", "129"),
        ("DRAIN_SECONDS", "-1"),
        ("SHUTDOWN_SECONDS", "0"),
        ("TRUSTED_PROXIES", f'["{SECRET}"'),
    ],
)
def test_an_impossible_setting_is_named_and_its_value_not_repeated(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    message = refusal()
    assert name in message
    assert SECRET not in message


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DEBUG", "maybe", "must be true or false"),
        ("MAX_BODY_BYTES", "1 MiB", "must be a whole number"),
        ("MAX_BODY_BYTES", "1", "must be at least 1024"),
        ("DATABASE", "{", "must be an object"),
        ("DATABASE__URL", "?", "must be a database URL"),
        ("DATABASE__URL__HOST", "db", "must be text"),
        ("DATABASE__POOL_TIMEOUT", "?", "must be a number"),
        ("DATABASE__POOL_TIMEOUT", "0", "must be more than 0"),
        ("RATE_LIMIT__STORAGE_URL", "redis//cache", "must be memory:// or a URL"),
        ("RATE_LIMIT__STORAGE_URL", "redis://cache:a", "must be memory:// or a URL"),
        ("CORS__ORIGINS", "[", "must be a JSON array of texts, or values separated"),
        ("CORS__ORIGINS", "https://a.example, nope", "(item 2) must be * or an origin"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,?", "(item 2) must be a network such as"),
        ("TRUSTED_PROXIES", "[1]", "must be a JSON array of texts"),
    ],
)
def test_a_refusal_says_what_is_right(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    _, sentence = refusal().splitlines()
    assert sentence.startswith(f"{name.removesuffix('__HOST')} {words}")


def test_all_impossible_settings_are_named_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    groups = {name.partition("__")[0] for name in setting_names() if "__" in name}
    for name in setting_names():
        if name not in groups:
            monkeypatch.setenv(name, "?")
    _, *reasons = refusal().splitlines()
    for name in ("DEBUG", "SECRETS_DIRECTORY", "DATABASE__URL", "RATE_LIMIT__REQUESTS"):
        assert any(reason.startswith(f"{name} must be ") for reason in reasons)
    assert all("(item 1) must " in r or r.split()[1] == "must" for r in reasons)


@pytest.mark.parametrize(
    "origin",
    [
        "https://a.example",
        "http://localhost:3000",
        "http://[::1]:443",
        "HTTPS://A.example:8443",
        "capacitor://localhost",
        "*",
    ],
)
def test_an_origin_is_compared_as_browsers_send_it(
    origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORS__ORIGINS", origin)
    assert load_settings().cors.origins == (origin.lower(),)


@pytest.mark.parametrize(
    "origin",
    [
        "a.example",
        "null",
        "https://a.example/",
        "https://a.example/app",
        "https://a.example:443",
        "http://a.example:80",
        "https://user@a.example",
        "https://*.a b.example",
        "https://",
    ],
)
def test_an_origin_that_no_browser_sends_is_refused(
    origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORS__ORIGINS", origin)
    assert "CORS__ORIGINS (item 1) must be * or an origin such as" in refusal()


@pytest.mark.parametrize("environment", ["staging", "production"])
@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("DEBUG", "1", "DEBUG must be off"),
        ("CORS__ORIGINS", "*", "CORS__ORIGINS must list origins"),
        ("CORS__ORIGINS", "https://a.example,*", "CORS__ORIGINS must list origins"),
        *(("DATABASE__URL", url, "DATABASE__URL") for url in UNSAFE_URLS),
    ],
)
def test_staging_and_production_refuse_what_only_suits_development(
    environment: str,
    name: str,
    value: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(name, value)
    load_settings()
    monkeypatch.setenv("ENVIRONMENT", environment)
    assert reason in refusal()


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_staging_and_production_start_on_what_suits_them(
    environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVIRONMENT", environment)
    monkeypatch.setenv("DATABASE__URL", LASTING_URL)
    monkeypatch.setenv("CORS__ORIGINS", "https://a.example")
    assert load_settings().environment == environment


def test_settings_do_not_change() -> None:
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.debug = True
