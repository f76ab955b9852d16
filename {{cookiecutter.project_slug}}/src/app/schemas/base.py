"""What every body has in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def _without_nul(value: str) -> str:
    """Refuse U+0000, which PostgreSQL cannot store."""
    if "\x00" in value:
        message = "must not contain the NUL character"
        raise ValueError(message)
    return value


Text = Annotated[str, AfterValidator(_without_nul)]


class RequestBody(BaseModel):
    """What a client sends; a field that is not known is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class ResponseBody(BaseModel):
    """What a client gets: these fields of a row, and no others."""

    model_config = ConfigDict(from_attributes=True)
