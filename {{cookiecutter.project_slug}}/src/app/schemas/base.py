"""What every body has in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def _storable(value: str) -> str:
    """Refuse what databases cannot store: U+0000 and lone surrogates."""
    if "\x00" in value:
        message = "must not contain the NUL character"
        raise ValueError(message)
    try:
        value.encode()
    except UnicodeEncodeError:
        message = "must not contain lone surrogates"
        raise ValueError(message) from None
    return value


Text = Annotated[str, AfterValidator(_storable)]


class RequestBody(BaseModel):
    """What a client sends; a field that is not known is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class ResponseBody(BaseModel):
    """What a client gets: these fields of a row, and no others."""

    model_config = ConfigDict(from_attributes=True)
