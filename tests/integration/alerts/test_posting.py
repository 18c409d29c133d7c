"""Posts over real sockets: what is reached and what is not, and a thousand alerts to a receiver that keeps failing."""

import socket
from collections import Counter
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from threading import Lock, Thread

import pytest
from standardwebhooks.webhooks import Webhook as Receiver

from aggregator.alerts import deliver
from aggregator.alerts.deliver import Sender
from aggregator.alerts.model import KINDS, Alert, Delivery, Webhook
from aggregator.alerts.sign import new_secret
from aggregator.alerts.store import AlertsStore
from aggregator.alerts.tell import tell
from aggregator.runtime import clock
from aggregator.runtime.public_post import NotPosted, post
from tests.fakes.memory_dynamodb import MemoryDynamoDb

SECRET = new_secret()


class Failing(ThreadingHTTPServer):
    """Of ten posts, four fail: two before they are taken, two after, by a cut connection among others."""

    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.chance = Random(5)
        self.lock = Lock()
        self.taken: Counter[str] = Counter()
        self.posts = 0
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Failing

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        Receiver(SECRET).verify(body, dict(self.headers))
        with self.server.lock:
            self.server.posts += 1
            fate = self.server.chance.randrange(10)
            if fate not in (0, 1):
                self.server.taken[self.headers["webhook-id"]] += 1
        if fate in (1, 2):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status = {0: 500, 3: 302}.get(fate, 204)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Failing]:
    with Failing() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_thousand_alerts_all_arrive_at_a_receiver_that_fails_four_times_of_ten(
    receiver: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "RETRY_SECONDS", (0,) * 6)
    store, now = AlertsStore(MemoryDynamoDb(), "alerts"), clock.now()
    store.add(Webhook("a" * 16, "ann", receiver.url, KINDS, SECRET, now))
    for n in range(1_000):
        alert = Alert("ann", "budget.reached", f"budget {n}", {"percent": 50})
        assert tell(alert, store.webhooks("ann"), store, now)
        assert not tell(alert, store.webhooks("ann"), store, now)
    given_up: list[Delivery] = []
    sender = Sender(
        store,
        partial(post, user_agent="tests", this_machine=True),
        lambda *_: "nobody asked for mail",
        given_up.append,
        clock.now,
    )

    arrived = [sender.send_due() for _ in range(7)]

    assert arrived[0] < 700
    assert sum(arrived) + len(given_up) == 1_000
    assert len(given_up) <= 10  # of a thousand, 0.4 ** 7 comes to 1.6
    assert set(receiver.taken) | {each.delivery_id for each in given_up} == {
        each.delivery_id for each in store.deliveries("ann", 1_000, None)[0]
    }
    assert (
        receiver.taken.total() - len(receiver.taken) > 100
    )  # taken, and the answer was lost: it comes again


def test_an_address_that_is_not_public_is_not_connected_to(receiver: Failing) -> None:
    with pytest.raises(NotPosted, match="no public address"):
        post(receiver.url, {}, b"{}", user_agent="tests")

    assert receiver.posts == 0


def test_a_name_that_leads_to_a_private_address_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    private = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_named: private)
    monkeypatch.setattr(socket, "create_connection", lambda *_args: pytest.fail("it was connected to"))

    with pytest.raises(NotPosted, match="no public address"):
        post("https://hooks.example.com/ai", {}, b"{}", user_agent="tests", this_machine=True)


def test_nobody_at_an_address_is_said_in_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(NotPosted, match="cannot be reached"):
            post(
                f"http://127.0.0.1:{taken.getsockname()[1]}/",
                {},
                b"{}",
                user_agent="tests",
                this_machine=True,
            )
