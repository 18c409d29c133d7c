"""Pack the pages for people into one archive: `python -m local.console`. A test holds the two in step."""

import gzip
import hashlib
import io
import zipfile
from pathlib import Path

import aggregator.console
from local.paths import ROOT

PACKAGE = Path(aggregator.console.__path__[0])
PAGES = PACKAGE / "pages"
ARCHIVE = PACKAGE / "pages.zip"

AT_THE_ROOT = {"console.html", "docs.html", "favicon.svg", "first.html", "llms.txt"}
"""Files with a name of their own; all others lie in a folder that is named after what they all say."""
_BEGAN = (1980, 1, 1, 0, 0, 0)


def generate(pages: Path = PAGES) -> bytes:
    """The archive, byte for byte the same for the same pages."""
    files = {
        str(path.relative_to(pages).as_posix()): path.read_bytes()
        for path in sorted(pages.rglob("*"))
        if path.is_file()
    }
    version = version_of(files)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, said in files.items():
            packed = name if name in AT_THE_ROOT else f"console/{version}/{name}"
            filled = said.replace(b"{{files}}", version.encode())
            archive.writestr(zipfile.ZipInfo(packed, _BEGAN), gzip.compress(filled, 9, mtime=0))
    return buffer.getvalue()


def version_of(files: dict[str, bytes]) -> str:
    """A name for these files, which changes with any of them."""
    digest = hashlib.sha256()
    for name, said in files.items():
        digest.update(f"{name}\0{len(said)}\0".encode() + said)
    return digest.hexdigest()[:12]


def main() -> None:
    """Write the archive."""
    made = generate()
    ARCHIVE.write_bytes(made)
    print(f"{ARCHIVE.relative_to(ROOT)}: written, {len(made):,} bytes")


if __name__ == "__main__":
    main()
