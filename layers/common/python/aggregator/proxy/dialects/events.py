"""What an answer says, event by event, in its order: what every dialect is read into and written from.

A provider's dialect has a `Reader` (its `from_provider`), a client's a writer (its `to_client`), and neither knows of
the other. A plain answer is read as the stream that says the same at once, so that there is one reader, and it adds up
to what a stream does. Standard library only.
"""

from dataclasses import dataclass, field
from typing import Any

from aggregator.billing.price import Usage
from aggregator.errors import JsonObject
from aggregator.proxy.dialects.citations import Citation

NAMED, ALIVE, COUNTED, END = "named", "alive", "counted", "end"
THOUGHT, SEAL, TEXT, REFUSAL, CALL, ARGUMENTS = "thought", "seal", "text", "refusal", "call", "arguments"
CITED = "cited"

STOP, LENGTH, WINDOW, CALLS, FILTERED = "stop", "length", "window", "tool_calls", "content_filter"
"""Why an answer ended: it was said; at the cap; at the model's window; for its calls to be answered; at a filter."""


@dataclass(frozen=True, slots=True)
class Event:
    """One more piece of an answer, of its choice number `choice`.

    | kind               | says                                                                                        |
    |--------------------|---------------------------------------------------------------------------------------------|
    | named              | the answer's `id`, and as `name` the model's                                                |
    | alive              | that the provider is at work                                                                |
    | thought            | reasoning in words (`text`)                                                                 |
    | seal               | what ends a thought: the entry of `reasoning_details` that its provider wants back (`detail`) |
    | text, refusal      | words, with their `logprobs`; `apart` where they begin a block of their own                 |
    | cited              | that words before it were taken from somewhere: the `span` of `citation` counts the characters of all text that its choice has said |
    | call               | a call of the tool `name` under `id` begins, with all that is known of its arguments; `detail` are fields beside it in a chat completion, `custom` if it is no function |
    | arguments          | more of the arguments of the call that began last                                           |
    | counted            | the provider's count of all before it (`usage`)                                             |
    | end                | why the choice ended (`text`, a word from above; none if nobody said), at which text (`stopped_at`) |
    """  # noqa: E501 (a table)

    kind: str
    text: str = ""
    id: str = ""
    name: str = ""
    detail: JsonObject = field(default_factory=dict)
    logprobs: list[JsonObject] = field(default_factory=list)
    choice: int = 0
    stopped_at: str = ""
    custom: bool = False
    usage: Usage | None = None
    apart: bool = False
    citation: Citation | None = None

    @property
    def is_sealed(self) -> bool:
        """Whether there is something in a seal that its provider wants back, beside the words."""
        return bool(text_in(self.detail, "signature") or text_in(self.detail, "data"))


def counted(usage: Usage | None) -> list[Event]:
    """The event of a count, if there is one."""
    return [] if usage is None else [Event(COUNTED, usage=usage)]


def text_in(said: Any, name: str) -> str:
    """A text; empty where there is none."""
    value = said.get(name) if isinstance(said, dict) else None
    return value if isinstance(value, str) else ""


def objects_of(said: Any, name: str) -> list[JsonObject]:
    """The objects of a list; none where there is no list."""
    value = said.get(name) if isinstance(said, dict) else None
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
