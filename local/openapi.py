"""Write the OpenAPI document from the code: `python -m local.openapi`; `--check` fails where the two differ."""

import argparse
import importlib.util
import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import aggregator.openapi
from aggregator.openapi.document import Source, document_of

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = Path(aggregator.openapi.__path__[0]) / "openapi.json"


def generate() -> str:
    """Generate the document of all functions under functions/, as it is packaged."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    document = document_of(_sources(), version)
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _sources() -> Iterator[Source]:
    """Every function that serves routes through Powertools' resolver."""
    for path in sorted((ROOT / "functions").glob("*/*/app.py")):
        if "app = api()" in path.read_text(encoding="utf-8"):
            module = load_function(path)
            yield Source(path.parts[-3], module.__doc__ or "", module.app)


def load_function(path: Path) -> ModuleType:
    """Import the module of a function; all of them are called app."""
    spec = importlib.util.spec_from_file_location(f"openapi_of_{path.parts[-3]}_{path.parts[-2]}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot import {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """Write or check; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local.openapi", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if the document is not the code's"
    )
    options = parser.parse_args()
    generated = generate()
    before = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    if options.check:
        if generated != before:
            print(
                f"{DOCUMENT.name} is not what the code says: run `python -m local.openapi`", file=sys.stderr
            )
            return 1
        return 0
    DOCUMENT.write_text(generated, encoding="utf-8")
    print(f"{DOCUMENT.relative_to(ROOT)}: {'unchanged' if generated == before else 'written'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
