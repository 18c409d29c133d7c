"""Workers of the emulator share what their layers hold."""

import tempfile
import zipfile
from pathlib import Path

import pytest

from local.shared_layers import SharedZip


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def archive(path: Path, said: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("python/words.py", said)
    return path


def unpack(path: Path) -> Path:
    into = path.with_suffix("")
    into.mkdir()
    with SharedZip(path) as opened:
        opened.extractall(into)
    return into


def test_two_workers_have_one_copy_of_a_layer_and_no_archive(tmp_path: Path) -> None:
    first = unpack(archive(tmp_path / "one" / "layer_0.zip", "A = 1"))
    second = unpack(archive(tmp_path / "two" / "layer_1.zip", "A = 1"))

    assert (first / "python" / "words.py").read_text() == "A = 1"
    assert (first / "python").resolve() == (second / "python").resolve()
    assert not first.with_suffix(".zip").exists()


def test_another_layer_has_a_copy_of_its_own(tmp_path: Path) -> None:
    unpack(archive(tmp_path / "one" / "layer_0.zip", "A = 1"))
    other = unpack(archive(tmp_path / "two" / "layer_0.zip", "A = 2"))

    assert (other / "python" / "words.py").read_text() == "A = 2"


def test_a_functions_own_code_is_unpacked_as_ever(tmp_path: Path) -> None:
    code = unpack(archive(tmp_path / "one" / "code.zip", "A = 1"))

    assert not (code / "python").is_symlink()
    assert code.with_suffix(".zip").exists()
