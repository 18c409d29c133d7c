"""What a rule of the stand-in's refusals is: who refuses what, with which words, and who says so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local.standin.ask import JsonObject
from local.standin.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came. `provider` is the name in front of its path, empty where there is none."""

    dialect: str
    provider: str
    model: str
    headers: Mapping[str, str]
    body: JsonObject


Broken = Callable[[Call], tuple[str, str] | None]
"""The field that breaks a rule, and what is said of it; None of a request that keeps to it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One refusal. `sources`: pages of the provider's documentation, or public reports of its users.

    `providers` names those who refuse; without names it is whoever speaks one of the `dialects`.
    """

    name: str
    broken: Broken
    sources: tuple[str, ...]
    dialects: tuple[str, ...]
    providers: tuple[str, ...] = ()
    status: int = 400

    def check(self, call: Call) -> None:
        """Refuse a call that breaks the rule.

        Raises:
            BadRequest: it does; the field is its `param`.
        """
        if call.dialect not in self.dialects or (self.providers and call.provider not in self.providers):
            return
        if (found := self.broken(call)) is not None:
            raise BadRequest(found[1], param=found[0] or None, status=self.status)
