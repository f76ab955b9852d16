"""What keys look like, and what of them is kept."""

from __future__ import annotations

import hashlib
import re

import pytest

from app.auth.api_keys import Key, make_key, parse_key

# What README.md tells secret scanners.
DOCUMENTED = re.compile(r"app_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}")

KEY = Key("a" * 8, "B" * 43)


def test_a_key_looks_as_documented_and_can_be_read() -> None:
    key = make_key()
    assert DOCUMENTED.fullmatch(key.text)
    assert parse_key(key.text) == key


@pytest.mark.parametrize(
    "text", ["", KEY.secret, KEY.text[:-1], f"{KEY.text}0", f"{KEY.text[:-6]}000000"]
)
def test_what_is_no_key_is_told_by_its_form(text: str) -> None:
    assert parse_key(text) is None


def test_what_is_kept_and_shown_is_not_the_secret() -> None:
    assert KEY.secret_hash == hashlib.sha256(KEY.secret.encode()).hexdigest()
    assert KEY.secret not in f"{KEY!r} {KEY.prefix} {KEY.last4}"
