"""The browser of the tests: used where it is there, installed where we may, and nothing ever fails for it."""

import time
from pathlib import Path

import pytest

from local import chromium

APT = """#!/bin/sh
echo "$@" >> "{log}"
case "$*" in *{fails}*) echo "no network"; exit 100;; esac
case "$*" in *install*) cp /bin/true "{bin}/chromium-of-this-test";; esac
"""


class Machine:
    """A machine with apt-get, which notes what it is told; no browser."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.given_up = folder / "venv" / "browser.stamp"
        self.bin = folder / "bin"
        self.bin.mkdir()
        (folder / "os-release").write_text('NAME="Debian"\nID=debian\n')
        self.apt_fails_at("nothing")

    def apt_fails_at(self, what: str) -> None:
        apt = self.bin / "apt-get"
        apt.write_text(APT.format(log=self.folder / "log", bin=self.bin, fails=what))
        apt.chmod(0o755)

    def told(self) -> list[str]:
        log = self.folder / "log"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    monkeypatch.setenv("PATH", f"{made.bin}:/bin")
    monkeypatch.setattr(chromium, "NAMES", ("chromium-of-this-test",))
    monkeypatch.delenv(chromium.VARIABLE, raising=False)
    monkeypatch.setattr(chromium, "_OS_RELEASE", tmp_path / "os-release")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    return made


def test_what_is_there_is_used(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(chromium.VARIABLE, "/opt/chrome")

    chromium.ensure(machine.given_up)

    assert chromium.found() == "/opt/chrome"
    assert machine.told() == []


def test_root_on_debian_installs_it_once(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    chromium.ensure(machine.given_up)
    chromium.ensure(machine.given_up)

    assert chromium.found() == str(machine.bin / "chromium-of-this-test")
    assert [line.split()[-1] for line in machine.told()] == ["update", "chromium"]
    assert "Installing Debian's chromium with apt" in capsys.readouterr().out


@pytest.mark.parametrize("step", ["update", "install"])
def test_without_a_network_it_says_so_goes_on_and_asks_again_in_an_hour(
    step: str, machine: Machine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.apt_fails_at(step)
    chromium.ensure(machine.given_up)
    calls = len(machine.told())
    chromium.ensure(machine.given_up)

    assert len(machine.told()) == calls
    said = capsys.readouterr().out
    assert "no network" in said
    assert "apt install chromium" in said
    in_an_hour = time.time() + 3601
    monkeypatch.setattr("time.time", lambda: in_an_hour)
    chromium.ensure(machine.given_up)
    assert len(machine.told()) == 2 * calls


@pytest.mark.parametrize(
    ("user", "system"), [(1000, "ID=debian\n"), (0, "ID=fedora\n"), (0, "ID_LIKE=debian\n")]
)
def test_elsewhere_a_person_is_told_what_to_install(
    user: int,
    system: str,
    machine: Machine,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    (machine.folder / "os-release").write_text(system)

    chromium.ensure(machine.given_up)

    assert machine.told() == []
    assert (
        "will be skipped: no Chromium on this machine: install the package `chromium`"
        in capsys.readouterr().out
    )
