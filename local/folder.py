"""The folder of a run: it keeps its code, logs and addresses there, so two runs cannot share one."""

import fcntl
from io import FileIO
from pathlib import Path


class FolderTakenError(Exception):
    """Another run has its files in the folder."""


def take(folder: Path) -> FileIO:
    """Take a folder until what is returned is closed, or the process ends.

    Raises:
        FolderTakenError: another run has taken it.
    """
    lock = FileIO(folder / "lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as taken:
        lock.close()
        raise FolderTakenError(f"Another run has its files in {folder}") from taken
    return lock
