"""One way into the platform: API Gateway's part, the chat function's own processes, and wires that may break."""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self

import urllib3

from aggregator.auth.caller import Caller
from local.authorizing import Authorizing
from local.front_door import EmulatedApi, FrontDoor
from local.http_server import HttpServer
from tests.faults.fault_proxy import FaultProxy
from tests.faults.platform import MODEL, Platform, allow

JsonObject = dict[str, Any]
Invoke = Callable[[str, JsonObject], JsonObject]

CHAT_FUNCTION = "ProxyCreateChatCompletionFunction"
CHAT_FOLDER = "proxy/create_chat_completion"
MAX_TOKENS = 10
NO_HEADERS: Mapping[str, str] = {}
_PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Reply:
    """What a client sees. `whole` is False where the connection broke within the answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool = True

    @property
    def code(self) -> str | None:
        """Code of the error, also of one in a stream."""
        if self.status < 300 and b'"error"' not in self.body:
            return None
        last = self.body.strip().split(b"\n\n")[-1].removeprefix(b"data: ")
        code: str = json.loads(last)["error"]["code"]
        return code


class Door:
    """Serves chats of any user over `proxies`, by service; the token is the user's id unless `invoke` says otherwise.

    Use it as a context.
    """

    def __init__(
        self,
        platform: Platform,
        proxies: Mapping[str, FaultProxy],
        name: str,
        *,
        invoke: Invoke | None = None,
        timeout_seconds: float | None = None,
    ) -> None:
        self._platform = platform
        self._proxies = proxies
        self._invoke = invoke or letting_in({})
        self._timeout_seconds = timeout_seconds
        self._cleanup = ExitStack()
        self._pool = urllib3.PoolManager(retries=False, timeout=_PATIENCE_SECONDS)
        self.log = platform.folder / f"{name}.log"

    def __enter__(self) -> Self:
        stack = self._platform.stack
        self.processes = self._cleanup.enter_context(
            self._platform.running(
                CHAT_FUNCTION,
                CHAT_FOLDER,
                self._proxies,
                log=self.log.stem,
                timeout_seconds=self._timeout_seconds,
            )
        )
        emulated = EmulatedApi(self._platform.emulator.port, stack.stage)
        self._cleanup.callback(emulated.close)
        server = HttpServer(0)
        self._cleanup.callback(server.close)
        self._cleanup.callback(self._pool.clear)
        door = FrontDoor(
            api=stack.api,
            stage=stack.stage,
            emulator=emulated,
            authorizing=Authorizing(self._invoke),
            processes={CHAT_FUNCTION: self.processes},
            on_served=lambda _: None,
        )
        server.start(door.handle)
        self._url = f"http://127.0.0.1:{server.port}/v1/chat/completions"
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def chat(
        self,
        token: str,
        text: str = "hello",
        *,
        model: str = MODEL,
        stream: bool = False,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Reply:
        """Ask, and read the whole answer, or as much of it as comes."""
        answer = self.begin(token, text, model=model, stream=stream, headers=headers)
        return self.rest(answer, answer.stream(65_536))

    def rest(self, answer: urllib3.BaseHTTPResponse, blocks: Iterable[bytes], body: bytes = b"") -> Reply:
        """Read what is still to come of an answer whose `body` was read so far."""
        whole = True
        try:
            for block in blocks:
                body += block
        except urllib3.exceptions.HTTPError:
            whole = False
        answer.release_conn()
        return Reply(answer.status, answer.headers, body, whole)

    def begin(
        self,
        token: str,
        text: str = "hello",
        *,
        model: str = MODEL,
        stream: bool = False,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> urllib3.BaseHTTPResponse:
        """Ask, and return once status and headers are there."""
        asked: JsonObject = {
            "model": model,
            "max_tokens": MAX_TOKENS,
            "messages": [{"role": "user", "content": text}],
        }
        if stream:
            asked |= {"stream": True, "stream_options": {"include_usage": True}}
        return self._pool.request(
            "POST",
            self._url,
            body=json.dumps(asked).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers},
            preload_content=False,
        )


def letting_in(limits: Mapping[str, int]) -> Invoke:
    """An authorizer that takes a user's id for its key; all keys have these limits."""

    def invoke(_: str, event: JsonObject) -> JsonObject:
        user_id = event["headers"]["Authorization"].removeprefix("Bearer ")
        return allow(Caller(key_id=f"key-of-{user_id}", user_id=user_id, limits=limits))

    return invoke
