"""The OpenAPI document and Swagger UI, with all assets served from here."""

from __future__ import annotations

from importlib import resources
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from app import NAME
from app.api.docs_page import CSP, page
from app.api.docs_script import SIGNED_IN_JS, init_js, policy, signed_in_page
from app.auth.provider_cache import Provider
from app.errors import NotFoundError

router = APIRouter(include_in_schema=False)

_ASSETS = resources.files("fastapi_offline") / "static"
_FILES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
}
_CACHE = {"Cache-Control": "public, max-age=86400"}


@router.get("/openapi.json")
async def get_document(request: Request) -> dict[str, Any]:
    """Return the OpenAPI document."""
    document: dict[str, Any] = request.app.openapi()
    return document


@router.get("/docs", response_class=HTMLResponse)
async def get_page(request: Request) -> HTMLResponse:
    """Return the page; its CSP allows requests to the provider."""
    provider: Provider = request.app.state.identity_provider
    origins = await provider.origins()
    headers = {"Content-Security-Policy": policy(origins)}
    return HTMLResponse(page(NAME, request.scope["root_path"]), headers=headers)


@router.get("/docs/init.js")
async def get_script(request: Request) -> Response:
    """Return the script that starts the page."""
    script = init_js(request.app.state.settings)
    return Response(script, media_type="text/javascript")


@router.get("/docs/signed-in", response_class=HTMLResponse)
async def get_signed_in_page(request: Request) -> HTMLResponse:
    """Return the page that the provider redirects to after sign-in."""
    html = signed_in_page(request.scope["root_path"])
    return HTMLResponse(html, headers={"Content-Security-Policy": CSP})


@router.get("/docs/signed-in.js")
async def get_signed_in_script() -> Response:
    """Return that page's script."""
    return Response(SIGNED_IN_JS, media_type="text/javascript")


@router.get("/docs/{name}")
async def get_asset(name: str) -> FileResponse:
    """Return a file of Swagger UI."""
    if name not in _FILES:
        raise NotFoundError
    path = str(_ASSETS / name)
    return FileResponse(path, media_type=_FILES[name], headers=_CACHE)
