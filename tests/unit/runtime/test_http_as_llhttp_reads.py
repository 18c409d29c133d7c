"""Our readers of HTTP answers against llhttp: what it refuses we refuse, what both take we read alike.

Where we part on purpose stands in tests/fuzz/llhttp.py, and is held to be exact. `make fuzz` goes on with other seeds.
"""

from collections.abc import Callable, Sequence

import pytest

from tests.fuzz.http_answers import in_bytes
from tests.fuzz.http_reading import as_aws_answers_are_read, as_providers_are_read, of_seed
from tests.fuzz.llhttp import CLOSED_SOONER, LOOSER, READ_OTHERWISE, STRICTER, Read, Seen

Reader = Callable[[Sequence[bytes]], Read | None]

READERS = pytest.mark.parametrize(
    "reader", [as_aws_answers_are_read, as_providers_are_read], ids=["of AWS", "of providers"]
)
LENGTH = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 3\r\n\r\nabc"
CHUNKS = (
    b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'2;n="v"\r\nab\r\n1 \r\nc\r\n0\r\nX-T: 1\r\n\r\n'
)
TO_THE_END = b"HTTP/1.1 200 OK\r\n\r\nabc"


@pytest.mark.parametrize("first", range(0, 3000, 500))
def test_no_answer_is_read_in_two_ways(first: int) -> None:
    found = [of_seed(seed) for seed in range(first, first + 500)]

    assert [each for each in found if each] == []


@pytest.mark.parametrize("wire", [LENGTH, CHUNKS, TO_THE_END])
@READERS
def test_wherever_an_answer_is_cut_it_is_the_same(reader: Reader, wire: bytes) -> None:
    read = [reader([wire[:n], wire[n:]]) for n in range(len(wire))]

    assert read == [Seen(wire).read()] * len(wire)
    assert {each.body for each in read if each} == {b"abc"}


@pytest.mark.parametrize("wire", [LENGTH, CHUNKS, TO_THE_END])
@READERS
def test_wherever_the_server_hangs_up_there_is_an_answer_or_none(reader: Reader, wire: bytes) -> None:
    read = [reader([wire[:n]]) for n in range(1, len(wire))]

    assert read == [Seen(wire[:n]).read() for n in range(1, len(wire))]


@pytest.mark.parametrize("name", STRICTER)
@READERS
def test_what_we_refuse_beyond_llhttp_has_a_reason(reader: Reader, name: str) -> None:
    wire = STRICTER[name].example
    seen = Seen(wire)

    assert seen.read() is not None
    assert [rule for rule in STRICTER if STRICTER[rule].found(seen)] == [name]
    assert reader([wire]) is None
    assert reader([wire[: len(wire) // 2], wire[len(wire) // 2 :]]) is None


@pytest.mark.parametrize("name", CLOSED_SOONER)
@READERS
def test_a_connection_that_we_close_sooner_than_llhttp_has_a_reason(reader: Reader, name: str) -> None:
    wire = CLOSED_SOONER[name].example
    theirs = Seen(wire).read()

    assert theirs is not None
    assert theirs.lasts
    assert reader([wire]) == theirs._replace(lasts=False)


@pytest.mark.parametrize("name", LOOSER)
@READERS
def test_what_we_take_beyond_llhttp_has_a_reason(reader: Reader, name: str) -> None:
    wire = LOOSER[name].example

    assert Seen(wire, blanks_after_sizes=False).read() is None
    assert (
        reader(in_bytes(wire))
        == Seen(wire).read()
        == Read(200, {"transfer-encoding": "chunked"}, b"a", lasts=True)
    )


@READERS
def test_what_is_read_otherwise_than_by_llhttp_has_a_reason(reader: Reader) -> None:
    wire = READ_OTHERWISE["a tab after `chunked`"].example

    assert list(READ_OTHERWISE) == ["a tab after `chunked`"]
    assert Seen(wire).body() == b"1\r\na\r\n0\r\n\r\n"
    assert reader([wire]) == Read(200, {"transfer-encoding": "chunked"}, b"a", lasts=True)
