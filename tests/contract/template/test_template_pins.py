"""What is installed is pinned by hash, and tests run on what the layers ship."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.contract.template.stack import JsonObject

ROOT = Path(__file__).parents[3]
LAYERS = ("runtime", "dependencies")
ENVIRONMENTS = ("dev", "emulator", "sam", "uv")
FILES = [ROOT / "layers" / name / "requirements.txt" for name in LAYERS] + [
    ROOT / "requirements" / f"{name}.txt" for name in ENVIRONMENTS
]


def _pins(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", path.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_package_is_pinned_with_hashes(path: Path) -> None:
    blocks = re.split(r"\n(?=\S)", path.read_text(encoding="utf-8").strip())

    assert [
        block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block or "==" not in block
    ] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_says_where_packages_were_found(path: Path) -> None:
    assert re.findall(r"https?://|file://|--index|--find-links", path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("layer", LAYERS)
def test_tests_run_on_the_versions_that_a_layer_ships(layer: str) -> None:
    shipped = _pins(ROOT / "layers" / layer / "requirements.txt")
    tested = _pins(ROOT / "requirements" / "dev.txt")

    assert shipped == {name: tested[name] for name in shipped}


def test_the_stack_says_the_version_of_the_package(template: JsonObject) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert template["Parameters"]["Version"]["Default"] == project["version"]
