"""Which worlds are explored, and the broken variants of the protocol with the scene in which each is found out."""

from dataclasses import replace

from tests.model.calls import COUNT_THAT_STAYS
from tests.model.world import COSTS, DEBIT, HOLDS, MEMBER, SCENE, Scene

DEBITED = Scene(holds=(2, 3), costs=(1, 3), debit=DEBIT, crashes=0)
SLOW = Scene(holds=(2, 1, 1), costs=(1, 1, 1), credit=6, debit=5, slow=True, crashes=0, deliveries=1)
RETURNING = Scene(holds=(2, 3), costs=(1, 0), returns=True)
RETURNING_LATE = Scene(
    holds=(3, 4, 2), costs=(0, 1, 1), credit=6, returns=True, slow=True, crashes=0, deliveries=1
)
SUSPENDING = Scene(holds=(2, 3), costs=(1, 4), suspends=(1, 2, 3), crashes=0, deliveries=1)
SCENES = {
    "requests and workers": Scene(crashes=0),
    "crashes": Scene(holds=HOLDS[:2], costs=COSTS[:2], crashes=2),
    "slow clocks": Scene(holds=(2, 3), costs=(1, 4), slow=True),
    "a debit": DEBITED,
    "a debit and slow clocks": replace(SLOW, holds=(2, 1), costs=(1, 2), deliveries=2),
    "a user who is suspended": replace(SUSPENDING, returns=True),
    "a member who is suspended": replace(SUSPENDING, returns=True, member=MEMBER),
    "returns": RETURNING,
    "returns and slow clocks": replace(RETURNING, slow=True, crashes=0),
    "returns of three": Scene(costs=(1, 0, 2), returns=True, crashes=0, deliveries=1),
}
"""What is explored whole."""

ALL_OF_IT = {
    "all of it": SCENE,
    **SCENES,
    "returns and a debit": replace(RETURNING, debit=DEBIT),
    "late returns": RETURNING_LATE,
    "late returns beside a large hold": replace(RETURNING_LATE, holds=(3, 4, 5)),
}
"""The same, and what takes minutes."""

LATE_USAGE_THAT_SWEEPS = "late usage that sweeps"
DOUBT_COUNTS_AS_DONE = "doubt that counts as done"
ONE_TRY = "one try of a return"
EVENT_SAYS_WHAT_IS_HELD = "an event that says what is still held"
RULES = frozenset(
    {LATE_USAGE_THAT_SWEEPS, DOUBT_COUNTS_AS_DONE, ONE_TRY, EVENT_SAYS_WHAT_IS_HELD, COUNT_THAT_STAYS}
)
"""What is left out beside clauses of conditions."""

# Each clause of each write, and the scene in which its lack is found. `swept` is what all writes that sweep ask.
BROKEN = {
    "reserve: available": SCENE,
    "swept: amount as seen": SLOW,
    "swept: count as seen": SLOW,
    "settle: amount": Scene(slow=True, crashes=0),
    "settle: count": Scene(holds=(2, 3, 5), costs=(1, 3, 2), slow=True, crashes=0),
    "settle: available": Scene(slow=True, crashes=0),
    "entry: new": SCENE,
    "debit: available": DEBITED,
    "reserve: state": SUSPENDING,
    "reserve: member": replace(SUSPENDING, member=MEMBER),
    "suspend: order": SUSPENDING,
    LATE_USAGE_THAT_SWEEPS: Scene(slow=True, crashes=0),
    "return: amount": RETURNING_LATE,
    "return: count": replace(RETURNING_LATE, holds=(3, 4, 5)),
    DOUBT_COUNTS_AS_DONE: RETURNING,
    ONE_TRY: RETURNING,
    EVENT_SAYS_WHAT_IS_HELD: RETURNING,
    COUNT_THAT_STAYS: RETURNING,
}
