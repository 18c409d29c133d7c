"""Starts ministack so that its workers share the layers they have in common.

ministack unpacks every layer again for each worker: sixty megabytes of memory for each of some eighty functions, and a
tenth of a second. Here a layer is unpacked once, and a worker's folder links to it. Run as a script by the emulator's
interpreter: the standard library and ministack are all there is.
"""

import hashlib
import os
import shutil
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_LAYER = "layer_"
_alone = threading.Lock()


class SharedZip(zipfile.ZipFile):
    """An archive as ministack opens it. If it is a layer's, unpacking links to the one copy, and the archive goes."""

    def namelist(self) -> list[str]:
        """What is in it; nothing of a layer, for ministack would look at each of a thousand names every time."""
        return [] if self._is_layer() else super().namelist()

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        """Unpack into `path`, or link what is there already."""
        if not self._is_layer():
            super().extractall(path, members, pwd)
            return
        for entry in self._unpacked().iterdir():
            (Path(path) / entry.name).symlink_to(entry)
        Path(str(self.filename)).unlink()

    def _is_layer(self) -> bool:
        return Path(str(self.filename)).name.startswith(_LAYER)

    def _unpacked(self) -> Path:
        """The one copy of what this archive holds, made by whoever comes first."""
        said = "".join(f"{each.filename} {each.CRC}\n" for each in self.infolist())
        there = Path(tempfile.gettempdir()) / f"layer-{hashlib.sha256(said.encode()).hexdigest()[:16]}"
        with _alone:
            if not there.exists():
                partial = there.with_suffix(f".{os.getpid()}")
                shutil.rmtree(partial, ignore_errors=True)
                super().extractall(partial, super().namelist())
                partial.rename(there)
        return there


def main() -> None:
    """Start ministack."""
    from ministack.app import main as run  # type: ignore[import-not-found] # noqa: PLC0415 (there in its interpreter alone)
    from ministack.core import lambda_runtime  # type: ignore[import-not-found] # noqa: PLC0415

    lambda_runtime.zipfile = SimpleNamespace(**{**vars(lambda_runtime.zipfile), "ZipFile": SharedZip})
    run()


if __name__ == "__main__":
    main()
