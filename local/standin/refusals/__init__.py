"""What the real providers refuse, and so the stand-in: a table with a source for each."""

from collections.abc import Mapping

from local.standin.ask import JsonObject
from local.standin.errors import BadRequest
from local.standin.refusals import addresses, compatible, converse, gemini, messages, openai
from local.standin.refusals.rules import Call, Rule

TABLE: tuple[Rule, ...] = (
    *openai.RULES,
    *compatible.RULES,
    *messages.RULES,
    *gemini.RULES,
    *converse.RULES,
    *addresses.RULES,
)


def refuse(dialect: str, model: str, path: str, headers: Mapping[str, str], body: JsonObject) -> None:
    """Refuse what the provider at `path` would not take.

    Raises:
        BadRequest: it would not; the first rule that is broken says why.
    """
    call = Call(dialect, path.split("/", 2)[1], model, headers, body)
    for rule in TABLE:
        try:
            rule.check(call)
        except (AttributeError, KeyError, TypeError) as misshapen:
            raise BadRequest(f"A field has a wrong type: {misshapen}") from misshapen
