"""OPTIONS of every path that takes a key: may this page call it; no key needed, for browsers send none here."""

import os

from aggregator.runtime.aws import JsonObject
from aggregator.runtime.cors import VARIABLE, preflight


def handler(event: JsonObject, _: object) -> JsonObject:
    return preflight(event, os.environ[VARIABLE])
