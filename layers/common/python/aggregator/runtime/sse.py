"""Server-sent events as chat streams use them: cut into whole events, read one, write one.

Source: WHATWG HTML, "Server-sent events", 9.2.6 (lines end in LF, CRLF or CR; a blank line ends an event).
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from aggregator.errors import ProviderUnreadable
from aggregator.runtime.passable_json import MOST_LEVELS, compact, is_too_deep, read_bytes

_IS_EVENT = re.compile(rb"\s*(?::|(?:data|event|id|retry)[:\n])")
_IS_ERROR = re.compile(rb"^event:[ ]?error$", re.MULTILINE)
DONE = b"data: [DONE]\n\n"
_PADDING = b'"obfuscation":"'
_RAW = re.compile(rb"[ !#-\[\]-\xff]*+")
"""What may stand in a text of JSON as it is. Possessive: texts may be long."""

MOST_ALIKE = 8
"""How many events of a stream are looked at for what others may be like: some providers' are all different."""

_MOST_UNFINISHED = 16 * 1024 * 1024


def whole_events(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Runs of whole events, each ending in a blank line, as soon as they are whole; line ends become LF.

    A rest without a blank line at the end of the stream is given as it is: some servers leave the last one out.

    Raises:
        ProviderUnreadable: an event does not end within 16 MB.
    """
    rest = b""
    for block in blocks:
        if not rest and block.endswith(b"\n\n") and b"\r" not in block:  # as nearly all are
            yield block
            continue
        data = rest + block
        if b"\r" in data:
            data, kept = (data[:-1], b"\r") if data.endswith(b"\r") else (data, b"")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        else:
            kept = b""
        end = data.rfind(b"\n\n") + 2
        if end > 1:
            yield data[:end]
            data = data[end:]
        rest = data + kept
        if len(rest) > _MOST_UNFINISHED:
            raise ProviderUnreadable("The provider sent an event without an end.")
    if rest.strip():
        yield rest.rstrip(b"\r\n") + b"\n\n"


def split(run: bytes) -> list[bytes]:
    """The single events of a run."""
    if run.startswith(b"data:") and run.find(b"\n\n") == len(run) - 2:
        return [run]  # it is one, as nearly all are that come alone
    return [event + b"\n\n" for event in run.split(b"\n\n") if event.strip()]


def payload_of(event: bytes) -> bytes:
    """Data of one event; empty for a comment.

    Raises:
        ProviderUnreadable: it is no event at all, but a page for one.
    """
    if event.startswith(b"data:") and event.find(b"\n") == len(event) - 2:
        return event[5:-2].removeprefix(b" ")  # one line, as nearly all are
    if not _IS_EVENT.match(event):
        raise ProviderUnreadable("The provider answered what is no stream of events.")
    lines = (line for line in event.split(b"\n") if line.startswith(b"data:") or line == b"data")
    return b"\n".join(line[5:].removeprefix(b" ") for line in lines)


def is_error_event(event: bytes) -> bool:
    """Whether an event is named `error`, whatever it carries."""
    return not event.startswith(b"data:") and _IS_ERROR.search(event) is not None


def data_event(said: Any) -> bytes:
    """One event that carries a JSON value."""
    return b"data: " + compact(said).encode() + b"\n\n"


class Alike(NamedTuple):
    """An event with words, by which others are known: those that are, but for their words, byte for byte the same.

    What such an event is to us need not be read out of it again. `between` is what stands between its words and the
    padding that OpenAI puts after them, which differs as well; nothing where there is none. `tells_usage`: it has a
    field of that name.
    """

    before: bytes
    between: bytes
    after: bytes
    tells_usage: bool

    @classmethod
    def of(cls, event: bytes, name: bytes, *, tells_usage: bool = False) -> "Alike | None":
        """By one that has a text under a name, which is given in its quotes; None where bytes do not tell where."""
        if b"\\" in event or event.count(name) != 1:
            return None
        begin = event.index(b'"', event.index(name) + len(name)) + 1
        end = event.index(b'"', begin)  # the words' end, for nothing in them is escaped
        padding = event.find(_PADDING, end) + len(_PADDING)
        if padding < len(_PADDING):
            return cls(event[:begin], b"", event[end:], tells_usage)
        return cls(event[:begin], event[end:padding], event[event.index(b'"', padding) :], tells_usage)

    def words_in(self, event: bytes) -> bytes | None:
        """The words of an event, in UTF-8, if it is such a one."""
        before, between, after, _ = self
        if not event.startswith(before) or not event.endswith(after):
            return None
        begin, end = len(before), len(event) - len(after)
        if between:
            padding, end = end, event.find(between, begin)
            if end < 0 or _RAW.fullmatch(event, end + len(between), padding) is None:
                return None
        if _RAW.fullmatch(event, begin, end) is None:
            return None
        words = event[begin:end]
        return words if event.isascii() or _is_utf8(event) else None


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def provider_json(text: bytes, otherwise: str) -> Any:
    """What a provider's JSON says.

    Raises:
        ProviderUnreadable: it is none, or nested so deep that nobody can pass it on; `otherwise` says so.
    """
    try:
        said = read_bytes(text)
    except (ValueError, RecursionError):
        raise ProviderUnreadable(otherwise) from None
    if text.count(b"{") + text.count(b"[") > MOST_LEVELS and is_too_deep(said):
        raise ProviderUnreadable(otherwise)
    return said


def json_runs(blocks: Iterator[bytes]) -> Iterator[Iterator[dict[str, Any]]]:
    """The JSON object of each event, in the runs in which they came, each read as it is taken; empty for a comment.

    Raises:
        ProviderUnreadable: an event is no JSON object, or does not end.
    """
    for run in whole_events(blocks):
        yield _objects_in(run)


def _objects_in(run: bytes) -> Iterator[dict[str, Any]]:
    for event in split(run):
        payload = payload_of(event)
        if payload.strip() == b"[DONE]":
            continue
        said = provider_json(payload, "The provider sent an event that is not JSON.") if payload else {}
        if not isinstance(said, dict):
            raise ProviderUnreadable("The provider sent an event that is not JSON.")
        yield said
