"""The documentation page, which signs in with the identity provider.

Authorization code with PKCE (RFC 7636, RFC 9700 section 2.1.1): the browser gets the
token itself, without a client secret. The pages have no inline scripts, so their CSP
can be strict.
"""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.core.settings.auth import AuthSettings

_INIT_JS = """\
const ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
  oauth2RedirectUrl: `${location.origin}/docs/signed-in`,
});
ui.initOAuth({
  clientId: CLIENT_ID,
  scopes: CLIENT_SCOPES,
  usePkceWithAuthorizationCodeGrant: true,
});
"""

# Passes the code to the page that opened this one, which exchanges it for a token.
SIGNED_IN_JS = """\
const { opener } = window;
const answer = new URLSearchParams(location.search);
const asked = opener?.swaggerUIRedirectOauth2;
if (asked) {
  const { auth, redirectUrl } = asked;
  if (answer.get("state") === asked.state && answer.has("code")) {
    delete auth.state;
    auth.code = answer.get("code");
    asked.callback({ auth, redirectUrl });
  } else {
    const message = answer.get("error_description") ?? answer.get("error");
    asked.errCb({ authId: auth.name, source: "auth", level: "error", message });
  }
  window.close();
}
"""

_PAGE = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{title}</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="icon" href="data:,">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/init.js"></script>
  </body>
</html>
"""

SIGNED_IN_PAGE = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Signed in</title>
    <link rel="icon" href="data:,">
  </head>
  <body>
    <p>You can close this window.</p>
    <script src="/docs/signed-in.js"></script>
  </body>
</html>
"""


def page(title: str) -> str:
    """Return the page that shows the OpenAPI document."""
    return _PAGE.format(title=escape(title))


def init_js(settings: AuthSettings) -> str:
    """Return the script that starts the page."""
    client_id, scopes = map(json.dumps, (settings.client_id, settings.client_scopes))
    return _INIT_JS.replace("CLIENT_ID", client_id).replace("CLIENT_SCOPES", scopes)


def policy(origins: Iterable[str]) -> str:
    """Return the CSP of the pages, which allows requests to these origins."""
    return (
        "default-src 'none'; script-src 'self'; "
        f"connect-src {' '.join(("'self'", *origins))}; img-src 'self' data:; "
        "style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
