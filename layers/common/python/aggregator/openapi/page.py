"""The document as a page: Swagger UI as Powertools ships it, all of it inside, so that nothing else is loaded."""

import base64
import hashlib
from functools import cache
from importlib import resources

_STARTER = """\
window.ui = SwaggerUIBundle({
  dom_id: "#swagger-ui",
  spec: JSON.parse(document.getElementById("document").textContent),
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  filter: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
"""

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>AI Aggregator Platform: API</title>
<link rel="icon" href="data:,">
<style>{css}</style>
</head>
<body>
<div id="swagger-ui">This page needs JavaScript. The document itself is at openapi.json.</div>
<script type="application/json" id="document">{document}</script>
<script>{bundle}</script>
<script>{starter}</script>
</body>
</html>
"""


def page_of(document: str) -> str:
    """The page for a document in JSON."""
    css, bundle = _swagger_ui()
    return _PAGE.format(css=css, bundle=bundle, starter=_STARTER, document=_inert(document))


@cache
def security_policy() -> str:
    """Content-Security-Policy of the page: its own scripts and no other, calls to its own server and no other.

    Swagger UI sets styles from its script; that is why styles may be inline.
    """
    _, bundle = _swagger_ui()
    scripts = " ".join(f"'{_hash(script)}'" for script in (bundle, _STARTER))
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@cache
def _swagger_ui() -> tuple[str, str]:
    """Style sheet and script."""
    folder = resources.files("aws_lambda_powertools.event_handler.openapi.swagger_ui")
    css = folder.joinpath("swagger-ui.min.css").read_text(encoding="utf-8")
    return css, folder.joinpath("swagger-ui-bundle.min.js").read_text(encoding="utf-8")


def _inert(json_text: str) -> str:
    """JSON that cannot end the script element it stands in."""
    return json_text.replace("<", "\\u003c")


def _hash(script: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"
