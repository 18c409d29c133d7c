"""One stand-in for all tests here, and a raw HTTP client for it."""

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import anthropic
import openai
import pytest

from local.standin import StandIn


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The data of each event but the last, which must be `[DONE]`."""
        data = [line[6:] for line in self.body.decode().splitlines() if line.startswith("data: ")]
        assert data[-1] == "[DONE]"
        return [json.loads(one) for one in data[:-1]]


Chat = Callable[..., Reply]


@pytest.fixture(scope="session")
def running_standin() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture
def standin(running_standin: StandIn) -> StandIn:
    running_standin.reset()
    return running_standin


@pytest.fixture
def claude(standin: StandIn) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(
        base_url=standin.base_url.removesuffix("/v1"), api_key="any", max_retries=0
    ) as client:
        yield client


@pytest.fixture
def gpt(standin: StandIn) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=standin.base_url, api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture
def connection(standin: StandIn) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", standin.port, timeout=60)
    yield connection
    connection.close()


@pytest.fixture
def chat(connection: http.client.HTTPConnection) -> Chat:
    """Asks one question: `chat("hello", told="status=500", stream=True, ...)`."""

    def ask(
        text: Any = "hello", *, told: str = "", path: str = "/v1/chat/completions", **fields: Any
    ) -> Reply:
        body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **fields}
        headers = {
            "Authorization": "Bearer sk-secret-1",
            "Content-Type": "application/json",
            "x-standin": told,
        }
        connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())

    return ask
