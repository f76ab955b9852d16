"""Views whose input and output follow from their annotations.

    @blueprint.patch("/<item_id>")
    @operation()
    def update_item(item_id: UUID, data: ItemUpdate, caller: ItemWriter) -> ItemPublic:

`data` is the JSON body and `query` the query string, a `RequestQuery`. A parameter
annotated with `Given` gets the result of its function. All others are path parameters.
`app.api.openapi` describes the same annotations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import update_wrapper
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, get_type_hints
from urllib.parse import parse_qsl

from flask import Response, current_app, g, request
from pydantic import TypeAdapter, ValidationError

from app.api.dependencies import get_database
from app.core.headers import has_body, is_json
from app.errors import (
    BadRequestError,
    ContentTooLargeError,
    UnsupportedMediaTypeError,
)
from app.schemas.base import RequestQuery, parse_json

type Reason = Mapping[str, Any]

_NO_BODY = {"type": "missing", "loc": ("body",), "msg": "Field required"}


class InvalidRequestError(Exception):
    """The request does not match the annotations of the view."""

    def __init__(self, reasons: list[Reason]) -> None:
        self.reasons = reasons
        super().__init__("invalid request")


class Given:
    """An annotation: the parameter is the result of a function.

    It runs before validation, so unauthorized callers get no validation errors.
    """

    def __init__(self, function: Callable[[], object]) -> None:
        self.function = function

    def describe(self, operation: dict[str, Any], components: dict[str, Any]) -> None:
        """Extend the OpenAPI document; by default, do nothing."""


class Operation:
    """A view as Flask calls it: validates, runs in a transaction, and answers.

    Attributes:
        status: the status of its success.
        refusals: statuses of its failures that do not follow from its annotations.
        openapi_extra: what its description in the OpenAPI document has besides.
        given: the parameters that functions supply.
        inputs: the parameters that are read from the request.
        output: what it answers with; fields that are not declared never get out.
    """

    __name__: str

    def __init__(
        self,
        view: Callable[..., object],
        status: HTTPStatus,
        refusals: tuple[int, ...],
        openapi_extra: Mapping[str, Any],
    ) -> None:
        update_wrapper(self, view)
        hints = get_type_hints(view, include_extras=True)
        self._takes_query = "query" in hints
        if not self._takes_query:
            hints = {"query": RequestQuery, **hints}  # reject all parameters
        self._view = view
        self.status = status
        self.refusals = refusals
        self.openapi_extra = openapi_extra
        self.output: TypeAdapter[Any] = TypeAdapter(hints.pop("return"))
        self.given = {
            name: mark
            for name, hint in hints.items()
            for mark in getattr(hint, "__metadata__", ())
            if isinstance(mark, Given)
        }
        self.inputs: dict[str, TypeAdapter[Any]] = {
            name: TypeAdapter(hint)
            for name, hint in hints.items()
            if name not in self.given
        }

    def __call__(self, **path: str) -> Response:
        """Handle a request.

        Commit before the response is sent: a 2xx write is durable.
        """
        readonly = request.method in {"GET", "HEAD"}
        with get_database().transaction(readonly=readonly) as g.session:
            g.headers = {}
            given = {name: mark.function() for name, mark in self.given.items()}
            inputs = self._validated_inputs(path)
            if not self._takes_query:
                del inputs["query"]
            result = self._view(**given, **inputs)
            no_content = self.status is HTTPStatus.NO_CONTENT
            body = b"" if no_content else self.output.dump_json(result)
        return Response(body, self.status, g.headers, mimetype="application/json")

    def _validated_inputs(self, path: Mapping[str, str]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        reasons: list[Reason] = []
        for name, adapter in self.inputs.items():
            if name == "data" and "body" not in g:
                reasons.append(_NO_BODY)
                continue
            location, value = _received(name, path)
            try:
                values[name] = adapter.validate_python(value, from_attributes=True)
            except ValidationError as error:
                reasons += [
                    {**reason, "loc": (*location, *reason["loc"])}
                    for reason in error.errors(include_input=False, include_url=False)
                ]
        if reasons:
            raise InvalidRequestError(reasons)
        return values


def operation(
    status: HTTPStatus = HTTPStatus.OK,
    *,
    refusals: tuple[int, ...] = (),
    openapi_extra: Mapping[str, Any] = MappingProxyType({}),
) -> Callable[[Callable[..., object]], Operation]:
    """Turn an annotated view into an Operation, which Flask can call."""
    return lambda view: Operation(view, status, refusals, openapi_extra)


def _received(name: str, path: Mapping[str, str]) -> tuple[tuple[str, ...], Any]:
    """Return the location of a parameter, and its value as sent."""
    if name == "data":
        return ("body",), g.body
    if name == "query":
        query = request.query_string.decode("latin-1")
        return ("query",), dict(parse_qsl(query, keep_blank_values=True))
    return ("path", name), path[name]


def read_body() -> None:
    """Parse the JSON body, if the operation has one, before anything else.

    Raises:
        RequestTimeoutError: it did not arrive in time.
        ContentTooLargeError: it exceeds the size limit.
        UnsupportedMediaTypeError: it is not JSON.
        BadRequestError: it cannot be parsed, or is truncated.
    """
    sent = request.environ
    if not has_body(sent.get("CONTENT_LENGTH"), sent.get("HTTP_TRANSFER_ENCODING")):
        return
    if "app.body_error" in request.environ:
        raise request.environ["app.body_error"]
    length = request.content_length
    limit: int = current_app.config["MAX_CONTENT_LENGTH"]
    if length is not None and length > limit:
        raise ContentTooLargeError
    view = current_app.view_functions.get(request.endpoint or "")
    if not isinstance(view, Operation) or "data" not in view.inputs:
        return
    if not is_json(request.content_type):
        raise UnsupportedMediaTypeError
    # Without a length, read one more byte to detect a body that is too long.
    body = request.environ["wsgi.input"].read(limit + 1 if length is None else length)
    if len(body) > limit:
        raise ContentTooLargeError
    if length not in {None, len(body)}:
        raise BadRequestError
    del request.environ["app.headers"]["Connection"]
    if body:
        g.body = _parsed(body)


def _parsed(body: bytes) -> object:
    try:
        return parse_json(body)
    except (ValueError, RecursionError):
        raise BadRequestError from None
