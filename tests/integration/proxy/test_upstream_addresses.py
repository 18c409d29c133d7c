"""A provider's name that leads into our own network is not called: not so much as a connection is tried."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from aggregator.proxy.exchange import UpstreamError, UpstreamRequest
from aggregator.proxy.upstream.http import HttpUpstream


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somebody on this machine who listens, and could be told secrets."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433"])
def test_this_machine_is_not_called_whatever_it_is_named(
    listener: socket.socket, scheme: str, host: str
) -> None:
    port = listener.getsockname()[1]
    request = UpstreamRequest(f"{scheme}://{host}:{port}/v1", {"Authorization": "Bearer secret"}, b"{}", 5)

    with (
        closing(HttpUpstream()) as upstream,
        pytest.raises(UpstreamError, match="no address that may be called") as refused,
    ):
        upstream.post(request, time.monotonic() + 60)

    with pytest.raises(BlockingIOError):
        listener.accept()
    assert not refused.value.timed_out
