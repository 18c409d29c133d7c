"""A conversation: turns of ordered blocks, which requests are read into and written from. Standard library only.

Every dialect of a client is read into it, and every dialect of a provider written from it, so that none has to know
another. A block keeps the JSON and the dialect that it came from (`came`), so that it goes back unchanged to where it
came from; two blocks are the same if they say the same, wherever that stood.

The system's turns stand where they were said: those before anybody else are the system prompt, later ones stay in their
place. What answers a call is a `Result` in a user's turn.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from aggregator.errors import JsonObject

Role = Literal["system", "developer", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Came:
    """Where a block came from: a dialect, its JSON there (empty if it was a bare string), and its place in the request.

    `place` is its path as the client wrote it, for refusals to name (`messages.2.content.0`), and `within` the field of
    it that has its content (`source`).
    """

    dialect: str = ""
    said: JsonObject = field(default_factory=dict)
    place: str = ""
    within: str = ""

    @property
    def content(self) -> str:
        """Path of what the block holds."""
        return f"{self.place}.{self.within}" if self.within else self.place


NOWHERE = Came()


@dataclass(frozen=True, slots=True)
class Block:
    """What all blocks have. `mark` keeps the prompt up to here in a cache: `{"type": "ephemeral", "ttl": ...}`."""

    mark: JsonObject | None = field(default=None, kw_only=True)
    came: Came = field(default=NOWHERE, kw_only=True, compare=False)


@dataclass(frozen=True, slots=True)
class Text(Block):
    """Words."""

    text: str


@dataclass(frozen=True, slots=True)
class Refusal(Block):
    """The words with which the model refused to answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking(Block):
    """What the model thought, as far as it is told.

    `seal` is what its provider wants back unchanged (its `format` tells whose it is; form: OpenRouter API reference,
    "Reasoning tokens"); None for a thought that nobody sealed. Gemini's seals belong to a call, by its `id`, or to the
    words beside them.
    """

    text: str
    seal: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Call(Block):
    """A call of a tool. `arguments` is what the model wrote: JSON, or any text where the tool is a custom one."""

    id: str
    name: str
    arguments: str
    custom: bool = False


@dataclass(frozen=True, slots=True)
class Image(Block):
    """A picture, by its address or as a data URI. `detail` is the resolution that was asked for."""

    url: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class File(Block):
    """A document as a data URI."""

    data: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Result(Block):
    """What a call came to. `name` is the tool's, where the client repeats it."""

    call_id: str
    content: tuple[Text | Image | File, ...]
    is_error: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side says until another does. `mark` is that of the whole, so of its last block."""

    role: Role
    blocks: tuple[Block, ...]
    mark: JsonObject | None = field(default=None, kw_only=True)

    @property
    def is_system(self) -> bool:
        """Whether it is said for the system, be it in the developer's name."""
        return self.role in ("system", "developer")


Turns = tuple[Turn, ...]


def spoken(turn: Turn) -> tuple[Block, ...]:
    """The blocks of a turn that say something, for no provider takes empty words; its mark is on the last."""
    blocks = tuple(block for block in turn.blocks if not isinstance(block, Text) or block.text.strip())
    if turn.mark is None or not blocks:
        return blocks
    return (*blocks[:-1], replace(blocks[-1], mark=turn.mark))


def said_in(result: Result) -> tuple[Block, ...]:
    """What a call came to, without empty words."""
    return spoken(Turn("user", result.content))


def apart(turns: Turns) -> tuple[tuple[Block, ...], Turns]:
    """The system prompt, and the conversation after it."""
    begins = next((n for n, turn in enumerate(turns) if not turn.is_system), len(turns))
    return tuple(block for turn in turns[:begins] for block in spoken(turn)), turns[begins:]


def in_two_roles(turns: Iterable[Turn]) -> Iterator[Turn]:
    """Turns of user and assistant that take turns, for providers that take no others, nor two of one role in a row.

    What the system says in mid-conversation is said by the user, where it stands. Results come first where they
    answer the turn before.
    """
    role: Role = "user"
    said: list[Block] = []
    answers = False
    for turn in turns:
        speaker: Role = "assistant" if turn.role == "assistant" else "user"
        if speaker != role and said:
            yield Turn(role, results_first(said) if answers else tuple(said))
            said, answers = [], role == "assistant"
        role = speaker
        said += spoken(turn)
    if said:
        yield Turn(role, results_first(said) if answers else tuple(said))


def results_first(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The same blocks, for whoever wants calls answered before anything else is said."""
    return tuple(sorted(blocks, key=lambda block: not isinstance(block, Result)))
