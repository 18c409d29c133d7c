"""What is done to the calls of one action, by the names that the table has for it."""

from collections.abc import Callable

from tests.faults.fault_proxy import Fault, FaultProxy

Inject = Callable[[FaultProxy, str], None]


def _nothing(_proxy: FaultProxy, _action: str) -> None:
    """For comparison."""


def _refused(proxy: FaultProxy, _action: str) -> None:
    proxy.refuse()


def _doing(fault: Fault, times: int | None) -> Inject:
    def inject(proxy: FaultProxy, action: str) -> None:
        proxy.on(action, fault, times=times)

    return inject


UNDISTURBED = "nothing is wrong"
REFUSED = "connections are refused"
LOST_FOR_EVER = "done, and no answer comes, for ever"
DONE_AND_500 = "done, and 500, once"

INJECTIONS: dict[str, Inject] = {
    UNDISTURBED: _nothing,
    REFUSED: _refused,
    "reset before it goes on, once": _doing(Fault.RESET, 1),
    "reset before it goes on, for ever": _doing(Fault.RESET, None),
    "done, and no answer comes, once": _doing(Fault.LOST, 1),
    LOST_FOR_EVER: _doing(Fault.LOST, None),
    "throttled, once": _doing(Fault.THROTTLED, 1),
    "throttled, for ever": _doing(Fault.THROTTLED, None),
    "500, once": _doing(Fault.FAILED, 1),
    "500, for ever": _doing(Fault.FAILED, None),
    DONE_AND_500: _doing(Fault.FAILED_AFTER, 1),
}

READS = frozenset({"GetItem", "BatchGetItem", "GetSecretValue"})


def injections_for(action: str) -> dict[str, Inject]:
    """Those that make a difference: a read that was done is as good as one that was not."""
    return {
        name: inject for name, inject in INJECTIONS.items() if name != DONE_AND_500 or action not in READS
    }
