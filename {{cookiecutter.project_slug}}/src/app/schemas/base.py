"""Base classes of request and response bodies."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def _storable(value: str) -> str:
    """Reject text that databases cannot store: U+0000 and lone surrogates."""
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
    """A request body; unknown fields are rejected, not ignored."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class ResponseBody(BaseModel):
    """A response body: the declared fields of a row, and no others."""

    model_config = ConfigDict(from_attributes=True)
