"""Our signed requests as AWS would check them: botocore signs what went over the wire anew."""

from datetime import UTC, datetime
from random import Random
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from aggregator.proxy.upstream.signing import signed, url_of
from aggregator.runtime.http_pool import HttpPool, Origin
from aggregator.runtime.http_wire import Answer, request_bytes
from aggregator.runtime.signed_client import SignedClient
from aggregator.runtime.signed_s3 import SignedS3
from aggregator.runtime.sigv4 import Credentials

_PRINTABLE = "".join(map(chr, range(32, 127)))
_PLAIN = "abcABC019._~-"
_REGIONS = ("eu-west-1", "us-east-1", "ap-southeast-2", "cn-north-1", "us-gov-west-1")
_SERVICES = ("dynamodb", "events", "sqs", "secretsmanager")
_SEGMENTS = (
    "v1",
    "a",
    "",
    ".",
    "..",
    "a.b",
    "..a",
    "%2F",
    "%20",
    "~",
    "-_",
    "a:b",
    "a%3Ab",
    "@",
    "a=b",
    "+",
    "*",
    "$&'(),;",
)


class _Call(NamedTuple):
    """A request as it goes over the wire, and what it is signed for."""

    url: str
    service: str
    region: str
    wire: bytes


class _Wire(HttpPool):
    """In place of connections: keeps what would be sent, and answers that all is well."""

    def __init__(self) -> None:
        super().__init__(Origin.of("http://127.0.0.1:1"), connect_seconds=1)
        self.sent = b""

    def exchange(self, request: bytes, **_: object) -> Answer:
        self.sent = request
        return Answer(200, {}, b"{}")


def difference(seed: int) -> str | None:
    """In what our signature of the request that `seed` makes differs from botocore's, if it does."""
    pick = Random(seed)
    key = Credentials(
        "".join(pick.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=pick.choice((16, 20)))),
        "".join(pick.choices(_PRINTABLE, k=40)),
        pick.choice((None, "".join(pick.choices(_PRINTABLE[1:], k=pick.choice((1, 30, 400)))))),
    )
    at = pick.randrange(1_700_000_000, 2_100_000_000) + pick.random()
    maker = pick.choice((_to_a_service, _to_a_bucket, _to_bedrock))
    call = maker(pick, key, at)
    ours, theirs = _ours(call.wire), _theirs(call, key, at)
    return None if ours == theirs else f"seed {seed}: {call.wire!r}\nours: {ours}\nbotocore: {theirs}"


def _to_a_service(pick: Random, key: Credentials, at: float) -> _Call:
    service, region = pick.choice(_SERVICES), pick.choice(_REGIONS)
    endpoint = pick.choice(
        (None, None, "http://127.0.0.1:4566", "https://127.0.0.1/prefix/", "http://[::1]:1/a/b-c_d.e~f")
    )
    client = SignedClient(
        service, region=region, endpoint=endpoint, credentials=lambda: key, clock=lambda: at
    )
    client._pool = wire = _Wire()
    action = "".join(pick.choices("abcXYZ019", k=pick.choice((1, 12))))
    client.call(
        action,
        {"".join(pick.choices(_PRINTABLE + "äß\u2192\U0001f600", k=3)): pick.choice((1, "a", b"\xff", None))},
    )
    return _Call(_url(client._origin), service, region, wire.sent)


def _to_a_bucket(pick: Random, key: Credentials, at: float) -> _Call:
    region = pick.choice(_REGIONS)
    endpoint = pick.choice((None, None, "http://127.0.0.1:4566", "https://127.0.0.1/prefix/"))
    bucket = SignedS3("b-1.c", region=region, endpoint=endpoint, credentials=lambda: key, clock=lambda: at)
    bucket._pool = wire = _Wire()
    segments = (
        "".join(pick.choices(_PLAIN, k=pick.choice((1, 2, 2, 9)))) for _ in range(pick.choice((1, 2, 4)))
    )
    name = "/".join(pick.choice((each, each, ".", "..")) for each in segments)
    if pick.random() < 0.5:
        bucket.put(name, pick.randbytes(pick.choice((0, 1, 900))))
    else:
        bucket.get(name)
    return _Call(_url(bucket._origin), "s3", region, wire.sent)


def _to_bedrock(pick: Random, key: Credentials, at: float) -> _Call:
    region = pick.choice(("us-east-1", "eu-west-3", "us-gov-west-1"))
    base = f"https://bedrock-runtime.{region}.amazonaws.com{pick.choice(('', ':443', ':8443'))}"
    base += "".join("/" + pick.choice(_SEGMENTS) for _ in range(pick.choice((0, 0, 1, 2, 3))))
    model = (
        "".join(pick.choices(_PRINTABLE + "äß\u2192", k=pick.choice((1, 2, 20))))
        if pick.random() < 0.7
        else ".."
    )
    url = pick.choice(
        (url_of(base, model, stream=pick.random() < 0.5), base + "/", base + "/anthropic/v1/messages")
    )
    body = pick.randbytes(pick.choice((0, 1, 900)))
    blanks = ("", " ", "  ", "\t", " \t ")
    words = ("".join(pick.choices(_PRINTABLE, k=pick.choice((1, 3, 10)))) for _ in range(3))
    headers = {
        "content-type": "application/json",
        "anthropic-beta": pick.choice(blanks).join([pick.choice(blanks), *words]),
    }
    proven = signed(url, headers, body, credentials=lambda: key, at=at)
    return _Call(url, "bedrock", region, request_bytes("POST", Origin.of(url).path, proven, body))


def _url(origin: Origin) -> str:
    return f"{'https' if origin.tls else 'http'}://{origin.header}/"


def _ours(wire: bytes) -> str:
    head = wire.partition(b"\r\n\r\n")[0].decode("latin-1")
    (proof,) = [line[15:] for line in head.split("\r\n") if line.startswith("authorization: ")]
    return proof


def _theirs(call: _Call, key: Credentials, at: float) -> str:
    """The proof of the request as a server sees it. Its signed headers are those that it names, and no others."""
    head, _, body = call.wire.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    said = [(name, value) for name, _, value in (line.partition(":") for line in lines)]
    named = _ours(call.wire).partition("SignedHeaders=")[2].partition(",")[0].split(";")
    parts = urlsplit(call.url)
    request = AWSRequest(
        method,
        f"{parts.scheme}://{parts.netloc}{target}",
        headers={name: value.strip(" \t") for name, value in said if name in named},
        data=body,
    )
    signer = auth.S3SigV4Auth if call.service == "s3" else auth.SigV4Auth
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auth, "get_current_datetime", lambda: datetime.fromtimestamp(at, UTC))
        signer(BotocoreCredentials(*key), call.service, call.region).add_auth(request)
    return str(request.headers["Authorization"])
