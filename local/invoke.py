"""Invoke one function on this machine: `python -m local.invoke <domain>/<function> [event.json]`.

Without an event, the sample of the function is sent: events/<kind>/<domain>_<function>.json, or
events/<kind>/<function>.json where only one domain has a function of that name.

The function's environment is taken from `.local/env.json`, which a running `make run` writes:
`{"AuthCreateApiKeyFunction": {"AUTH_TABLE": "..."}, ...}`, the form that `sam local invoke --env-vars` takes too
(`"Parameters"` holds for all functions). The answer is printed as JSON; what the function logs goes to stderr. Exit
status 1: the function failed. 2: there is nothing to invoke.
"""

import json
import sys
from pathlib import Path
from typing import Any

from local.emulator import ACCESS
from local.function_emulator import Declared, EmulatedFunction, NotFoundError, declared, failed
from local.paths import ROOT, local_dir
from local.process import StartError


def sample_of(name: str, events: Path = ROOT / "events") -> Path:
    """Find the sample event of the function `<domain>/<verb_noun>`.

    Raises:
        NotFoundError: there is none.
    """
    domain, _, verb_noun = name.partition("/")
    for stem in (f"{domain}_{verb_noun}", verb_noun):
        for found in sorted(events.glob(f"*/{stem}.json")):
            return found
    raise NotFoundError(f"no sample event {verb_noun}.json under {events}; name one")


def environment_of(function: Declared, file: Path) -> dict[str, str]:
    """Environment of `function` out of an env file, values as text.

    Raises:
        NotFoundError: there is no such file, so no stack is running.
    """
    if not file.exists():
        raise NotFoundError(f"{file} is not there: start the stack with `make run` first")
    said: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    own = said.get("Parameters", {}) | said.get(function.logical_id, {})
    return {name: str(value) for name, value in own.items()}


def main(arguments: list[str]) -> int:
    """Invoke what `arguments` name; return the exit status."""
    if not 1 <= len(arguments) <= 2:
        print(__doc__, file=sys.stderr)
        return 2
    log = local_dir() / "logs" / "invoke.log"
    try:
        function = declared(arguments[0])
        event_file = Path(arguments[1]) if arguments[1:] else sample_of(function.name)
        event = json.loads(event_file.read_text(encoding="utf-8"))
        environment = ACCESS | environment_of(function, local_dir() / "env.json")
        with EmulatedFunction(function, environment, log) as running:
            answer = running.invoke(event)
    except (NotFoundError, StartError, OSError, ValueError) as missing:
        print(missing, file=sys.stderr)
        return 2
    print(log.read_text(encoding="utf-8", errors="replace"), file=sys.stderr)
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    return 1 if failed(answer) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
