"""The documentation page. It has no inline scripts, so its CSP can be strict."""

from __future__ import annotations

from html import escape

CSP = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

_PAGE = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{title}</title>
    <link rel="stylesheet" href="{root_path}/docs/swagger-ui.css">
    <link rel="icon" href="data:,">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="{root_path}/docs/swagger-ui-bundle.js"></script>
    <script src="{root_path}/docs/init.js"></script>
  </body>
</html>
"""


def page(title: str, root_path: str) -> str:
    """Return the page that shows the OpenAPI document."""
    return _PAGE.format(title=escape(title), root_path=root_path)
