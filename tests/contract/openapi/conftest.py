import json
from typing import Any

import pytest

from local.openapi import DOCUMENT

JsonObject = dict[str, Any]


@pytest.fixture(scope="session")
def document() -> JsonObject:
    """The packaged document."""
    loaded: JsonObject = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    return loaded
