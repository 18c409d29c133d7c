"""Build the functions and layers of template.yaml as `sam build` does, for the interpreter of this machine.

The same makefiles build the layers, told by AGGREGATOR_BUILD=local to take wheels for the local interpreter. What
is built is kept under the hash of its sources, so only what changed is built again.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.paths import BUILD, EMULATOR_PYTHON, ROOT
from local.setup import uv

JsonObject = dict[str, Any]

# Which property of a resource names the folder with its code.
_CODE_PROPERTY = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
_KEPT_BUILDS = 4


class BuildError(Exception):
    """A function or layer cannot be built; the message is the builder's."""


@dataclass(frozen=True)
class Built:
    """What the build made: by logical id, the folder of unpacked code; by key, the archive to upload.

    `template` is the SAM template with every local folder replaced by the place of its archive in S3.
    """

    template: JsonObject
    folders: Mapping[str, Path] = field(default_factory=dict)
    archives: Mapping[str, Path] = field(default_factory=dict)


def build(template: JsonObject, bucket: str, build_folder: Path = BUILD, root: Path = ROOT) -> Built:
    """Build all functions and layers of a SAM template, side by side.

    Raises:
        BuildError: one of them cannot be built.
    """
    build_folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(build_folder):
        return _build_all(template, bucket, build_folder, root)


@contextmanager
def _alone_in(build_folder: Path) -> Iterator[None]:
    """Wait until nobody else builds there: two who build the same take each other's folders away."""
    with (build_folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build_all(template: JsonObject, bucket: str, build_folder: Path, root: Path) -> Built:
    wanted = {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] in _CODE_PROPERTY
    }
    with ThreadPoolExecutor() as pool:
        building = {
            name: pool.submit(_build_one, name, resource, build_folder, root)
            for name, resource in wanted.items()
        }
    made = {name: done.result() for name, done in building.items()}
    resources = dict(template["Resources"])
    for name, (_, archive) in made.items():
        place = {_CODE_PROPERTY[resources[name]["Type"]]: {"Bucket": bucket, "Key": archive.name}}
        resources[name] = resources[name] | {"Properties": resources[name]["Properties"] | place}
    return Built(
        template | {"Resources": resources},
        {name: folder for name, (folder, _) in made.items()},
        {archive.name: archive for _, archive in made.values()},
    )


def _build_one(name: str, resource: JsonObject, build_folder: Path, root: Path) -> tuple[Path, Path]:
    source = root / resource["Properties"][_CODE_PROPERTY[resource["Type"]]]
    if not source.is_dir():
        raise BuildError(f"{name}: there is no folder {source}")
    by_makefile = resource.get("Metadata", {}).get("BuildMethod") == "makefile"
    recipe = _make(name, source, Path("/recipe"), "--dry-run") if by_makefile else ""
    fingerprint = _fingerprint(name, source, recipe)
    folder = build_folder / f"{name}-{fingerprint}"
    archive = build_folder / f"{name}-{fingerprint}.zip"
    if not archive.exists():
        _remove_old(build_folder, name)
        partial = build_folder / f"{folder.name}.{os.getpid()}"
        shutil.rmtree(partial, ignore_errors=True)
        if by_makefile:
            partial.mkdir(parents=True)
            _make(name, source, partial)
        else:
            shutil.copytree(source, partial, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
        _zip(folder, archive)
    return folder, archive


def _make(name: str, source: Path, target: Path, *options: str) -> str:
    done = subprocess.run(  # noqa: S603 (our own makefile)
        ["make", "--no-print-directory", *options, f"build-{name}"],  # noqa: S607 (whichever make is at hand)
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
        env=_outer_environment()
        | {
            "ARTIFACTS_DIR": str(target),
            "AGGREGATOR_BUILD": "local",
            "AGGREGATOR_PYTHON": str(EMULATOR_PYTHON),
            "UV": str(uv()),
        },
    )
    if done.returncode:
        raise BuildError(f"{name}: make failed\n{done.stdout}{done.stderr}")
    return done.stdout


def _outer_environment() -> dict[str, str]:
    """Our environment without what an outer make hands down."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}


def _fingerprint(name: str, source: Path, recipe: str) -> str:
    """Hash what goes into a build: the recipe, and the files in the folders that it names, or else in all."""
    digest = hashlib.sha256(f"{name}\0{sys.version}\0{recipe}".encode())
    folders = [path for path in sorted(source.iterdir()) if path.is_dir() and f" {path.name}/" in recipe]
    for path in (path for folder in folders or [source] for path in _files(folder)):
        digest.update(f"{path.relative_to(source)}\0{path.stat().st_mode}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _files(folder: Path) -> Iterator[Path]:
    """Files of a folder in a fixed order, without compiled ones and what an editable install leaves."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and ".egg-info" not in str(path):
            yield path


def _zip(folder: Path, archive: Path) -> None:
    """Pack a folder, uncompressed: the emulator unpacks it for every worker it starts."""
    partial = archive.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                packed.write(path, path.relative_to(folder))
    partial.replace(archive)


def _remove_old(build_folder: Path, name: str) -> None:
    """Forget all but the newest few builds of `name`; a stack that still runs holds one of those."""
    archives = sorted(build_folder.glob(f"{name}-*.zip"), key=lambda path: path.stat().st_mtime)
    for archive in archives[: -_KEPT_BUILDS + 1]:
        archive.unlink(missing_ok=True)
        shutil.rmtree(archive.with_suffix(""), ignore_errors=True)
