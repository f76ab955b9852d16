"""Scopes in request bodies."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from app.scopes import Scope, all_scopes


def _declared(value: Scope) -> Scope:
    if value not in all_scopes():
        raise ValueError(f"must be one of {', '.join(all_scopes())}")
    return value


KnownScope = Annotated[
    Scope,
    AfterValidator(_declared),
    WithJsonSchema({"type": "string", "enum": all_scopes()}),
]
Scopes = Annotated[list[KnownScope], Field(max_length=len(all_scopes()))]
