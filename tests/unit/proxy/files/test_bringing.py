"""Files that a request names by their address: fetched once, before money, for providers that fetch none."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from aggregator.errors import InvalidRequest, Refusal, UnsupportedParameter
from aggregator.orchestrator.model import Spoken
from aggregator.proxy.dialects import lanes
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.files.fetching import Fetched, NotFetched
from aggregator.proxy.files.web_address import WebAddress
from aggregator.proxy.model import Ask, Route
from aggregator.proxy.walk import walk
from aggregator.runtime.streaming import StreamingResponse
from tests.fakes.chat_world import (
    CALLER,
    JsonObject,
    ScriptedResponse,
    World,
    ask,
    chat_event,
    completion,
    counted,
    provider,
    route,
    visit,
)
from tests.fakes.pdf_files import pdf

NONE: JsonObject = {"image": [], "file": []}
PNG = b"\x89PNG\r\n\x1a\n"
PNG_URI = "data:image/png;base64,iVBORw0KGgo="
TWO_PAGES = pdf(["one", "two"])
GEMINIS = (
    b'{"candidates": [{"content": {"parts": [{"text": "hi"}]}, "finishReason": "STOP"}],'
    b' "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1}}'
)
A, B = "https://x.example/a.png", "https://x.example/b.png"


def image(url: str = A) -> JsonObject:
    return {"type": "image_url", "image_url": {"url": url}}


def showing(*urls: str, **fields: Any) -> Ask:
    return ask(messages=[{"role": "user", "content": [image(url) for url in urls]}], **fields)


def at(provider_id: str, fetches: Mapping[str, Any] | None = None, **fields: Any) -> Route:
    on = fields.pop("on", {})
    return route(provider_id, provider=provider(provider_id, fetches=fetches or {}, **on), **fields)


class Web:
    """The web, as far as a test has it."""

    def __init__(self, **pages: bytes | Fetched | NotFetched) -> None:
        self.asked: list[tuple[str, int, float]] = []
        self._pages = pages

    def fetch(self, address: WebAddress, most_bytes: int, deadline: float) -> Fetched:
        self.asked.append((address.name, most_bytes, deadline))
        page = self._pages[address.name.partition(".")[0]]
        if isinstance(page, NotFetched):
            raise page
        return Fetched(page, "") if isinstance(page, bytes) else page


def world(web: Web, *routes: Route, script: tuple[ScriptedResponse, ...] = ()) -> World:
    answers = script or (ScriptedResponse(completion(usage=counted(10, 5))),)
    return World(script=answers, routes=routes, fetch=web.fetch)


def walked(asked: Ask, neighbours: World) -> StreamingResponse:
    return walk(CALLER, asked, visit(neighbours.clock), neighbours.collaborators())


def sent(neighbours: World, nth: int = 0) -> Any:
    return json.loads(neighbours.upstream.requests[nth].body)


def shown(neighbours: World, nth: int = 0) -> list[str]:
    parts = sent(neighbours, nth)["messages"][0]["content"]
    return [part["image_url"]["url"] for part in parts]


def test_a_provider_that_fetches_none_gets_the_file_itself() -> None:
    web = Web(a=PNG)
    neighbours = world(web, at("bedrock", NONE))

    answer = walked(showing(A), neighbours)

    assert answer.status == 200
    assert shown(neighbours) == [PNG_URI]
    assert web.asked == [("a.png", 4_718_592, 1_020.0)]  # 20 seconds after the request came
    assert neighbours.steps == ["route", "reserve", "call", "emit completed"]


def test_a_provider_that_fetches_gets_the_address_and_nothing_is_fetched_here() -> None:
    web = Web()
    neighbours = world(web, at("openai", {"image": ["*"], "file": []}), at("bedrock", NONE))

    walked(showing(A), neighbours)

    assert shown(neighbours) == [A]
    assert web.asked == []


def file_asked(said: str) -> Ask:
    file = {"type": "file", "file": {"file_data": said, "filename": "a.pdf"}}
    return ask(messages=[{"role": "user", "content": [file]}])


@pytest.mark.parametrize(
    ("said", "fetches", "held"),
    [
        # 3 pages of 50 at the most, 444 bytes of PDF and 116 of JSON, 64 around; 100 of output at two.
        ("https://x.example/a", NONE, 974),
        # The same, and 12 spaces that the client sent.
        (f"data:application/pdf;base64,{b64encode(TWO_PAGES).decode()}", NONE, 986),
        # Where the provider fetches, nobody here knows what it finds: all 1,000 that the model reads.
        ("https://x.example/a", {"image": ["*"], "file": ["*"]}, 1_200),
    ],
)
def test_what_is_fetched_is_held_as_what_comes_with_the_request(
    said: str, fetches: JsonObject, held: int
) -> None:
    neighbours = world(Web(a=TWO_PAGES), at("bedrock", fetches))

    walked(file_asked(said), neighbours)

    assert neighbours.wallets.held == [held]


def test_an_image_is_held_alike_whoever_fetches_it() -> None:
    here, there = world(Web(a=PNG), at("bedrock", NONE)), world(Web(), at("openai"))

    walked(showing(A), here)
    walked(showing(A), there)

    # 50 for an image, 64 around, 100 of output at two; the JSON is 101 bytes, and as it was sent 10 spaces and 23 of
    # an address more.
    assert (here.wallets.held, there.wallets.held) == ([415], [448])


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (
            NotFetched("its server answered with status 404"),
            "could not be fetched: its server answered with status 404",
        ),
        (b"<html>", "is no image, by its first bytes"),
        (b"", "is empty"),
    ],
)
def test_a_file_that_cannot_be_had_is_refused_by_its_field_before_money_is_held(
    page: bytes | NotFetched, words: str
) -> None:
    neighbours = world(Web(a=page), at("bedrock", NONE))

    with pytest.raises(InvalidRequest) as refused:
        walked(showing(A), neighbours)

    assert refused.value.param == "messages.0.content.0.image_url.url"
    assert refused.value.message.startswith(f"messages.0.content.0.image_url.url: {words}")
    assert "x.example" not in refused.value.message
    assert neighbours.steps == ["route"]


def test_a_route_that_fetches_for_itself_goes_on_where_a_file_cannot_be_had_here() -> None:
    web = Web(a=NotFetched("its server cannot be reached"))
    neighbours = world(web, at("bedrock", NONE), at("ollama", NONE), at("openai"))

    walked(showing(A), neighbours)

    assert shown(neighbours) == [A]
    assert neighbours.receipts[0].route.provider.id == "openai"
    assert len(web.asked) == 1


def test_a_fallback_to_who_fetches_none_fetches_then_and_once() -> None:
    web = Web(a=PNG)
    down = ScriptedResponse(b"{}", status=500)
    script = (down, down, down, down, ScriptedResponse(completion(usage=counted(10, 5))))
    neighbours = world(web, at("openai"), at("bedrock", NONE), at("ollama", NONE), script=script)

    walked(showing(A), neighbours)

    assert [shown(neighbours, nth) for nth in range(5)] == [[A], [A], [PNG_URI], [PNG_URI], [PNG_URI]]
    assert len(web.asked) == 1
    assert neighbours.steps == ["route", "reserve", *["call"] * 5, "emit completed"]


def test_a_fallback_that_cannot_have_a_file_is_passed_over_and_tried_no_more() -> None:
    web = Web(a=NotFetched("its server cannot be reached"))
    down = ScriptedResponse(b"{}", status=500)
    neighbours = world(web, at("openai"), at("bedrock", NONE), at("ollama", NONE), script=(down, down))

    with pytest.raises(Refusal) as refused:
        walked(showing(A), neighbours)

    assert refused.value.code == "provider_error"
    assert len(web.asked) == 1
    assert neighbours.receipts[0].charged_nano_usd == 0


def test_the_count_of_our_own_counts_what_was_fetched() -> None:
    neighbours = world(Web(a=TWO_PAGES), at("bedrock", NONE), script=(ScriptedResponse(completion()),))

    walked(file_asked("https://x.example/a"), neighbours)

    # 447 bytes at the most of PDF, twelve to a token, and 15 of "role", "user" and "content", four to a token.
    usage = neighbours.receipts[0].usage
    assert usage.estimated
    assert usage.input_tokens == 42


def test_an_address_that_stands_twice_is_fetched_once() -> None:
    web = Web(a=PNG, b=b"GIF89a")
    neighbours = world(web, at("bedrock", NONE))

    walked(showing(A, B, A), neighbours)

    assert shown(neighbours) == [PNG_URI, "data:image/gif;base64,R0lGODlh", PNG_URI]
    assert sorted(name for name, _, _ in web.asked) == ["a.png", "b.png"]


def test_only_what_the_provider_does_not_fetch_is_fetched() -> None:
    web = Web(b=b"GIF89a")
    neighbours = world(web, at("google", {"image": ["png"], "file": []}))

    walked(showing(A, "https://x.example/b.gif"), neighbours)

    assert shown(neighbours) == [A, "data:image/gif;base64,R0lGODlh"]
    assert [name for name, _, _ in web.asked] == ["b.gif"]


def test_routes_that_need_other_files_share_what_was_fetched() -> None:
    web = Web(a=PNG, b=b"GIF89a")
    neighbours = world(web, at("bedrock", NONE), at("google", {"image": ["png"], "file": []}))

    walked(showing(A, "https://x.example/b.gif"), neighbours)

    assert sorted(name for name, _, _ in web.asked) == ["a.png", "b.gif"]


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket/a.png",
        "https://u@x.example/a.png",
        "https://x.example/a#b",
        "https://2130706433/a",
        "ftp://x/a",
    ],
)
def test_an_address_that_is_none_is_refused_by_its_field_and_nobody_is_asked(url: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        lanes.check(showing(A, url), at("bedrock", NONE).via)

    assert refused.value.param == "messages.0.content.1.image_url.url"


def test_more_files_than_twenty_are_refused() -> None:
    via = at("bedrock", NONE).via
    urls = [f"https://x.example/{n}.png" for n in range(21)]

    lanes.check(showing(*urls[:20], *urls[:20]), via)
    with pytest.raises(InvalidRequest, match="no more than 20 files") as refused:
        lanes.check(showing(*urls), via)

    assert refused.value.param == "messages.0.content.20.image_url.url"


@pytest.mark.parametrize(("times", "fits"), [(1, True), (2, False)])
def test_files_are_no_larger_together_than_a_body_that_has_them_in_it(times: int, fits: bool) -> None:
    neighbours = world(Web(a=PNG + bytes(3_000_000)), at("bedrock", NONE))

    if fits:
        walked(showing(*[A] * times), neighbours)
    else:
        with pytest.raises(InvalidRequest, match="6 MB") as refused:
            walked(showing(*[A] * times), neighbours)
        assert refused.value.param == "messages.0.content.1.image_url.url"


def test_no_more_is_fetched_once_there_is_more_than_fits() -> None:
    web = Web(**{f"p{n}": PNG + bytes(2_500_000) for n in range(20)})
    neighbours = world(web, at("bedrock", NONE))

    with pytest.raises(InvalidRequest, match="6 MB"):
        walked(showing(*[f"https://x.example/p{n}.png" for n in range(20)]), neighbours)

    assert len(web.asked) <= 6  # two, and what was under way


def test_a_file_that_is_larger_than_the_provider_takes_is_refused_before_money_is_held() -> None:
    neighbours = world(Web(a=PNG + bytes(100)), at("bedrock", {**NONE, "mostImageBytes": 107}))

    with pytest.raises(
        UnsupportedParameter, match="larger than 107 bytes, the most that Bedrock takes"
    ) as refused:
        walked(showing(A), neighbours)

    assert refused.value.param == "messages.0.content.0.image_url.url"
    assert neighbours.steps == ["route"]
    walked(showing(A), world(Web(a=PNG + bytes(100)), at("bedrock", {**NONE, "mostImageBytes": 108})))


def test_a_route_whose_model_does_not_take_what_was_fetched_is_left_out() -> None:
    gemini = at("google", NONE, on={"protocol": "gemini"})
    claude = at("anthropic", NONE, on={"protocol": "anthropic"})
    heic = Web(a=b"\0\0\0\x18ftypheic")
    fed = world(heic, claude, gemini, script=(ScriptedResponse(GEMINIS),))

    walked(showing(A), fed)

    assert fed.receipts[0].route.provider.id == "google"
    assert sent(fed)["contents"][0]["parts"] == [
        {"inlineData": {"mimeType": "image/heic", "data": "AAAAGGZ0eXBoZWlj"}}
    ]
    with pytest.raises(UnsupportedParameter, match="JPEG, PNG, GIF or WebP"):
        walked(showing(A), world(Web(a=b"\0\0\0\x18ftypheic"), claude))


MESSAGE: JsonObject = {
    "model": "mini",
    "max_tokens": 50,
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "document", "source": {"type": "url", "url": "https://x.example/a"}},
                {"type": "image", "source": {"type": "url", "url": B}},
            ],
        }
    ],
}
RESPONSE: JsonObject = {
    "model": "mini",
    "store": False,
    "input": [
        {
            "role": "user",
            "content": [
                {"type": "input_file", "file_url": "https://x.example/a"},
                {"type": "input_image", "image_url": B},
            ],
        }
    ],
}
ASKS: dict[str, Callable[[], Ask]] = {
    "chat": lambda: ask(
        messages=[
            {
                "role": "user",
                "content": [{"type": "file", "file": {"file_data": "https://x.example/a"}}, image(B)],
            }
        ]
    ),
    "messages": lambda: MESSAGES.read(chat_event(MESSAGE)),
    "responses": lambda: RESPONSES.read(chat_event(RESPONSE)),
}
FIELDS = {
    "chat": "messages.0.content.0.file.file_data",
    "messages": "messages.0.content.0.source.url",
    "responses": "input.0.content.0.file_url",
}
PDF_BASE64 = "JVBERi0xLjcK"
EXPECTED: dict[str, Any] = {
    "openai": [
        {
            "type": "file",
            "file": {"file_data": f"data:application/pdf;base64,{PDF_BASE64}", "filename": "a.pdf"},
        },
        image(PNG_URI),
    ],
    "anthropic": [
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": PDF_BASE64},
        },
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
    ],
    "gemini": [
        {"inlineData": {"mimeType": "application/pdf", "data": PDF_BASE64}},
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
    ],
    "bedrock": [
        {"text": "See the document."},
        {"document": {"format": "pdf", "name": "a", "source": {"bytes": PDF_BASE64}}},
        {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}},
    ],
}


@pytest.mark.parametrize("surface", ASKS)
@pytest.mark.parametrize("protocol", EXPECTED)
def test_a_file_reaches_every_protocol_from_every_surface(surface: str, protocol: str) -> None:
    web = Web(a=b"%PDF-1.7\n", b=PNG)
    neighbours = world(
        web, at("elsewhere", NONE, on={"protocol": protocol}), script=(ScriptedResponse(b"", status=400),)
    )

    with pytest.raises(Refusal):
        walked(ASKS[surface](), neighbours)

    said = sent(neighbours)
    turns = said.get("messages") or said["contents"]
    parts = turns[0].get("content") or turns[0]["parts"]
    assert [without_names(part) for part in parts] == [without_names(part) for part in EXPECTED[protocol]]


def without_names(part: JsonObject) -> JsonObject:
    """A part without the name of its file, which some surfaces have none of, and its wish for detail."""
    part = {name: value for name, value in part.items() if name not in ("title", "detail")}
    if "document" in part:
        part["document"] = {**part["document"], "name": ""}
    if "file" in part:
        part["file"] = {**part["file"], "filename": ""}
    return part


@pytest.mark.parametrize("surface", ASKS)
def test_a_field_is_named_as_its_client_knows_it(surface: str) -> None:
    web = Web(a=NotFetched("its server took too long"), b=PNG)

    with pytest.raises(InvalidRequest) as refused:
        walked(ASKS[surface](), world(web, at("elsewhere", NONE)))

    assert refused.value.param == FIELDS[surface]


@pytest.mark.parametrize("surface", ["messages", "responses"])
def test_a_native_lane_of_who_fetches_none_gets_the_file_and_all_else_as_it_was(surface: str) -> None:
    spoken = {surface: Spoken(f"/{surface}", fetches=NONE)}
    protocol = {"messages": "anthropic", "responses": "openai"}[surface]
    on = {"protocol": protocol, "dialects": spoken}
    native = world(
        Web(a=b"%PDF-1.7\n", b=PNG), at("x", NONE, on=on), script=(ScriptedResponse(b"", status=400),)
    )

    with pytest.raises(Refusal):
        walked(ASKS[surface](), native)

    said = sent(native)
    if surface == "messages":
        assert said["messages"] == [{"role": "user", "content": EXPECTED["anthropic"]}]
    else:
        assert said["input"] == [
            {
                "role": "user",
                "content": [
                    {
                        "type": "input_file",
                        "file_data": f"data:application/pdf;base64,{PDF_BASE64}",
                        "filename": "a.pdf",
                    },
                    {"type": "input_image", "image_url": PNG_URI},
                ],
            }
        ]


@pytest.mark.parametrize("surface", ["messages", "responses"])
def test_a_native_lane_of_who_fetches_gets_what_the_client_sent(surface: str) -> None:
    spoken = {surface: Spoken(f"/{surface}")}
    protocol = {"messages": "anthropic", "responses": "openai"}[surface]
    on = {"protocol": protocol, "dialects": spoken}
    native = world(Web(), at("x", NONE, on=on), script=(ScriptedResponse(b"", status=400),))

    with pytest.raises(Refusal):
        walked(ASKS[surface](), native)

    said = sent(native)
    assert (said.get("messages") or said["input"]) == (
        MESSAGE.get("messages") if surface == "messages" else RESPONSE["input"]
    )


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        (
            "anthropic",
            [
                {"type": "document", "source": {"type": "url", "url": "https://x.example/a.pdf"}},
                {"type": "image", "source": {"type": "url", "url": B}},
            ],
        ),
        (
            "gemini",
            [
                {"fileData": {"mimeType": "application/pdf", "fileUri": "https://x.example/a.pdf"}},
                {"fileData": {"mimeType": "image/png", "fileUri": B}},
            ],
        ),
        ("openai", [{"type": "file", "file": {"file_data": "https://x.example/a.pdf"}}, image(B)]),
    ],
)
@pytest.mark.parametrize("surface", ASKS)
def test_an_address_passes_on_translated_lanes_to_who_fetches(
    protocol: str, expected: list[JsonObject], surface: str
) -> None:
    asked = ASKS[surface]()
    said = json.dumps(asked.asked or asked.body).replace('"https://x.example/a"', '"https://x.example/a.pdf"')
    read = {"chat": lambda: ask(**json.loads(said)), "messages": lambda: MESSAGES.read(chat_event(said))}
    asked = read.get(surface, lambda: RESPONSES.read(chat_event(said)))()
    neighbours = world(Web(), at("x", on={"protocol": protocol}), script=(ScriptedResponse(b"", status=400),))

    with pytest.raises(Refusal):
        walked(asked, neighbours)

    turns = sent(neighbours).get("messages") or sent(neighbours)["contents"]
    assert [without_names(part) for part in turns[0].get("content") or turns[0]["parts"]] == [
        without_names(part) for part in expected
    ]


def test_a_request_without_addresses_loads_nothing_of_this(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.proxy.files.bringing.with_files", None)
    neighbours = world(Web(), at("bedrock", NONE))

    walked(showing(PNG_URI), neighbours)

    assert shown(neighbours) == [PNG_URI]


def test_a_request_that_cannot_be_translated_has_its_files_fetched_too() -> None:
    said = {**RESPONSE, "truncation": "auto"}
    spoken = {"responses": Spoken("/responses", fetches=NONE)}
    neighbours = world(
        Web(a=b"%PDF-1.7\n", b=PNG),
        at("x", NONE, on={"dialects": spoken}),
        script=(ScriptedResponse(b"", status=400),),
    )
    asked = RESPONSES.read(chat_event(said))

    with pytest.raises(Refusal):
        walked(asked, neighbours)

    assert asked.untranslated is not None
    assert sent(neighbours)["truncation"] == "auto"
    assert [part["type"] for part in sent(neighbours)["input"][0]["content"]] == ["input_file", "input_image"]
    assert sent(neighbours)["input"][0]["content"][1]["image_url"] == PNG_URI
    # A page of 50 at the least and 9 bytes of PDF, an image of 50, 182 of JSON, 64 around; 100 of output at two.
    assert neighbours.wallets.held == [555]


def test_a_picture_of_a_screen_is_held_as_a_picture_and_no_address_of_amazons_goes_with_it() -> None:
    screen = {"type": "computer_screenshot", "image_url": PNG_URI}
    item = {"type": "computer_call_output", "call_id": "1", "output": screen}
    on = {"dialects": {"responses": Spoken("/responses", fetches=NONE)}}
    neighbours = world(Web(), at("x", NONE, on=on), script=(ScriptedResponse(b"", status=400),))

    with pytest.raises(Refusal):
        walked(RESPONSES.read(chat_event({**RESPONSE, "input": [item]})), neighbours)
    screen["image_url"] = "s3://bucket/a.png"
    with pytest.raises(InvalidRequest) as refused:
        lanes.check(RESPONSES.read(chat_event({**RESPONSE, "input": [item]})), at("x", NONE, on=on).via)

    assert refused.value.param == "input.0.output.image_url"
    # An image of 50, 141 of JSON, 64 around; 100 of output at two.
    assert neighbours.wallets.held == [455]
