"""The pages of the stand-in, at which a person would pay or give a card: buttons that say what comes of it."""

import html
import json
from typing import Any

_PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Pay</title><body style="font:16px system-ui;max-width:30em;margin:3em auto;padding:0 1em"><h1>{amount} USD</h1>
<p>{what}</p><p>This stands in for Stripe's payment page: no money moves.</p>
<form method="post"><button name="do" value="pay">Pay</button>
<button name="do" value="cancel">Cancel</button>
<button name="do" value="expire">Let it expire</button></form>"""

_CARD_PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Card</title><body style="font:16px system-ui;max-width:30em;margin:3em auto;padding:0 1em"><h1>Keep a card</h1>
<p>{what}</p><p>This stands in for Stripe's page: no card is asked for, and no money moves.</p>
<form method="post"><p><label>Card <select name="card"><option value="4242">4242, which pays</option>
<option value="0341">0341, which is declined</option><option value="9995">9995, which has no money</option>
<option value="3184">3184, which wants its owner</option></select></label></p>
<button name="do" value="keep">Keep</button> <button name="do" value="cancel">Cancel</button></form>"""


def page_of(session: dict[str, Any]) -> str:
    """The page of a session."""
    if session["mode"] == "setup":
        return _CARD_PAGE.format(what=html.escape(session["words"]))
    what = html.escape(json.dumps(session["metadata"]))
    return _PAGE.format(amount=f"{session['amount_total'] / 100:.2f}", what=what)
