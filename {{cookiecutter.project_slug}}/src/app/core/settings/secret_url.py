"""URLs that hold a secret."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from pydantic import Secret

_MASK: Final = "**********"
# From the first colon behind the scheme to the last @, since a password that was not
# percent-encoded may hold every character.
_PASSWORD: Final = re.compile(r"(?<=://)([^:/]*):.+@", re.DOTALL)


class SecretUrl(Secret[str]):
    """A URL that is shown with what is secret in it masked."""

    def _display(self) -> str:
        url = _PASSWORD.sub(rf"\1:{_MASK}@", self.get_secret_value(), count=1)
        address, mark, query = url.partition("?")
        return address + mark + "&".join(map(_masked, query.split("&")))


def _masked(parameter: str) -> str:
    """Mask a parameter such as `sslpassword`."""
    name, equals, value = parameter.partition("=")
    if value and "password" in unquote(name).lower():
        return name + equals + _MASK
    return parameter
