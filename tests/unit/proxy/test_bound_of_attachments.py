"""Whatever a client calls its content, the hold covers what the provider of the route may count of it.

The provider's counter is written here apart from the bound: it knows what the content truly is.
"""

import json
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.billing.cost import cost_of
from aggregator.billing.price import Price, Usage
from aggregator.errors import Refusal, UnsupportedParameter
from aggregator.proxy.bound import bound_of, input_bound
from aggregator.proxy.dialects.chat.client import CHAT
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.model import Ask, Route
from tests.fakes.chat_world import chat_event, provider, route
from tests.fakes.pdf_files import pdf

JsonObject = dict[str, Any]

PNG = b"\x89PNG\r\n\x1a\n"
MODELS = {
    "openai": "gpt-5.4",
    "anthropic": "claude-opus-5-5",
    "gemini": "gemini-3.8-flash",
    "bedrock": "amazon.nova-pro-v1:0",
}
LABELS = [
    "image/png",
    "image/jpeg",
    "application/pdf",
    "text/plain",
    "text/csv",
    "application/json",
    "",
    "IMAGE/PNG",
]


@dataclass(frozen=True)
class Content:
    """Bytes, and what they truly are: an image, pages with text, or text alone."""

    raw: bytes
    is_image: bool = False
    pages: int = 0
    text_bytes: int = 0

    def counted(self, label: str, image_tokens: int, page_tokens: int, *, text_of_pages: bool) -> list[int]:
        """What a provider may count that goes by the label, or by what it finds."""
        as_pages = self.pages * page_tokens + (self.text_bytes if text_of_pages else 0)
        by_label = {
            "image": image_tokens if self.is_image else 0,
            "application/pdf": as_pages,
        }.get(label.lower().partition("/")[0] if label.lower().startswith("image/") else label, len(self.raw))
        found = image_tokens if self.is_image else as_pages if self.pages else len(self.raw)
        return [by_label, found]


images = st.binary(max_size=3_000).map(lambda rest: Content(PNG + rest, is_image=True))
texts = st.text(max_size=3_000).map(lambda said: Content(said.encode()))
documents = st.builds(
    lambda said, **how: Content(
        pdf(said, **how), pages=len(said), text_bytes=sum(len(text.encode()) for text in said)
    ),
    st.lists(st.text("ab 12é", max_size=400), min_size=1, max_size=12),
    packed=st.booleans(),
    hidden=st.booleans(),
    by=st.integers(1, 5),
)
contents = images | texts | documents


def base64(content: Content) -> str:
    return b64encode(content.raw).decode()


def data_uri(content: Content, label: str) -> str:
    return f"data:{label};base64,{base64(content)}"


def of_chat(content: Content, label: str, *, shown: bool) -> Ask:
    url = data_uri(content, label)
    part: JsonObject = {"type": "image_url", "image_url": {"url": url}}
    if not shown:
        part = {"type": "file", "file": {"filename": "a", "file_data": url}}
    messages = [{"role": "user", "content": [part]}]
    return CHAT.read(chat_event({"model": "mini", "max_tokens": 1, "messages": messages}))


def of_responses(content: Content, label: str, *, shown: bool) -> Ask:
    url = data_uri(content, label)
    part: JsonObject = {"type": "input_image", "image_url": url}
    if not shown:
        part = {"type": "input_file", "filename": "a", "file_data": url}
    said = {"model": "mini", "max_output_tokens": 1, "input": [{"role": "user", "content": [part]}]}
    return RESPONSES.read(chat_event(said))


def of_messages(content: Content, label: str, *, shown: bool) -> Ask:
    source = {"type": "base64", "media_type": label or "x", "data": base64(content) or "AA=="}
    part = {"type": "image" if shown else "document", "source": source}
    said = {"model": "mini", "max_tokens": 1, "messages": [{"role": "user", "content": [part]}]}
    return MESSAGES.read(chat_event(said))


def routed(protocol: str, *, window: int = 1_000_000, image_tokens: int = 500) -> Route:
    at = provider(protocol, protocol=protocol)
    price = Price(version="1", input=3_000_000, output=1_000_000, cache_write=4_000_000, image=7, request=11)
    return route(
        price=price,
        provider=at,
        upstream_model=MODELS[protocol],
        max_input_tokens=window,
        max_image_tokens=image_tokens,
    )


@pytest.mark.parametrize("protocol", MODELS)
@pytest.mark.parametrize("asked", [of_chat, of_responses, of_messages])
@given(content=contents, called=st.tuples(st.sampled_from(LABELS), st.booleans(), st.integers(0, 5_000)))
def test_no_count_of_any_provider_costs_more_than_the_hold(
    protocol: str, asked: Any, content: Content, called: tuple[str, bool, int]
) -> None:
    label, shown, image_tokens = called
    on = routed(protocol, image_tokens=image_tokens)
    ask = asked(content, label, shown=shown)
    page_tokens = max(560, image_tokens) if protocol == "gemini" else image_tokens

    hold = bound_of(ask, [on]).at_most_nano_usd

    for tokens in content.counted(label, image_tokens, page_tokens, text_of_pages=protocol != "gemini"):
        usage = Usage(input_tokens=tokens, output_tokens=1, cache_write_tokens=tokens, images=ask.images)
        assert cost_of(usage, on.price) <= hold


def test_three_megabytes_of_text_that_are_called_an_image_are_held_by_their_bytes() -> None:
    text = b"word " * 600_000

    for label in ("text/plain", "application/pdf", "image/png", ""):
        assert input_bound(of_chat(Content(text), label, shown=True), routed("gemini")) == 1_000_000


@pytest.mark.parametrize("protocol", MODELS)
def test_a_pdf_of_8_bytes_holds_a_page_and_not_the_window(protocol: str) -> None:
    on = routed(protocol, image_tokens=4_900)

    held = input_bound(of_chat(Content(b"%PDF-1.4"), "application/pdf", shown=False), on)

    assert 4_900 <= held < 5_300


def test_a_pdf_on_claude_holds_its_text_and_an_image_for_each_page() -> None:
    whole = pdf(["a" * 1_000] * 10)

    on = routed("anthropic", image_tokens=1_600)
    held = input_bound(of_chat(Content(whole), "application/pdf", shown=False), on)

    assert 10 * 1_600 + 10_000 <= held <= 12 * 1_600 + len(whole) + 300


def test_a_pdf_on_gemini_holds_its_pages_whatever_is_on_them() -> None:
    whole = pdf(["a" * 10_000] * 10)

    held = input_bound(
        of_chat(Content(whole), "application/pdf", shown=False), routed("gemini", image_tokens=1)
    )

    assert 10 * 560 <= held <= 12 * 560 + 300


@pytest.mark.parametrize(
    ("protocol", "window", "most_pages"),
    [("anthropic", 200_000, 100), ("anthropic", 1_000_000, 600), ("gemini", 1_000_000, 1_000)],
)
def test_where_nobody_can_tell_the_pages_it_is_as_many_as_the_provider_takes(
    protocol: str, window: int, most_pages: int
) -> None:
    unknown = b"%PDF-1.7 2 0 obj <</Type/Pages/Kids 9 0 R>>"
    on = routed(protocol, window=window, image_tokens=600)

    held = input_bound(of_chat(Content(unknown), "application/pdf", shown=False), on)

    assert most_pages * 600 <= held <= most_pages * 600 + 300


def test_a_file_that_is_text_holds_its_bytes() -> None:
    on = routed("bedrock")

    held = input_bound(of_chat(Content(b"a,b\n" * 1_000), "text/csv", shown=False), on)

    assert 4_000 <= held < 4_300


def test_what_is_packed_holds_what_it_may_unpack_to() -> None:
    on = routed("bedrock")
    label = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

    held = input_bound(of_chat(Content(b"PK\x03\x04" + b"x" * 96), label, shown=False), on)

    assert 100 * 1_032 <= held < 106 * 1_032


@pytest.mark.parametrize("said", [{"file_id": "f"}, {"file_data": "https://a.example/b.pdf"}, {}])
def test_a_file_that_stands_elsewhere_holds_all_that_the_model_reads(said: JsonObject) -> None:
    messages = [{"role": "user", "content": [{"type": "file", "file": said}]}]

    ask = CHAT.read(chat_event({"model": "mini", "messages": messages}))

    assert input_bound(ask, routed("openai", window=400_000)) == 400_000


def test_an_image_holds_what_the_model_makes_of_one_at_the_most_however_many_bytes_it_has() -> None:
    on = routed("openai", image_tokens=1_700)

    for url in (data_uri(Content(PNG + b"x" * 1_000_000), "image/png"), "https://a.example/b.png"):
        messages = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]
        ask = CHAT.read(chat_event({"model": "mini", "messages": messages}))

        assert (ask.images, ask.files) == (1, ())
        assert 1_700 <= input_bound(ask, on) < 2_000


@pytest.mark.parametrize(
    "begin", [b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\x00\x00\x00\x00WEBP", b"\x00\x00\x00\x18ftypheic"]
)
def test_what_begins_as_an_image_is_one(begin: bytes) -> None:
    ask = of_chat(Content(begin + b"x" * 1_000), "image/webp", shown=True)

    assert (ask.images, ask.files) == (1, ())


def test_a_film_in_the_place_of_an_image_is_no_image() -> None:
    film = b"\x00\x00\x00\x18ftypisom" + b"x" * 100_000

    assert input_bound(of_chat(Content(film), "image/png", shown=True), routed("gemini")) > 100_000


@pytest.mark.parametrize("label", ["audio/wav", "audio/mpeg", "video/mp4", "AUDIO/WAV"])
@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("asked", [of_chat, of_responses, of_messages])
def test_sound_and_film_have_a_price_of_their_own_and_are_refused_by_name(
    label: str,
    shown: bool,
    asked: Any,
) -> None:
    with pytest.raises(UnsupportedParameter, match=r"(audio|video) is not offered here") as refused:
        asked(Content(b"RIFF"), label, shown=shown)

    assert refused.value.param == "messages.0.content.0"


@given(st.text(max_size=50) | st.binary(max_size=50).map(lambda raw: b64encode(raw).decode()), st.booleans())
def test_any_data_uri_is_bounded_or_refused(rest: str, shown: bool) -> None:
    part: JsonObject = {"type": "image_url", "image_url": {"url": f"data:{rest}"}}
    if not shown:
        part = {"type": "file", "file": {"file_data": f"data:;base64,{rest}"}}
    body = {"model": "mini", "messages": [{"role": "user", "content": [part]}]}

    try:
        ask = CHAT.read(chat_event(json.dumps(body)))
    except Refusal:
        return
    assert input_bound(ask, routed("gemini")) > 0
