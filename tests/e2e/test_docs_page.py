import json
import re

from tests.e2e.caller import ApiCaller
from tests.e2e.stack import Stack


def test_the_document_is_there_without_a_key_and_names_the_address_it_came_from(
    stack: Stack, stranger: ApiCaller
) -> None:
    reply = stranger.get("/openapi.json")

    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "public, max-age=300"
    assert reply.json["openapi"] == "3.1.0"
    assert reply.json["servers"] == [{"url": stack.base_url}]


def test_a_copy_that_is_still_right_is_not_sent_again(stranger: ApiCaller) -> None:
    first = stranger.get("/openapi.json")

    again = stranger.get("/openapi.json", **{"If-None-Match": first.headers["ETag"]})

    assert (again.status, again.body) == (304, b"")


def test_the_page_is_there_without_a_key_and_holds_the_whole_document(stranger: ApiCaller) -> None:
    reply = stranger.get("/docs")

    html = reply.body.decode()
    document = re.search(r'<script type="application/json" id="document">(.*?)</script>', html, re.DOTALL)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert document is not None
    assert json.loads(document[1]) == stranger.get("/openapi.json").json


def test_the_page_names_no_other_host_to_load_from(stranger: ApiCaller) -> None:
    html = stranger.get("/docs").body.decode()

    tags = re.findall(r"<(?:script|link|img|iframe|base|form|object)\b[^>]*>", html.partition("<script>")[0])

    assert len(tags) > 1
    assert [tag for tag in tags if re.search(r"(?:src|href|action|data)=\"(?!data:)", tag)] == []
