"""`python -m local.issuer --port N`: an issuer of ID tokens for the embedded run, until Ctrl-C.

It is `oidc-provider-mock`: whoever is at its page signs in as anybody, with one button. Two things are added: it holds
browsers to PKCE, as real issuers do, and its pages ask no other host for their looks, so that they are there offline.
"""

import argparse
import hashlib
import hmac
import os
import sys
import warnings
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

CLIENT_ID = "console"
CLIENT_SECRET = "any-will-do"  # noqa: S105 (of an issuer that asks nobody who they are)
DOMAIN = "example.com"
AUTHORIZE = "/oauth2/authorize"
TOKEN = "/oauth2/token"  # noqa: S105 (a path)

PEOPLE = {
    "demo": {"email": f"demo@{DOMAIN}", "email_verified": True, "name": "Demo"},
    "operator": {"email": f"operator@{DOMAIN}", "email_verified": True, "name": "Operator"},
    "stranger": {"email": f"stranger@{DOMAIN}", "email_verified": True, "name": "Stranger"},
}
"""Who can sign in with one button; the first two are invited."""


def app() -> Any:
    """The issuer as a Flask application."""
    warnings.simplefilter("ignore")  # what its library says of its own future
    import oidc_provider_mock as mock  # type: ignore[import-untyped]  # noqa: PLC0415 (a second to import)

    issuer = mock.app(user_claims=[mock.User(sub=sub, claims=claims) for sub, claims in PEOPLE.items()])
    issuer.debug = False
    _hold_to_pkce(issuer)
    return issuer


def _hold_to_pkce(issuer: Any) -> None:
    from flask import request  # noqa: PLC0415 (as above)

    challenges: dict[str, str] = {}

    @issuer.before_request
    def require() -> Any:
        if request.path == AUTHORIZE:
            if request.args.get("code_challenge_method") != "S256" or not request.args.get("code_challenge"):
                return "PKCE with S256 is required.", 400
        elif request.path == TOKEN:
            challenge = challenges.pop(request.form.get("code", ""), "")
            if not hmac.compare_digest(challenge, s256(request.form.get("code_verifier", ""))):
                return {"error": "invalid_grant"}, 400
        return None

    @issuer.after_request
    def remember(response: Any) -> Any:
        codes = parse_qs(urlsplit(response.headers.get("Location", "")).query).get("code", [])
        if request.path == AUTHORIZE and codes:
            challenges[codes[0]] = request.args["code_challenge"]
        if response.mimetype == "text/html":
            response.set_data(_without_links(response.get_data(as_text=True)))
        return response


def s256(verifier: str) -> str:
    """The challenge that a verifier answers (RFC 7636, section 4.2)."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _without_links(page: str) -> str:
    """A page without the style sheet of another host; people's addresses are wide enough without."""
    begin = page.find("<link")
    return page if begin < 0 else page[:begin] + page[page.index(">", begin) + 1 :]


def main() -> int:
    """Serve until stopped; 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m local.issuer", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    port = parser.parse_args().port
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback has no certificate
    from werkzeug.serving import make_server  # noqa: PLC0415 (as above)

    try:
        server = make_server("127.0.0.1", port, app(), threaded=True)
    except (OSError, SystemExit) as error:
        print(f"the issuer cannot listen on 127.0.0.1:{port}: {error}", file=sys.stderr)
        return 1
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
