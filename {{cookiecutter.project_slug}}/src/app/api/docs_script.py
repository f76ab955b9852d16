"""The script that starts the documentation page."""

from __future__ import annotations

_INIT_JS = """\
SwaggerUIBundle({
  url: "ROOT_PATH/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
});
"""


def init_js(root_path: str) -> str:
    """Return the script that starts the page."""
    return _INIT_JS.replace("ROOT_PATH", root_path)
