"""The scripts of the documentation page, which signs in with the identity provider.

Authorization code with PKCE (RFC 7636, RFC 9700 section 2.1.1): the browser gets the
token itself, without a client secret.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from app.api.docs_page import CSP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.core.settings import Settings

_INIT_JS = """\
const ui = SwaggerUIBundle({
  url: "ROOT_PATH/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
  oauth2RedirectUrl: `${location.origin}ROOT_PATH/docs/signed-in`,
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

_SIGNED_IN_PAGE = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Signed in</title>
    <link rel="icon" href="data:,">
  </head>
  <body>
    <p>You can close this window.</p>
    <script src="{root_path}/docs/signed-in.js"></script>
  </body>
</html>
"""


def signed_in_page(root_path: str) -> str:
    """Return the page that the provider redirects to after sign-in."""
    return _SIGNED_IN_PAGE.format(root_path=root_path)


def init_js(settings: Settings) -> str:
    """Return the script that starts the page."""
    auth = settings.auth
    client_id, scopes = map(json.dumps, (auth.client_id, auth.client_scopes))
    script = _INIT_JS.replace("ROOT_PATH", settings.root_path)
    return script.replace("CLIENT_ID", client_id).replace("CLIENT_SCOPES", scopes)


def policy(origins: Iterable[str]) -> str:
    """Return the CSP of the page, which allows requests to these origins."""
    ours = "connect-src 'self'"
    return CSP.replace(ours, " ".join((ours, *origins)))
