"""What stands around an earlier commit's functions; `python -P stage.py FOLDER [PROVIDER_URL]`, by that commit's code.

Everything imported here is that commit's. FOLDER has the bodies to ask, in bodies.json; the environment and the
events go to stage.json there, and AWS stays until this is ended.
"""

import json
import sys
import threading
from pathlib import Path
from typing import Any

from bench import world
from bench.events import authorizer_event, chat_event


def main(folder: Path, provider_url: str) -> None:
    """Start, tell, and never come back."""
    if provider_url:
        _lead_to(provider_url)
    bodies = json.loads((folder / "bodies.json").read_text(encoding="utf-8"))
    with world.World(folder / "world", provider_over_tls=not provider_url) as stage:
        told = {
            "environment": stage.environment(tls=not provider_url),
            "chats": {kind: chat_event(body).decode() for kind, body in bodies.items()},
            "authorizer": authorizer_event(stage.key.text).decode(),
        }
        partial = folder / "stage.partial"
        partial.write_text(json.dumps(told), encoding="utf-8")
        partial.rename(folder / "stage.json")
        threading.Event().wait()


def _lead_to(url: str) -> None:
    """Every provider of the catalogue is at `url`; some commits know no other than their own mock."""
    own = world.catalogue

    def catalogue(provider_url: str, models: int | None = None) -> dict[str, Any]:  # noqa: ARG001 (its own mock)
        return own(url, models)

    world.catalogue = catalogue


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
