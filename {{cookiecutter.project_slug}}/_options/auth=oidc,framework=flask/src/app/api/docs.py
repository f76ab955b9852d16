"""The OpenAPI document and Swagger UI, with all assets served from here."""

from __future__ import annotations

from importlib import resources
from typing import Any

from flask import Blueprint, Response, current_app, request, send_file

from app import NAME
from app.api.dependencies import get_settings
from app.api.docs_page import CSP, page
from app.api.docs_script import SIGNED_IN_JS, init_js, policy, signed_in_page
from app.api.openapi import describe
from app.auth.provider_cache import Provider
from app.errors import NotFoundError

blueprint = Blueprint("docs", __name__)

_ASSETS = resources.files("flask_openapi3_swagger") / "templates" / "swagger"
_FILES = {
    "swagger-ui.css": ("css", "text/css"),
    "swagger-ui-bundle.js": ("js", "text/javascript"),
}
_CACHE_SECONDS = 86400


@blueprint.get("/openapi.json")
def get_document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    return describe(current_app)


@blueprint.get("/docs")
def get_page() -> Response:
    """Return the page; its CSP allows requests to the provider."""
    provider: Provider = current_app.extensions["identity_provider"]
    headers = {"Content-Security-Policy": policy(provider.origins())}
    return Response(page(NAME, request.script_root), headers=headers)


@blueprint.get("/docs/init.js")
def get_script() -> Response:
    """Return the script that starts the page."""
    return Response(init_js(get_settings()), mimetype="text/javascript")


@blueprint.get("/docs/signed-in")
def get_signed_in_page() -> Response:
    """Return the page that the provider redirects to after sign-in."""
    html = signed_in_page(request.script_root)
    return Response(html, headers={"Content-Security-Policy": CSP})


@blueprint.get("/docs/signed-in.js")
def get_signed_in_script() -> Response:
    """Return that page's script."""
    return Response(SIGNED_IN_JS, mimetype="text/javascript")


@blueprint.get("/docs/<name>")
def get_asset(name: str) -> Response:
    """Return a file of Swagger UI."""
    if name not in _FILES:
        raise NotFoundError
    folder, media_type = _FILES[name]
    path = str(_ASSETS / folder / name)
    return send_file(path, mimetype=media_type, max_age=_CACHE_SECONDS)
