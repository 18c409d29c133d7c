"""One file from the web, over real sockets: whatever its server does, in time, in bounds, and from nobody within."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from aggregator.proxy.files.fetching import Fetched, NotFetched, fetch
from aggregator.proxy.files.web_address import WebAddress
from tests.integration.proxy.web_server import PDF, PNG, Web, served, within

MOST = 100_000


@pytest.fixture
def web() -> Iterator[Web]:
    with served() as running:
        yield running


def got(url: str, *, seconds: float = 30, most: int = MOST, this_machine: bool = True) -> Fetched:
    return fetch(WebAddress.of(url), most_bytes=most, deadline=within(seconds), this_machine=this_machine)


@pytest.mark.parametrize(
    ("page", "body", "media_type"),
    [
        ("image", PNG, "image/png"),
        ("document.pdf?a=b", PDF, "application/pdf"),
        ("chunked", PNG, ""),
        ("closing", PNG, ""),
        ("mislabelled", PNG, "text/html"),
    ],
)
def test_a_file_is_fetched_however_it_is_framed(web: Web, page: str, body: bytes, media_type: str) -> None:
    assert got(f"{web.url}/{page}") == Fetched(body, media_type)


def test_nothing_of_the_platform_goes_out_with_it(web: Web) -> None:
    got(f"{web.url}/document.pdf?sig=s3cr3t")

    [(path, headers)] = web.asked
    assert path == "/document.pdf?sig=s3cr3t"
    assert headers == {
        "host": web.url.removeprefix("http://"),
        "accept": "image/*, application/pdf, text/*;q=0.9, */*;q=0.1",
        "accept-encoding": "identity",
        "user-agent": "aggregator",
        "connection": "close",
    }


def test_a_cookie_goes_back_to_nobody(web: Web) -> None:
    web.leads = "/document"

    got(f"{web.url}/moved")
    got(f"{web.url}/document")

    assert all("cookie" not in headers for _, headers in web.asked)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("nothing-there", "its server answered with status 404"),
        ("empty", "its server answered with status 204"),
        ("nowhere", "its server answered with status 302"),
        ("packed", "its server sends it packed, which was not asked for"),
        ("huge", "it is larger than 100,000 bytes"),
        ("endless", "it is larger than 100,000 bytes"),
        ("unframed", "it is larger than 100,000 bytes"),
        ("short", "its server broke off"),
        ("round", "its server redirects more than 3 times"),
    ],
)
def test_what_cannot_be_had_is_said_in_words(web: Web, page: str, words: str) -> None:
    with pytest.raises(NotFetched) as failed:
        got(f"{web.url}/{page}")

    assert str(failed.value) == words


@pytest.mark.parametrize("page", ["slow", "mute"])
def test_a_server_has_no_longer_than_until_the_deadline(web: Web, page: str) -> None:
    with pytest.raises(NotFetched, match="its server took too long"):
        got(f"{web.url}/{page}", seconds=0.3)


def test_a_deadline_that_has_passed_calls_nobody(web: Web) -> None:
    with pytest.raises(NotFetched, match="its server took too long"):
        got(f"{web.url}/image", seconds=-1)

    assert web.asked == []


def test_the_limit_is_of_the_whole_and_to_the_byte(web: Web) -> None:
    assert got(f"{web.url}/image", most=len(PNG)).body == PNG
    for page in ("image", "chunked", "closing"):
        with pytest.raises(NotFetched, match="larger than 1,007 bytes"):
            got(f"{web.url}/{page}", most=len(PNG) - 1)


def test_a_redirect_is_followed_three_times_at_the_most(web: Web) -> None:
    web.leads = f"{web.url}/image"

    assert got(f"{web.url}/moved").body == PNG
    web.asked.clear()
    with pytest.raises(NotFetched):
        got(f"{web.url}/round")

    assert [path for path, _ in web.asked] == ["/round"] * 4


@pytest.mark.parametrize(
    "leads", ["ftp://127.0.0.1/a", "file:///etc/passwd", "http://user@127.0.0.1/", "http://0x7f.1/"]
)
def test_a_redirect_to_what_is_no_plain_address_is_not_followed(web: Web, leads: str) -> None:
    web.leads = leads

    with pytest.raises(NotFetched, match="its server redirects to what is no http"):
        got(f"{web.url}/moved")


NOBODY = "its server cannot be reached"


def leading_to(monkeypatch: pytest.MonkeyPatch, **names: list[Any]) -> None:
    """Names lead to these addresses, one list after the other; nobody else is known."""
    real = socket.getaddrinfo
    left = {name.replace("_", "."): list(found) for name, found in names.items()}

    def resolved(host: str, port: int, **kind: Any) -> Any:
        if host not in left:
            return real(host, port, **kind)
        found = left[host].pop(0) if len(left[host]) > 1 else left[host][0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, at or port)) for address, at in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::]/",
        "http://[::ffff:7f00:1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://0.0.0.0/",
        "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://10.0.0.1/", "http://172.16.0.1/",
        "http://192.168.0.1/", "http://100.64.0.1/", "http://[fe80::1]/", "http://[fc00::1]/", "http://224.0.0.1/",
        "https://127.0.0.1/", "http://255.255.255.255/", "http://198.18.0.1/", "http://[ff02::1]/",
    ],
)  # fmt: skip
def test_an_address_within_is_as_good_as_none(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def called(*_: Any) -> None:
        raise AssertionError("a packet went out")

    monkeypatch.setattr(socket.socket, "connect", called)

    with pytest.raises(NotFetched) as failed:
        got(url, this_machine=False)

    assert str(failed.value) == NOBODY


def test_a_host_that_is_not_there_is_told_in_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: Any, **_kind: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(NotFetched) as failed:
        got("http://nobody.example/", this_machine=False)

    assert str(failed.value) == NOBODY


def test_a_name_that_leads_within_and_without_leads_without_alone(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(web.url.rpartition(":")[2])
    with socket.create_server(("127.0.0.2", 0)) as within_here:
        within_here.settimeout(0)
        inside = ("127.0.0.2", within_here.getsockname()[1])
        leading_to(monkeypatch, both_example=[[inside, ("127.0.0.1", port), inside]])
        monkeypatch.setattr(
            "aggregator.runtime.public_address.is_public", lambda address: address == "127.0.0.1"
        )

        assert got("http://both.example/image", this_machine=False).body == PNG

        with pytest.raises(BlockingIOError):
            within_here.accept()


def test_a_name_that_leads_within_once_it_was_looked_at_does_not_lead_there(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(web.url.rpartition(":")[2])
    with socket.create_server(("127.0.0.2", 0)) as within_here:
        within_here.settimeout(0)
        inside = ("127.0.0.2", within_here.getsockname()[1])
        leading_to(monkeypatch, turns_example=[[("127.0.0.1", port)], [inside]])
        monkeypatch.setattr(
            "aggregator.runtime.public_address.is_public", lambda address: address == "127.0.0.1"
        )
        web.leads = "http://turns.example/image"

        with pytest.raises(NotFetched) as failed:
            got("http://turns.example/moved", this_machine=False)

        assert str(failed.value) == NOBODY
        assert [path for path, _ in web.asked] == ["/moved"]
        with pytest.raises(BlockingIOError):
            within_here.accept()


def test_a_redirect_within_is_as_good_as_none(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(web.url.rpartition(":")[2])
    leading_to(monkeypatch, out_example=[[("127.0.0.1", port)]])
    monkeypatch.setattr("aggregator.runtime.public_address.is_public", lambda address: address == "127.0.0.1")
    web.leads = "http://169.254.169.254/latest/meta-data/"

    with pytest.raises(NotFetched) as failed:
        got("http://out.example/moved", this_machine=False)

    assert str(failed.value) == NOBODY


@pytest.mark.parametrize(
    "url", ["http://example.com:8080/", "https://example.com:80/", "http://example.com:22/"]
)
def test_another_port_is_called_on_a_developers_machine_alone(url: str) -> None:
    with pytest.raises(NotFetched, match="only the ports 80 of http and 443 of https"):
        got(url, this_machine=False)


def test_a_redirect_to_another_port_is_not_followed(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(web.url.rpartition(":")[2])
    leading_to(monkeypatch, out_example=[[("127.0.0.1", port)]])
    monkeypatch.setattr("aggregator.runtime.public_address.is_public", lambda address: address == "127.0.0.1")
    web.leads = "http://out.example:8080/image"

    with pytest.raises(NotFetched, match="only the ports"):
        got("http://out.example/moved", this_machine=False)


def test_a_server_that_takes_no_tls_cannot_be_reached(web: Web) -> None:
    with pytest.raises(NotFetched) as failed:
        got(web.url.replace("http://", "https://") + "/image", seconds=5)

    assert str(failed.value) == NOBODY


def test_time_is_shared_by_all_hops(web: Web) -> None:
    web.leads = "/mute"
    began = time.monotonic()

    with pytest.raises(NotFetched, match="took too long"):
        got(f"{web.url}/moved", seconds=0.3)

    assert time.monotonic() - began < 20
