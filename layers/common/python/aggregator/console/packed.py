"""The pages as they are packaged: one archive of files that are compressed already. `python -m local.console` makes it.

Files of the console lie under a name that changes with any of them, so that a browser may keep them for ever.
"""

import gzip
import zipfile
from functools import cache
from importlib import resources
from pathlib import PurePosixPath
from typing import NamedTuple

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


class Page(NamedTuple):
    """A file for a browser, compressed with gzip."""

    media_type: str
    compressed: bytes

    @property
    def plain(self) -> bytes:
        """What it says."""
        return gzip.decompress(self.compressed)


def page(name: str) -> Page | None:
    """A file of the archive, if there is one of this name."""
    compressed = _archive().get(name)
    return None if compressed is None else Page(media_type_of(name), compressed)


def media_type_of(name: str) -> str:
    """What a file is, by its ending; licences have none."""
    return MEDIA_TYPES.get(PurePosixPath(name).suffix, MEDIA_TYPES[".txt"])


@cache
def _archive() -> dict[str, bytes]:
    with (
        resources.files("aggregator.console").joinpath("pages.zip").open("rb") as file,
        zipfile.ZipFile(file) as archive,
    ):
        return {name: archive.read(name) for name in archive.namelist()}
