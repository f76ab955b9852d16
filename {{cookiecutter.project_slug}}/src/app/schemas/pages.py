"""Pagination."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, computed_field

from app.schemas.base import ResponseBody


class PageQuery(BaseModel):
    """Page number and page size."""

    model_config = ConfigDict(hide_input_in_errors=True)

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
