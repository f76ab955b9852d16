"""API keys: `app_<id>_<secret><checksum>`.

The id identifies the key, the secret authenticates it, and the checksum lets secret
scanners and the service reject strings that only look like keys. All parts are digits
and letters.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field
from typing import Final

from app.errors import AppError
from app.models.api_key import KEY_PREFIX

# RFC 9110 section 11.1; no scheme is registered for API keys.
SCHEME: Final = "APIKey"

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ID_LENGTH = 8
_SECRET_LENGTH = 43  # of 62 characters: 256 bits
_CHECKSUM_LENGTH = 6  # of 62 characters: more than the 32 bits of a CRC

_BEGINNING = re.compile(r"\b" + KEY_PREFIX + r"(?P<id>[0-9A-Za-z]{8})(?![0-9A-Za-z])")
_KEY = re.compile(
    KEY_PREFIX + r"(?P<id>[0-9A-Za-z]{8})_(?P<secret>[0-9A-Za-z]{43})[0-9A-Za-z]{6}"
)


class ApiKeyOverError(AppError):
    """A key that is over, or has a successor already, cannot be rotated."""

    status = 409
    code = "api_key_over"
    default_detail = "This key is revoked, expired or rotated already."


@dataclass(frozen=True, slots=True)
class Key:
    """A well-formed key; the database decides whether it exists."""

    id: str
    secret: str = field(repr=False)

    @property
    def prefix(self) -> str:
        """The part of the key that may be shown."""
        return f"{KEY_PREFIX}{self.id}"

    @property
    def text(self) -> str:
        """The key as its holder sends it."""
        unchecked = f"{self.prefix}_{self.secret}"
        return unchecked + _checksum(unchecked)

    @property
    def last4(self) -> str:
        """The last four characters, for recognition: a part of the checksum."""
        return self.text[-4:]

    @property
    def secret_hash(self) -> str:
        """The stored hash of the secret; 256 random bits need no slow hash."""
        return hashlib.sha256(self.secret.encode()).hexdigest()


def make_key() -> Key:
    """Return a new key."""
    return Key(_random(_ID_LENGTH), _random(_SECRET_LENGTH))


def parse_key(text: str) -> Key | None:
    """Return the key in a text, or None if it is malformed."""
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    key = Key(match["id"], match["secret"])
    return key if key.text == text else None


def key_id_of(text: str) -> str | None:
    """Return the id of a key in a text; logs and lists cut keys short."""
    match = _BEGINNING.search(text)
    return None if match is None else match["id"]


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _checksum(text: str) -> str:
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
