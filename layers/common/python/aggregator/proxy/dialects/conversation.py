"""A conversation: turns of ordered blocks, which requests are read into and written from. Standard library only.

Every dialect of a client is read into it, and every dialect of a provider written from it, so that none has to know
another. A block keeps the JSON and the dialect that it came from (`came`), so that it goes back unchanged to where it
came from; two blocks are the same if they say the same, wherever that stood.

The system's turns stand where they were said: those before anybody else are the system prompt, later ones stay in their
place. What answers a call is a `Result` in a user's turn.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from aggregator.errors import JsonObject
from aggregator.proxy.dialects.citations import Citation, pieces

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
    """Words, and where they were taken from."""

    text: str
    citations: tuple[Citation, ...] = field(default=(), kw_only=True)


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
    """A document, by its address or as a data URI."""

    data: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Citable(Block):
    """A document, or what a search of the client's found, that an answer may cite; `cites` if it is asked to.

    `content` is the one file or text of a document, or the pieces by which citations count. `source` and `title` name
    it, `context` says more of it.
    """

    kind: Literal["document", "search_result"]
    content: tuple[Text | Image | File, ...]
    title: str = ""
    source: str = ""
    context: str = ""
    in_pieces: bool = False
    cites: bool = True


@dataclass(frozen=True, slots=True)
class Result(Block):
    """What a call came to. `name` is the tool's, where the client repeats it."""

    call_id: str
    content: tuple[Text | Image | File | Citable, ...]
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


def in_words(block: Block) -> tuple[Block, ...]:
    """What can be cited, as a plain file or words after what is said about it; any other block is itself."""
    if not isinstance(block, Citable):
        return (block,)
    named = isinstance(block.content[0], File)  # by its title
    about = [each for each in ("" if named else block.title, block.source, block.context) if each]
    first = (Text("\n\n".join(about), came=block.came),) if about else ()
    return (*first, *block.content[:-1], *(replace(each, mark=block.mark) for each in block.content[-1:]))


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


def add_said(said: list[JsonObject], role: str, name: str, parts: list[JsonObject]) -> None:
    """Add what a role says, in the field `name`: to its own if what stood between said nothing."""
    if parts and said and said[-1]["role"] == role:
        said[-1][name] += parts
    elif parts:
        said.append({"role": role, name: parts})


def results_first(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The same blocks, for whoever wants calls answered before anything else is said."""
    return tuple(sorted(blocks, key=lambda block: not isinstance(block, Result)))


def by_source(
    text: Text, as_taken: Callable[[Citation], JsonObject | None]
) -> Iterator[tuple[Text, list[JsonObject]]]:
    """The words cut where their sources change, each piece with its own, for whoever cites whole blocks.

    `as_taken` is a source as a provider takes it back, None if it does not. The mark is on the last piece.
    """
    taken = [each for each in text.citations if as_taken(each) is not None]
    cut = list(pieces(text.text, taken))
    for n, (words, citations) in enumerate(cut, 1):
        piece = replace(text, text=words, citations=citations, mark=text.mark if n == len(cut) else None)
        yield piece, [said for each in citations if (said := as_taken(each)) is not None]
