"""One process of a function with its own Runtime API: what Lambda calls an execution environment."""

import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from local.process import clean_environment
from local.runtime_api import FunctionFailedError, Invocation, RuntimeApi

WRAPPER = Path(__file__).parent.parent / "layers/common/bin/stream-runtime"


@dataclass(frozen=True, kw_only=True)
class Function:
    """What to run: `handler` (`app.handler`) in the folder `task_root`.

    `environment` is all that the process sees beside what Lambda itself sets; PYTHONPATH in it is what the layers
    hold in the cloud. `wrapper` is called with `python` and the name of a bootstrap, as Lambda calls an
    AWS_LAMBDA_EXEC_WRAPPER. stdout and stderr are appended to `log`. `disconnect_propagates`: see `RuntimeApi`.
    """

    handler: str
    task_root: Path
    environment: Mapping[str, str]
    log: Path
    name: str = "function"
    python: str = sys.executable
    wrapper: Sequence[str] = (str(WRAPPER),)
    timeout_seconds: float = 900
    init_timeout_seconds: float = 60
    disconnect_propagates: bool = True

    def process_environment(self, runtime_api: str) -> dict[str, str]:
        """Environment of a process, with what Lambda sets."""
        return {
            **clean_environment(),
            **self.environment,
            "_HANDLER": self.handler,
            "LAMBDA_TASK_ROOT": str(self.task_root),
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        }


class State(Enum):
    """What a sandbox does; one that is `ANSWERED` asks for its next event in a moment."""

    STARTING = auto()
    IDLE = auto()
    BUSY = auto()
    ANSWERED = auto()
    ENDED = auto()


class Sandbox:
    """A process from its start to its end; `on_change` is called, on any thread, when its `state` changes."""

    def __init__(self, function: Function, on_change: Callable[["Sandbox"], None]) -> None:
        self.state = State.STARTING
        self._function = function
        self._on_change = on_change
        self._lock = threading.RLock()
        self._invocation: Invocation | None = None
        self._timer: threading.Timer | None = None
        self._api = RuntimeApi(
            timeout_seconds=function.timeout_seconds,
            on_next=self._asked_for_next,
            on_event=self._took_event,
            on_answered=self._answered,
            disconnect_propagates=function.disconnect_propagates,
        )
        self._watch(function.init_timeout_seconds)
        try:
            self._process = self._start_process()
        except OSError:
            self._unwatch()
            self._api.close()
            raise
        self.pid = self._process.pid
        self._waiter = threading.Thread(target=self._wait, daemon=True)
        self._waiter.start()

    def invoke(self, event: bytes) -> Invocation:
        """Hand over an event; the caller has seen to it that the sandbox is free."""
        with self._lock:
            invocation = self._invocation = Invocation(event)
            if self.state is State.ENDED:
                invocation.end(self._api.init_error or _exited(self._process.returncode))
            else:
                self._api.offer(invocation)
            return invocation

    def kill(self, reason: FunctionFailedError) -> None:
        """End the process; whoever waits for its answer is told `reason`."""
        with self._lock:
            if self._invocation is not None:
                self._invocation.end(reason)
        self._process.kill()

    def join(self) -> None:
        """Wait until process and threads are gone."""
        self._waiter.join()

    def _start_process(self) -> subprocess.Popen[bytes]:
        function = self._function
        with function.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - the command is the developer's own function
                [*function.wrapper, function.python, "bootstrap"],
                cwd=function.task_root,
                env=function.process_environment(self._api.address),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is the front door's to handle: it lets streams end first
            )

    def _asked_for_next(self) -> None:
        with self._lock:
            self._unwatch()
            if self._invocation is not None and self.state is not State.STARTING:
                self._invocation.end(FunctionFailedError("Runtime.NoResponse", "The function did not answer"))
            self._set(
                State.IDLE if self.state is not State.STARTING or self._invocation is None else State.BUSY
            )

    def _took_event(self) -> None:
        with self._lock:
            self._watch(self._function.timeout_seconds)

    def _answered(self) -> None:
        self._set(State.ANSWERED)

    def _watch(self, seconds: float) -> None:
        self._unwatch()
        late = FunctionFailedError("Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds")
        self._timer = threading.Timer(seconds, self.kill, (late,))
        self._timer.daemon = True
        self._timer.start()

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _wait(self) -> None:
        code = self._process.wait()
        with self._lock:
            self._unwatch()
            if self._invocation is not None:
                self._invocation.end(self._api.init_error or _exited(code))
            self._set(State.ENDED)
        self._api.close()

    def _set(self, state: State) -> None:
        with self._lock:
            if self.state is State.ENDED:
                return
            self.state = state
        self._on_change(self)


def _exited(code: int) -> FunctionFailedError:
    how = f"exit status {code}" if code >= 0 else f"signal {-code}"
    return FunctionFailedError("Runtime.ExitError", f"Runtime exited with error: {how}")
