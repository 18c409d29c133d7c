"""What stands around a function on the bench: canned AWS, the mock provider, a catalogue, a key, and events."""

import base64
import http.client
import itertools
import json
import socket
import sys
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from aggregator.auth.key import PlainKey, new_key, new_key_id
from aggregator.orchestrator.load_catalogue import packaged
from aggregator.orchestrator.merge import merged
from aggregator.orchestrator.store import packed
from aggregator.runtime.item import item
from bench.events import COMPLETION, KEY_ITEM, MODEL
from bench.process import Program
from local.paths import ROOT, TEMPLATE
from local.ports import free_port
from local.providers import plan_providers
from local.template import load

JsonObject = dict[str, Any]

PEPPER = "P" * 48
REGION = "us-east-1"


class World:
    """Canned AWS and the mock provider, each a process of its own, with their files in `folder`.

    `provider_over_tls`: the catalogue leads to canned answers over TLS, not to the mock provider. `provider_url`: it
    leads there, and there is no mock provider. `available_nano_usd` is what the account has, whatever is written.
    """

    def __init__(
        self,
        folder: Path,
        *,
        models: int | None = None,
        provider_over_tls: bool = False,
        provider_url: str | None = None,
        available_nano_usd: int = 10**12,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._cleanup = ExitStack()
        self.plain_port, self.tls_port, self.mock_port = free_port(), free_port(), free_port()
        self.mock_url = f"http://127.0.0.1:{self.mock_port}"
        self.key: PlainKey = new_key("local", new_key_id(datetime.now(UTC)))
        self._has_mock = provider_url is None
        own_url = f"https://127.0.0.1:{self.tls_port}" if provider_over_tls else self.mock_url
        (folder / "answers.json").write_text(
            json.dumps(_answers(self.key, catalogue(provider_url or own_url, models), available_nano_usd)),
            encoding="utf-8",
        )
        certificate = make_certificate(folder / "certificate.pem")
        roots = Path(certifi.where()).read_bytes()  # reading all roots is a good part of a start over TLS
        (folder / "roots.pem").write_bytes(roots + certificate)

    def __enter__(self) -> Self:
        ports = [str(self.plain_port), str(self.tls_port)]
        self._start("canned", ["bench.canned", str(self.folder), "--ports", *ports], self.tls_port)
        if self._has_mock:
            self._start("mock", ["local.standin", "--port", str(self.mock_port)], self.mock_port)
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def environment(self, *, tls: bool = False) -> dict[str, str]:
        """What a function needs to find all this; `tls`: AWS over TLS, as in the cloud."""
        return {
            **_variables(),
            "ENVIRONMENT": "local",
            "CORS_ORIGINS": "",  # as most stacks have it: none is listed
            "LOG_LEVEL": "INFO",
            "BILLING_USAGE_QUEUE_URL": f"http://127.0.0.1:{self.plain_port}/queue",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_SESSION_TOKEN": "T" * 900,
            "AWS_ENDPOINT_URL": f"https://127.0.0.1:{self.tls_port}"
            if tls
            else f"http://127.0.0.1:{self.plain_port}",
            "AWS_EC2_METADATA_DISABLED": "true",
            "SSL_CERT_FILE": str(self.folder / "roots.pem"),
            "AWS_CA_BUNDLE": str(self.folder / "roots.pem"),
        }

    def counts(self) -> Counter[str]:
        """Calls and bytes by action since the last `forget`."""
        return Counter(json.loads(self._counts("GET")))

    def forget(self) -> None:
        """Count from nothing again."""
        self._counts("DELETE")

    def _counts(self, method: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.plain_port, timeout=10)
        connection.request(method, "/counts")
        answer = connection.getresponse().read()
        connection.close()
        return answer

    def _start(self, name: str, module: list[str], port: int) -> None:
        paths = f"{ROOT}:{ROOT / 'layers/common/python'}"
        program = Program([sys.executable, "-m", *module], self.folder / f"{name}.log", {"PYTHONPATH": paths})
        self._cleanup.callback(program.stop)
        program.wait_until(lambda: listens(port))


def listens(port: int) -> bool:
    """Whether somebody takes connections on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@cache
def _variables() -> dict[str, str]:
    """Every variable that template.yaml gives a function, with its own name for a value."""
    template = load(TEMPLATE)
    named = [
        each["Properties"].get("Environment", {}).get("Variables", {})
        for each in template["Resources"].values()
        if each["Type"] == "AWS::Serverless::Function"
    ]
    named.append(template["Globals"]["Function"]["Environment"]["Variables"])
    return {name: name for variables in named for name in variables if not name.startswith("AWS_")}


def make_certificate(pem: Path) -> bytes:
    """Write a self-signed certificate for 127.0.0.1, with its key, as AWS has them: an RSA key of 2048 bits."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bench")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    pem.write_bytes(public + secret)
    return public


def catalogue(provider_url: str, models: int | None = None) -> JsonObject:
    """The packaged catalogue with every provider at `provider_url`, and with `models` models, some of them copies."""
    plan = plan_providers(packaged(), {}, provider_url)
    body = merged(packaged(), None, plan.overrides, region=REGION)
    if models is not None:
        known = sorted(body["models"].items(), key=lambda each: each[0] != MODEL)
        copies = (
            (f"{name}-{n}" if n else name, entry)
            for n in range(-(-models // len(known)))
            for name, entry in known
        )
        body["models"] = {name: entry | {"id": name} for name, entry in itertools.islice(copies, models)}
        body["aliases"] = {}
    return body


def _answers(key: PlainKey, body: JsonObject, available: int) -> JsonObject:
    pieces = packed(body)
    pointer = {"version": 1, "chunks": len(pieces), "changed_at": "2026-11-23T06:00:00.000Z"}
    secret = {"hash": key.hash_under(PEPPER), "createdAt": KEY_ITEM["createdAt"]}
    stored_key = KEY_ITEM | {"pk": f"KEY#{key.key_id}", "keyId": key.key_id, "secrets": [secret]}
    provider_keys = dict.fromkeys(body["providers"], "sk-" + "k" * 48)
    gets = [{"if": '"CURRENT"', "then": {"Item": item(pointer)}}]
    for number, piece in enumerate(pieces):
        data = {"data": {"B": base64.b64encode(piece).decode()}}
        gets.append({"if": f'"SNAPSHOT#00000001#{number}"', "then": {"Item": data}})
    gets.append({"if": '"KEY#', "then": {"Item": item(stored_key)}})
    gets.append({"if": '"BALANCE"', "then": {"Item": item({"available": available})}})
    gets.append({"if": "", "then": {}})
    secrets = {
        "PEPPER_SECRET": PEPPER,
        "PROVIDER_KEYS_SECRET": json.dumps(provider_keys),
        "ADMIN_KEY_SECRET": "A" * 48,
    }
    return {
        "GetItem": gets,
        "UpdateItem": [{"if": "", "then": {"Attributes": item({"available": available})}}],
        "TransactWriteItems": [{"if": "", "then": {}}],
        "Query": [{"if": "", "then": {"Items": [], "Count": 0}}],
        "GetSecretValue": [
            {"if": f'"{name}"', "then": {"SecretString": text}} for name, text in secrets.items()
        ],
        "SendMessage": [{"if": "", "then": {"MessageId": "m"}}],
        "chat": [{"if": "", "then": COMPLETION}],
    }
