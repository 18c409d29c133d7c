"""Functions as Lambda runs them: built code, compiled, in a process of its own under the true runtime client."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Self

from bench import environments
from bench.process import cpu_ms, memory_mb, peak_mb
from bench.runtime_api import RuntimeApi, Taken
from local.package import Built, build
from local.paths import BUILD, ROOT, TEMPLATE
from local.process import clean_environment
from local.template import load

SOURCES = ("sources",)
"""As they lie in the repository, on the development interpreter: for counts, which need no build."""
HOT = ("common", "runtime")
COLD = ("common", "runtime", "dependencies")
_LAYERS = {"common": "CommonLayer", "runtime": "RuntimeLayer", "dependencies": "DependenciesLayer"}

PYTHON = str(environments.LAMBDA / "bin" / "python")


class Function(NamedTuple):
    """Code to run: `folder` holds app.py. `streams`: started by our runtime, through the exec wrapper.

    `root` has the sources of its layers: this repository, or an earlier commit of it. `under` is what runs the
    interpreter, where something does.
    """

    name: str
    folder: Path
    layers: tuple[str, ...] = COLD
    streams: bool = False
    packages: Path | None = None
    root: Path = ROOT
    environment: Mapping[str, str] = MappingProxyType({})
    under: tuple[str, ...] = ()


def ours(name: str, *, layers: tuple[str, ...] = COLD, streams: bool = False, root: Path = ROOT) -> Function:
    """A function of the platform, by its folder (`proxy/create_chat_completion`)."""
    return Function(name, root / "functions" / name, layers, streams, root=root)


CHAT = ours("proxy/create_chat_completion", layers=HOT, streams=True)
MESSAGES = ours("proxy/create_message", layers=HOT, streams=True)
AUTHORIZER = ours("auth/authorizer", layers=HOT)
EMPTY = Function("an empty handler", ROOT / "bench" / "empty", ("runtime",))
FLOOR = Function("the floor", ROOT / "bench" / "floor", HOT)
USUAL = Function("the usual style", ROOT / "bench" / "usual_style", ("runtime",), packages=environments.USUAL)


def counted(function: Function) -> Function:
    """The same, with the Python functions that a request enters counted: see `counted/app.py`."""
    return function._replace(
        folder=ROOT / "bench" / "counted", environment={"BENCH_COUNTED": str(function.folder)}
    )


class Usage(NamedTuple):
    """What a process used up to its end: CPU in milliseconds, and its largest resident memory."""

    cpu_ms: float
    peak_mb: float


class FunctionProcess:
    """One execution environment. Use it as a context; `invoke` once it is there."""

    def __init__(self, function: Function, environment: Mapping[str, str], log: Path) -> None:
        self._api = RuntimeApi()
        self._ready_seconds = 600.0 if function.under else 60.0
        self.used: Usage | None = None
        python = sys.executable if function.layers == SOURCES else PYTHON
        layers = [layer(each, function.root) for each in function.layers]
        paths = [str(each / "python") for each in layers]
        if function.packages:
            paths.append(str(function.packages))
        command = [*function.under, python, "-m", "awslambdaric", "app.handler"]
        if function.streams:
            command = [str(layers[0] / "bin" / "stream-runtime"), *function.under, python, "bootstrap"]
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 (our own functions)
                command,
                cwd=function.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={
                    **clean_environment(),
                    **environment,
                    **function.environment,
                    "PYTHONPATH": ":".join(paths),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "_HANDLER": "app.handler",
                    "LAMBDA_TASK_ROOT": str(function.folder),
                    "AWS_LAMBDA_RUNTIME_API": self._api.address,
                    "AWS_LAMBDA_FUNCTION_NAME": "bench",
                    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
                    "AWS_LAMBDA_LOG_FORMAT": "JSON",
                },
            )
        self._start = time.perf_counter()

    def __enter__(self) -> Self:
        try:
            self._api.wait_until_ready(lambda: self._process.poll() is None, self._ready_seconds)
        except BaseException:
            self.close()
            raise
        self.init_ms = (time.perf_counter() - self._start) * 1000
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def invoke(self, event: bytes) -> Taken:
        """Hand over one event and wait for its answer."""
        return self._api.invoke(event)

    def cpu_ms(self) -> float:
        """CPU so far."""
        return cpu_ms(self._process.pid)

    def memory_mb(self) -> float:
        """Resident memory now."""
        return memory_mb(self._process.pid)

    def leave(self) -> None:
        """Let the process end by itself, as it does when the Runtime API has gone; what it used is not known then."""
        self._api.close()
        self._process.wait(timeout=120)
        self.used = Usage(0.0, 0.0)

    def close(self) -> None:
        """End the process; `used` is what it used, from its first instruction on."""
        if self.used is None:
            peak = peak_mb(self._process.pid)
            os.kill(self._process.pid, signal.SIGKILL)
            _, _, usage = os.wait4(self._process.pid, 0)
            self._process.returncode = -signal.SIGKILL
            self.used = Usage((usage.ru_utime + usage.ru_stime) * 1000, peak)
            self._api.close()


@cache
def layer(name: str, root: Path = ROOT) -> Path:
    """A layer as it was built."""
    if name == "sources":
        return root / "layers" / "common"
    return _built(root).folders[_LAYERS[name]]


@cache
def _built(root: Path) -> Built:
    template = load(root / TEMPLATE.name)
    resources = {name: template["Resources"][name] for name in _LAYERS.values()}
    return build(
        template | {"Resources": resources}, "bench", BUILD if root == ROOT else root / ".build", root
    )
