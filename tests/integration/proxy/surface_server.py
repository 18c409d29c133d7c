"""All surfaces over HTTP on 127.0.0.1, in this process: real handlers, and the stand-in as the only provider."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from aggregator.auth.caller import Caller
from aggregator.billing.price import Price
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.proxy.admission import admission
from aggregator.proxy.answers.store import AnswerStore
from aggregator.proxy.count_tokens import counting
from aggregator.proxy.dialects.chat.client import CHAT
from aggregator.proxy.dialects.embeddings.client import EMBEDDINGS
from aggregator.proxy.dialects.messages.client import MESSAGES
from aggregator.proxy.dialects.messages.from_client import taken
from aggregator.proxy.dialects.messages.tokens import estimated_tokens
from aggregator.proxy.dialects.responses.client import RESPONSES
from aggregator.proxy.edge import serve
from aggregator.proxy.limits.store import LimitStore
from aggregator.proxy.model import Ask, Receipt, Route
from aggregator.proxy.routing.route import routes_for
from aggregator.proxy.upstream.http import HttpUpstream
from aggregator.proxy.walk import Collaborators, Visit
from aggregator.runtime.streaming import StreamingResponse
from local.standin import StandIn
from tests.fakes.chat_world import NANO_A_TOKEN, FakeKeys, FakeWallets, no_plan
from tests.fakes.memory_dynamodb import MemoryDynamoDb
from tests.fakes.memory_objects import MemoryObjects

JsonObject = dict[str, Any]
Handler = Callable[[Any, Any], StreamingResponse]

CALLER = Caller(key_id="k1", user_id="ann")
RICH = 10**12
SEARCHING = NANO_A_TOKEN._replace(
    cached_input=100_000,
    tools=(("code_interpreter", 3_000), ("web_fetch", 0), ("web_search", 1_000)),
    service_tiers=(("flex", Price(version="1", input=500_000, output=1_000_000)),),
)
_UPSTREAM = {"thinker": "standin-reasoner"}


class Context:
    """Of a Lambda call."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def catalogue(standin: StandIn) -> Catalogue:
    """`mini` sees, `plain` does not, `thinker` shows what it thinks, `vectors` embeds, `searcher` speaks all."""

    def model(
        name: str,
        *capabilities: str,
        price: Price = NANO_A_TOKEN,
        at: str = "standin",
        **fields: int,
    ) -> JsonObject:
        dated = price.to_json() | {"effectiveAt": "1970-01-01T00:00:00.000Z"}
        return {
            "id": name,
            "contextWindow": 100_000,
            "maxInputTokens": 100_000,
            "capabilities": list(capabilities),
            "prices": [dated],
            "routes": [{"provider": at, "upstreamModel": _UPSTREAM.get(name, name), "weight": 1, "order": 0}],
        } | fields

    provider = {
        "id": "standin",
        "name": "The stand-in",
        "protocol": "openai",
        "baseUrl": standin.base_url,
        "maxTokensField": "max_tokens",
        "timeoutSeconds": 30,
        "unsupported": ["seed"],
    }
    models = [
        model("mini", "chat", "vision", maxOutputTokens=4_096, maxImageTokens=100),
        model("thinker", "chat", "reasoning", maxOutputTokens=4_096),
        model("plain", "chat", maxOutputTokens=4_096),
        model("vectors", "embeddings"),
        model("searcher", "chat", "tools", price=SEARCHING, at="house", maxOutputTokens=4_096),
    ]
    house = provider | {"id": "house", "dialects": ["messages", "responses"], "house": True}
    house |= {"onlyValues": {"service_tier": ["auto", "default", "flex"]}}
    return Catalogue(
        {
            "providers": {"standin": provider, "house": house},
            "models": {each["id"]: each for each in models},
            "aliases": {},
        },
        1,
    )


@dataclass
class SurfaceServer:
    """`with SurfaceServer(standin) as server`: at `server.url`; `receipts` are what was emitted."""

    standin: StandIn
    available: int = RICH
    receipts: list[Receipt] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._catalogue = catalogue(self.standin)
        self._upstreams: list[HttpUpstream] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._request_handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        for upstream in self._upstreams:
            upstream.close()

    def wait_for_receipt(self, seconds: float = 60.0) -> Receipt:
        """The receipt of the only request; a client that left does not wait for it."""
        until = time.monotonic() + seconds
        while not self.receipts and time.monotonic() < until:
            time.sleep(0.01)
        (receipt,) = self.receipts
        return receipt

    def _collaborators(self) -> Collaborators:
        """For one request, as requests may come at once."""
        keys, upstream = FakeKeys(), HttpUpstream(this_machine=True)
        self._upstreams.append(upstream)

        def route(caller: Caller, ask: Ask, visit: Visit) -> list[Route]:
            found, source_ip = self._catalogue, visit.source_ip
            return routes_for(caller, ask, catalogue=found, keys=keys, source_ip=source_ip, now=visit.now)

        return Collaborators(
            route=route,
            admit=admission(lambda _: self._catalogue),
            counts=LimitStore(MemoryDynamoDb(), "proxy"),
            answers=cache(lambda: AnswerStore(MemoryDynamoDb(), "proxy", cache(MemoryObjects))),
            wallets=FakeWallets(self.available),
            upstream=upstream,
            keys=keys,
            emit=self.receipts.append,
            monotonic=time.monotonic,
            sleep=time.sleep,
            counted={},
            plans={},
            read_plan=no_plan,
        )

    def _handlers(self) -> Mapping[str, Handler]:
        def served(surface: Any) -> Handler:
            return serve(surface, self._collaborators)

        return {
            "/v1/chat/completions": served(CHAT),
            "/proxy/openai/chat/completions": served(CHAT),
            "/v1/responses": served(RESPONSES),
            "/proxy/openai/responses": served(RESPONSES),
            "/v1/messages": served(MESSAGES),
            "/proxy/anthropic/v1/messages": served(MESSAGES),
            "/v1/messages/count_tokens": counting(
                MESSAGES, taken, estimated_tokens, lambda _now: self._catalogue
            ),
            "/v1/embeddings": served(EMBEDDINGS),
            "/proxy/openai/embeddings": served(EMBEDDINGS),
        }

    def _request_handler(self) -> type[BaseHTTPRequestHandler]:
        handlers = self._handlers()

        class RequestHandler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                path = self.path.partition("?")[0]
                answer = handlers[path](event_of(path, body, dict(self.headers)), Context())
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                try:
                    for chunk in answer.chunks:
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                        self.wfile.flush()
                    self.wfile.write(b"0\r\n\r\n")
                except OSError:
                    self.close_connection = True
                finally:
                    answer.close()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
                """Say nothing."""

        return RequestHandler


def event_of(path: str, body: str, headers: dict[str, str]) -> JsonObject:
    """What API Gateway would hand over."""
    return {
        "resource": path,
        "path": path,
        "httpMethod": "POST",
        "headers": headers,
        "body": body,
        "requestContext": {
            "requestId": f"r-{time.monotonic_ns()}",
            "requestTimeEpoch": 1_795_414_740_123,
            "identity": {"sourceIp": "192.0.2.1"},
            "authorizer": CALLER.to_context(),
        },
    }


def last_request(standin: StandIn) -> JsonObject:
    """Body of the latest request that reached the provider."""
    body = standin.requests[-1]["body"]
    said: JsonObject = json.loads(body) if isinstance(body, str) else body
    return said
