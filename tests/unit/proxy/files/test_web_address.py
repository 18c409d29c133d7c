"""Addresses of files as clients write them: what can mean two things is refused, and the rest means one."""

import string
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.proxy.files.web_address import BadAddress, WebAddress, names_an_address
from aggregator.runtime.http_pool import Origin

TAKEN = [
    ("https://example.com", Origin(tls=True, host="example.com", port=443, path="/")),
    ("https://example.com/a.png", Origin(tls=True, host="example.com", port=443, path="/a.png")),
    ("HTTPS://EXAMPLE.com/A.PNG", Origin(tls=True, host="example.com", port=443, path="/A.PNG")),
    (
        "http://example.com:80/a?b=c&d=%2F",
        Origin(tls=False, host="example.com", port=80, path="/a?b=c&d=%2F"),
    ),
    ("https://example.com?x=1", Origin(tls=True, host="example.com", port=443, path="/?x=1")),
    ("https://1.1.1.1/a", Origin(tls=True, host="1.1.1.1", port=443, path="/a")),
    ("https://[2606:4700::1111]:443/a", Origin(tls=True, host="2606:4700::1111", port=443, path="/a")),
    (
        "https://example.com/bücher/ü.pdf",
        Origin(tls=True, host="example.com", port=443, path="/b%C3%BCcher/%C3%BC.pdf"),
    ),
    (
        "https://example.com/a@b:c?u=http://x/",
        Origin(tls=True, host="example.com", port=443, path="/a@b:c?u=http://x/"),
    ),
    ("https://xn--bcher-kva.example/", Origin(tls=True, host="xn--bcher-kva.example", port=443, path="/")),
]
REFUSED = [
    "", "a.png", "/a.png", "//example.com/a.png", "example.com/a.png", "ftp://example.com/a", "s3://bucket/a.png",
    "gs://bucket/a", "file:///etc/passwd", "data:image/png;base64,AA==", "javascript:1", "https:/example.com/a",
    "https:///a", "https://", "https://user@example.com/a", "https://user:word@example.com/a", "https://@example.com/a",
    "https://example.com@127.0.0.1/a", "https://example.com/a#b", "https://example.com#@127.0.0.1/a",
    "https://example.com:/a", "https://example.com:0/a", "https://example.com:65536/a", "https://example.com:8o/a",
    "https://example.com:80:80/a", "https://example.com\\@127.0.0.1/a", "https://example.com /a", " https://example.com/a",
    "https://example.com/a b", "https://example.com/a\r\nHost: x", "https://example.com/\x00", "https://exa\tmple.com/",
    "https://bücher.example/a", "https://example.com./a", "https://.example.com/a", "https://exa..mple.com/",
    "https://-example.com/", "https://" + "a" * 64 + ".example/", "https://" + "a." * 127 + "example/",
    "https://2130706433/a", "https://0x7f000001/a", "https://0x7f.1/a", "https://127.1/a", "https://0177.0.0.1/a",
    "https://127.0.0.01/a", "https://127.0.0.0x1/a", "https://1.2.3.4.5/a", "https://256.0.0.1/a", "https://0/a",
    "https://[::1/a", "https://::1/a", "https://[fe80::1%eth0]/a", "https://[::ffff:127.0.0.1.2]/a", "https://[v1.x]/a",
    "https://example.com/" + "a" * 8192,
]  # fmt: skip


@pytest.mark.parametrize(("url", "origin"), TAKEN)
def test_an_address_is_taken_apart(url: str, origin: Origin) -> None:
    assert WebAddress.of(url).origin == origin


@pytest.mark.parametrize("url", REFUSED)
def test_what_could_mean_something_else_is_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        WebAddress.of(url)


@pytest.mark.parametrize(
    ("url", "other"),
    [("https://x.example/", False), ("https://x.example:443/", False), ("http://x.example:443/", True)],
)
def test_a_port_that_is_not_its_schemes_own_is_told(url: str, other: bool) -> None:
    assert WebAddress.of(url).at_another_port is other


hosts = st.text(string.ascii_letters + string.digits + ".-_:@[]%#\\/?", max_size=30)
paths = st.text(max_size=30)


@given(st.sampled_from(["http", "https", "HTTP"]), hosts, paths)
def test_an_address_that_is_taken_leads_where_pythons_own_reader_says(
    scheme: str, host: str, path: str
) -> None:
    url = f"{scheme}://{host}/{path}"

    try:
        address = WebAddress.of(url)
    except BadAddress:
        return

    theirs = urlsplit(url)
    assert address.origin.host == theirs.hostname
    assert address.origin.port == (theirs.port or {"http": 80, "https": 443}[theirs.scheme])
    assert address.origin.tls is (theirs.scheme == "https")
    assert theirs.username is None
    assert address.origin.path.isascii()
    assert not set(address.origin.path) & set(" \r\n\t#\\")
    assert WebAddress.of(f"{theirs.scheme}://{address.origin.header}{address.origin.path}") == address


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("https://cdn.example/b.png", "https://cdn.example/b.png"),
        ("/b.png", "https://x.example/b.png"),
        ("b.png?c=d", "https://x.example/a/b.png?c=d"),
        ("//cdn.example/b", "https://cdn.example/b"),
        ("/b.png#part", "https://x.example/b.png"),
    ],
)
def test_a_redirect_leads_from_where_it_is_said(location: str, path: str) -> None:
    assert WebAddress.of("https://x.example/a/a.png").leads_to(location) == WebAddress.of(path)


@pytest.mark.parametrize(
    "location",
    [
        "http://x.example/b.png",
        "ftp://x.example/b",
        "file:///b",
        "data:,b",
        "https://u@x.example/b",
        "https://1/",
    ],
)
def test_a_redirect_leads_to_no_other_scheme_and_not_back_from_https(location: str) -> None:
    with pytest.raises(BadAddress, match="redirects"):
        WebAddress.of("https://x.example/a.png").leads_to(location)


def test_a_redirect_may_lead_from_http_to_https() -> None:
    there = WebAddress.of("http://x.example/a.png").leads_to("https://x.example/a.png")

    assert there.origin.tls


def test_an_address_has_a_name_and_its_ending() -> None:
    address = WebAddress.of("https://x.example/a.b/My%20report.PDF?name=c.png")

    assert (address.name, address.ending) == ("My report.PDF", "pdf")
    assert WebAddress.of("https://x.example/").ending == ""
    assert WebAddress.of("https://x.example/a.tar/b").ending == ""


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        (["example.com"], True),
        (["cdn.example.com"], True),
        (["ample.com"], False),
        (["com.example"], False),
        ([], False),
    ],
)
def test_an_address_is_at_a_host_or_below_it(hosts: list[str], expected: bool) -> None:
    assert WebAddress.of("https://cdn.Example.com:443/a").is_at(hosts) is expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("https://x/a", True), ("s3://b/a", True), (" HTTP://x", True), ("file:///a", True), ("DATA:,a", False),
        ("data:image/png;base64,AA==", False), ("iVBORw0KGgo=", False), ("", False), ("a/b:c", False),
    ],
)  # fmt: skip
def test_what_holds_its_content_names_no_address(said: str, expected: bool) -> None:
    assert names_an_address(said) is expected
