"""The operations of the API, as its OpenAPI document describes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from httpx2 import Response

from tests.client import Client


@dataclass(frozen=True)
class Operation:
    """A method of a path, and its description."""

    method: str
    path: str
    description: dict[str, Any]

    @property
    def says_who_may_call(self) -> bool:
        """Whether its route names those who may call it, or `OPEN`."""
        return "security" in self.description

    @property
    def schemes(self) -> list[str]:
        """The ways to say who is calling; there are none if it is open."""
        return [name for way in self.description.get("security", ()) for name in way]

    @property
    def scopes(self) -> list[str]:
        """The scopes that it needs, whatever the way."""
        ways = self.description.get("security", ())
        needed = [scope for way in ways for scopes in way.values() for scope in scopes]
        return sorted(set(needed))

    async def call(self, client: Client, **options: Any) -> Response:  # noqa: ANN401
        """Call it, for something that does not exist."""
        path = re.sub(r"\{\w+\}", str(UUID(int=0)), self.path)
        return await client.request(self.method.upper(), path, **options)


async def operations(client: Client, below: str = "/") -> list[Operation]:
    """Return the operations below a path."""
    response = await client.get("/openapi.json")
    return [
        Operation(method, path, description)
        for path, methods in response.json()["paths"].items()
        for method, description in methods.items()
        if path.startswith(below)
    ]


async def scopes_of(client: Client, below: str) -> dict[tuple[str, str], list[str]]:
    """Return the scopes that operations below a path need; none of them is open."""
    found = await operations(client, below)
    assert all(operation.schemes for operation in found)
    return {(each.method, each.path): each.scopes for each in found}
