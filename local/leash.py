"""Run a command that never outlives its starter: `python leash.py SCRATCH COMMAND...`.

Standard input is the leash. When it closes, because the starter let go or died, even by SIGKILL, the command and
everything it started (its process group) are ended, and the folder SCRATCH is removed. Standard library only, and
quick to start.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading

PATIENCE_SECONDS = 2.0


def main(scratch: str, *command: str) -> int:
    """Run `command` until it ends or the leash closes; its exit status is ours."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, lambda *_: _end(child))
    threading.Thread(target=_hold, args=(child,), daemon=True).start()
    status = child.wait()
    _signal_group(child, signal.SIGKILL)
    shutil.rmtree(scratch, ignore_errors=True)
    return status if status >= 0 else 128 - status


def _hold(child: "subprocess.Popen[bytes]") -> None:
    while os.read(0, 1024):
        pass
    _end(child)


def _end(child: "subprocess.Popen[bytes]") -> None:
    _signal_group(child, signal.SIGTERM)
    last_word = threading.Timer(PATIENCE_SECONDS, _signal_group, (child, signal.SIGKILL))
    last_word.daemon = True
    last_word.start()


def _signal_group(child: "subprocess.Popen[bytes]", number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
