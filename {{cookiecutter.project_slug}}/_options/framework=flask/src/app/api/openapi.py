"""The OpenAPI document, generated from the annotations of operations."""

from __future__ import annotations

from http import HTTPStatus
from inspect import getdoc
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from app import DESCRIPTION, NAME, VERSION
from app.api.dependencies import get_settings
from app.api.operations import Operation
from app.api.problems import with_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from pydantic.json_schema import JsonSchemaMode

type Schemas = dict[tuple[Operation, JsonSchemaMode], dict[str, Any]]

_REF = "#/components/schemas/{model}"


def describe(app: Flask) -> dict[str, Any]:
    """Return the document for all operations of the application."""
    with app.app_context():  # in which `get_settings` finds them
        document: dict[str, Any] = _without_nulls(_document(app))
        return with_problems(document)


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 -- any JSON
    """Return a value without keys that hold null: such a default says nothing."""
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if each is not None}
        return {key: _without_nulls(each) for key, each in kept.items()}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return value


def _document(app: Flask) -> dict[str, Any]:
    functions = app.view_functions.values()
    views = [view for view in functions if isinstance(view, Operation)]
    schemas, definitions = TypeAdapter.json_schemas(
        [body for view in views for body in _bodies(view)], ref_template=_REF
    )
    components: dict[str, Any] = {"schemas": definitions.get("$defs", {})}
    paths: dict[str, dict[str, Any]] = {}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if isinstance(view, Operation):
            path = documented_path(rule.rule)
            (method,) = (rule.methods or set()) - {"HEAD"}
            paths.setdefault(path, {})[method.lower()] = {
                "operationId": view.__name__,
                "tags": rule.endpoint.split(".")[-2:-1],
                **_operation(view, schemas, components),
            }
    root_path = get_settings().root_path
    servers = {"servers": [{"url": root_path}]} if root_path else {}
    return {
        "openapi": "3.1.0",
        "info": {"title": NAME, "description": DESCRIPTION, "version": VERSION},
        **servers,
        "paths": paths,
        "components": components,
    }


def documented_path(rule: str) -> str:
    """Return the path of a route in OpenAPI syntax: `/items/{item_id}`."""
    return rule.replace("<", "{").replace(">", "}")


def _bodies(
    view: Operation,
) -> Iterator[tuple[Operation, JsonSchemaMode, TypeAdapter[Any]]]:
    """Yield the JSON bodies of a view, for one combined schema."""
    if "data" in view.inputs:
        yield view, "validation", view.inputs["data"]
    if view.status is not HTTPStatus.NO_CONTENT:
        yield view, "serialization", view.output


def _operation(
    view: Operation, schemas: Schemas, components: dict[str, Any]
) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Successful Response"}
    if (view, "serialization") in schemas:
        success["content"] = _json_content(schemas[view, "serialization"])
    described: dict[str, Any] = {
        "summary": _title(view.__name__),
        "description": getdoc(view),
        "responses": {
            str(view.status.value): success,
            **{str(status): {} for status in view.refusals},
        },
    }
    if parameters := list(_parameters(view, components)):
        described["parameters"] = parameters
    if (view, "validation") in schemas:
        content = _json_content(schemas[view, "validation"])
        described["requestBody"] = {"required": True, "content": content}
    for given in view.given.values():
        given.describe(described, components)
    return {**described, **view.openapi_extra}


def _parameters(
    view: Operation, components: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    for name, adapter in view.inputs.items():
        if name == "data":
            continue
        schema = adapter.json_schema(ref_template=_REF)
        components["schemas"].update(schema.pop("$defs", {}))
        if name == "query":
            for field, field_schema in schema["properties"].items():
                yield {
                    "in": "query",
                    "name": field,
                    "required": field in schema.get("required", ()),
                    "schema": field_schema,
                }
        else:
            yield {
                "in": "path",
                "name": name,
                "required": True,
                "schema": {**schema, "title": _title(name)},
            }


def _json_content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _title(name: str) -> str:
    return name.replace("_", " ").title()
