"""Ports for programs that have to be told theirs before they start."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

_PORTS = range(20_000, 32_000)  # below those that the system gives away by itself


def free_port() -> int:
    """Return a TCP port on 127.0.0.1 that nobody holds, and that as long as we live no other run gets from here."""
    locks = Path(tempfile.gettempdir()) / f"aggregator-ports-{os.getuid()}"
    locks.mkdir(exist_ok=True)
    while True:
        port = random.choice(_PORTS)  # noqa: S311 (no secret)
        taken = os.open(locks / str(port), os.O_CREAT | os.O_RDWR)
        try:
            fcntl.flock(taken, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            os.close(taken)
        else:
            return port  # the lock is ours until we end
