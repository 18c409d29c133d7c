"""The signed client over TLS, with a certificate made for the test."""

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from aggregator.runtime.aws import AwsError
from aggregator.runtime.http_pool import tls_context
from tests.integration.signed_client_servers import signed


def certificate_for(address: str, folder: Path) -> Path:
    """A self-signed certificate and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "certificate.pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return pem


class TlsServer:
    """Answers every request with an empty object, over as many connections as it is given."""

    def __init__(self, pem: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listening.getsockname()[1]}"
        self.handshakes = 0
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def stop(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self._listening.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._serve, args=(connected,)))
            self._threads[-1].start()

    def _serve(self, connected: socket.socket) -> None:
        with connected:
            try:
                with self._context.wrap_socket(connected, server_side=True) as secured:
                    self.handshakes += 1
                    while secured.recv(65_536):
                        secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            except OSError:
                return


@pytest.fixture
def pem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A certificate that this process trusts."""
    pem = certificate_for("127.0.0.1", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    tls_context.cache_clear()
    yield pem
    tls_context.cache_clear()


@pytest.fixture
def server(pem: Path) -> Iterator[TlsServer]:
    server = TlsServer(pem)
    yield server
    server.stop()


def test_a_warmed_tls_connection_serves_all_calls(server: TlsServer) -> None:
    client = signed("dynamodb", server.url)
    client.warm()

    answers = [client.call("UpdateItem", {"TableName": "t"}) for _ in range(3)]
    client.close()

    assert answers == [{}, {}, {}]
    assert server.handshakes == 1


def test_a_certificate_that_is_not_trusted_is_not_spoken_to(
    server: TlsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate_for("127.0.0.1", tmp_path / "other")))

    with pytest.raises(AwsError, match=r"Unreachable.*CERTIFICATE_VERIFY_FAILED"):
        signed("dynamodb", server.url).call("UpdateItem", {"TableName": "t"})


def test_a_certificate_for_another_host_is_not_spoken_to(server: TlsServer) -> None:
    with pytest.raises(AwsError, match=r"Unreachable.*CERTIFICATE_VERIFY_FAILED"):
        signed("dynamodb", server.url.replace("127.0.0.1", "localhost")).call(
            "UpdateItem", {"TableName": "t"}
        )
