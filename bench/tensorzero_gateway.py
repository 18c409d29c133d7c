"""TensorZero's embedded gateway, on a port of its own until it is ended; `python tensorzero_gateway.py CONFIG ADDRESS`.

The package starts its HTTP gateway for whoever patches an OpenAI client; all that it does to the client is to set
`base_url`, which goes into the file ADDRESS. Run by the interpreter that the package is installed for.
"""

import sys
import threading
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace


def main(config: str, address: Path) -> None:
    """Serve, and never come back."""
    tensorzero = import_module("tensorzero")  # in its own environment alone
    client = tensorzero.patch_openai_client(SimpleNamespace(), config_file=config, async_setup=False)
    partial = address.with_suffix(".partial")
    partial.write_text(client.base_url, encoding="utf-8")
    partial.rename(address)
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
