"""How JSON is read; base classes of query strings and of bodies; pages of lists."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, computed_field


def parse_json(body: bytes) -> object:
    """Parse a JSON body, which is UTF-8 (RFC 8259 section 8.1).

    From bytes, `json` would also read UTF-16, UTF-32 and encoded surrogates.

    Raises:
        ValueError: it is not UTF-8, or not JSON.
        RecursionError: it is nested too deeply.
    """
    return json.loads(body.decode("utf-8-sig"))


def _storable(value: str) -> str:
    """Reject text that databases cannot store: U+0000 and lone surrogates."""
    if "\x00" in value:
        raise ValueError("must not contain the NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("must not contain lone surrogates") from None
    return value


Text = Annotated[str, AfterValidator(_storable)]


class RequestBody(BaseModel):
    """A request body; unknown fields and other types of JSON are rejected.

    A type that JSON has as a string, such as `UUID`, needs `Field(strict=False)`.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, strict=True)


class RequestQuery(BaseModel):
    """The parameters of a query string; unknown ones are rejected, not ignored."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class ResponseBody(BaseModel):
    """A response body: the declared fields of a row, and no others."""

    model_config = ConfigDict(from_attributes=True)


class PageQuery(RequestQuery):
    """Page number and page size."""

    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    size: Annotated[int, Field(ge=1, le=500)] = 100

    @property
    def offset(self) -> int:
        """The number of rows before this page."""
        return (self.page - 1) * self.size


class Page[T](ResponseBody):
    """One page of a list, with the totals."""

    items: list[T]
    page: int
    size: int
    total: int

    @computed_field  # type: ignore[prop-decorator]  # mypy has no decorated properties
    @property
    def pages(self) -> int:
        """The number of pages."""
        return -(-self.total // self.size)
