"""The form of keys: ours are recognised, nothing else is."""

from __future__ import annotations

import re
import zlib

import pytest

from app.auth.api_keys import Key, make_key, parse_key
from app.models.api_key import ApiKey

# What README.md tells secret scanners.
DOCUMENTED = re.compile(r"app_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}")

KEY = Key("a" * 8, "B" * 43)
TEXT = KEY.text

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

NO_KEYS = {
    "empty": "",
    "a blank": " ",
    "the prefix": "app_",
    "no prefix": TEXT.removeprefix("app_"),
    "another prefix": TEXT.replace("app_", "api_"),
    "the prefix in capitals": TEXT.replace("app_", "APP_"),
    "no id": f"app_{TEXT[13:]}",
    "a short id": TEXT.replace("aaaaaaaa", "aaaaaaa"),
    "a long id": TEXT.replace("aaaaaaaa", "aaaaaaaaa"),
    "another id": TEXT.replace("aaaaaaaa", "aaaaaaab"),
    "an id of other characters": TEXT.replace("aaaaaaaa", "aaaaaaa-"),
    "no secret": "app_aaaaaaaa_",
    "a secret one shorter": TEXT[:-1],
    "a secret one longer": f"{TEXT}0",
    "another secret": TEXT.replace("BBBB", "BBBC", 1),
    "half of it": TEXT[:31],
    "no checksum": TEXT[:-6],
    "another checksum": f"{TEXT[:-6]}000000",
    "a checksum one off": TEXT[:-1] + ("0" if TEXT[-1] != "0" else "1"),
    "a checksum that overflows": f"{TEXT[:-6]}zzzzzz",
    "in capitals": TEXT.upper(),
    "in small letters": TEXT.lower(),
    "backwards": TEXT[::-1],
    "twice": TEXT * 2,
    "two with a blank": f"{TEXT} {TEXT}",
    "a blank before": f" {TEXT}",
    "a blank after": f"{TEXT} ",
    "a line break after": f"{TEXT}\n",
    "NUL after": f"{TEXT}\x00",
    "in quotes": f'"{TEXT}"',
    "with a scheme": f"APIKey {TEXT}",
    "as a bearer token": f"Bearer {TEXT}",
    "digits of another script": TEXT.replace("BBBB", "٣٣٣٣", 1),
    "letters of another script": TEXT.replace("aaaaaaaa", "\u0430" * 8),
    "letters in full width": TEXT.replace("BBBB", "\uff22" * 4, 1),
    "an emoji": f"app_🔑🔑🔑🔑🔑🔑🔑🔑_{'B' * 49}",
    "half an emoji": "app_\ud83d",
    "SQL": "app_' OR 1=1_--",
    "what lists show": f"{KEY.prefix}_...{KEY.last4}",
    "the prefix and an underscore": f"{KEY.prefix}_",
    "the secret alone": KEY.secret,
    "the id alone": KEY.id,
    "the checksum of another key": TEXT[:-6] + make_key().text[-6:],
    "two with a semicolon": f"{TEXT};{TEXT}",
    "a tab inside": TEXT.replace("_", "\t", 1),
    "in angle brackets": f"<{TEXT}>",
    "with a name": f"key={TEXT}",
    "per cent encoded": TEXT.replace("_", "%5F"),
    "JSON": f'["{TEXT}"]',
    "a wildcard": f"{KEY.prefix}_%",
    "a word": "nonsense",
    "null": "null",
    "a token without a signature": "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
    "a file": "../../../../etc/passwd",
    "the hash of the secret": KEY.secret_hash,
    "a UUID": "0198f3c2-7b4e-7c3a-9d2e-1f0a5b6c7d8e",
    "50 kB": "a" * 50_000,
    "50 kB in the form of a key": f"app_aaaaaaaa_{'B' * 50_000}",
}


@pytest.mark.parametrize("text", NO_KEYS.values(), ids=NO_KEYS)
def test_what_is_no_key_is_refused(text: str) -> None:
    assert parse_key(text) is None


def test_what_the_forgeries_start_from_is_a_key() -> None:
    assert parse_key(TEXT) == KEY


def test_a_made_key_can_be_read_and_looks_as_documented() -> None:
    for _ in range(100):
        key = make_key()
        assert DOCUMENTED.fullmatch(key.text)
        assert parse_key(key.text) == key


def test_each_key_has_an_id_and_a_secret_of_its_own() -> None:
    keys = [make_key() for _ in range(1000)]
    assert len({key.id for key in keys}) == 1000
    assert len({key.secret for key in keys}) == 1000


def test_the_secret_has_256_bits() -> None:
    secret = make_key().secret
    assert len(DIGITS) ** len(secret) > 2**256
    used = {character for _ in range(100) for character in make_key().secret}
    assert used == set(DIGITS)


def test_the_checksum_is_a_crc_32_of_what_precedes_it() -> None:
    unchecked, checksum = TEXT[:-6], TEXT[-6:]
    number = sum(
        DIGITS.index(digit) * 62**place for place, digit in enumerate(checksum[::-1])
    )
    assert number == zlib.crc32(unchecked.encode())


def test_what_is_shown_is_the_beginning_and_the_end() -> None:
    key = make_key()
    assert key.text.endswith(key.last4)
    assert len(key.last4) == 4
    assert key.prefix == key.text[:12] == ApiKey(key_id=key.id).prefix
