import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from aggregator.errors import InvalidRequest
from aggregator.orchestrator import wiring
from aggregator.orchestrator.cloudformation import custom_resource
from aggregator.runtime import clock
from aggregator.runtime.aws import Aws, AwsError

JsonObject = dict[str, Any]
Handler = Callable[[JsonObject, Any], JsonObject]


class ResponseUrl:
    """What CloudFormation waits at."""

    def __init__(self) -> None:
        self.answers: list[JsonObject] = []
        outer = self

        class Put(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                length = int(self.headers["Content-Length"])
                outer.answers.append(
                    json.loads(self.rfile.read(length)) | {"type": self.headers.get("Content-Type", "")}
                )
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing is printed."""

        self.server = HTTPServer(("127.0.0.1", 0), Put)
        self.url = f"http://127.0.0.1:{self.server.server_port}/answer?signature=s"


@pytest.fixture
def response_url() -> Iterator[ResponseUrl]:
    waiting = ResponseUrl()
    thread = threading.Thread(target=waiting.server.serve_forever, args=(0.01,))
    thread.start()
    yield waiting
    waiting.server.shutdown()
    thread.join()
    waiting.server.server_close()


@pytest.fixture
def event(sample: Callable[[str], JsonObject], response_url: ResponseUrl) -> JsonObject:
    return sample("cloudformation/orchestrator_load_catalogue_on_deploy.json") | {
        "ResponseURL": response_url.url
    }


@pytest.mark.usefixtures("aws")
def test_a_direct_invoke_loads_and_a_second_one_finds_nothing_to_do(
    handler: Callable[[str], Handler], sample: Callable[[str], JsonObject]
) -> None:
    load = handler("orchestrator/load_catalogue")
    request = sample("direct/orchestrator_load_catalogue.json")

    first, second = load(request, None), load(request, None)

    assert (first["version"], first["changed"]) == (1, True)
    assert first["models"] >= 70
    assert (second["version"], second["changed"]) == (1, False)


@pytest.mark.usefixtures("aws")
def test_a_direct_invoke_can_point_a_provider_elsewhere(handler: Callable[[str], Handler]) -> None:
    stand_in = "http://127.0.0.1:1234/v1"

    handler("orchestrator/load_catalogue")(
        {"overrides": {"providers": {"openai": {"baseUrl": stand_in}}}}, None
    )

    catalogue = wiring.reader().current(clock.now())
    assert catalogue.provider("openai").base_url == stand_in
    assert (
        catalogue.provider("bedrock").base_url
        == "https://bedrock-runtime.eu-central-1.amazonaws.com/openai/v1"
    )


@pytest.mark.usefixtures("aws")
def test_creating_the_resource_loads_and_tells_cloudformation(
    handler: Callable[[str], Handler], event: JsonObject, response_url: ResponseUrl
) -> None:
    handler("orchestrator/load_catalogue")(event, None)

    answer = response_url.answers[0]
    assert (answer["Status"], answer["RequestId"], answer["LogicalResourceId"], answer["type"]) == (
        "SUCCESS",
        "5bf2a0ee-6b1c-4d83-9d2f-4a3c6c1b7e10",
        "Catalogue",
        "",
    )
    assert answer["Data"]["version"] == 1
    assert wiring.reader().current(clock.now()).provider("openai").timeout_seconds == 300


@pytest.mark.usefixtures("aws")
def test_deleting_the_resource_touches_nothing_and_succeeds(
    handler: Callable[[str], Handler], event: JsonObject, response_url: ResponseUrl, aws: Aws
) -> None:
    event |= {"RequestType": "Delete", "PhysicalResourceId": "catalogue"}

    handler("orchestrator/load_catalogue")(event, None)

    assert [answer["Status"] for answer in response_url.answers] == ["SUCCESS"]
    assert aws.call("Scan", {"TableName": "OrchestratorTable"})["Count"] == 0


@pytest.mark.usefixtures("aws")
def test_a_load_that_is_refused_fails_the_deployment_with_its_reason(
    handler: Callable[[str], Handler], event: JsonObject, response_url: ResponseUrl
) -> None:
    event["ResourceProperties"]["Overrides"] = '{"providers": {"openai": {"baseUrl": "http://10.0.0.7"}}}'

    handler("orchestrator/load_catalogue")(event, None)

    answer = response_url.answers[0]
    assert answer["Status"] == "FAILED"
    assert "provider openai: baseUrl must be https" in answer["Reason"]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (InvalidRequest("Not so."), "Not so."),
        (RuntimeError("the secret is s3cr3t"), "RuntimeError"),
        (AwsError("ValidationException", "the secret is s3cr3t"), "ValidationException"),
    ],
)
def test_cloudformation_is_told_of_every_failure_and_of_no_secret(
    event: JsonObject, response_url: ResponseUrl, failure: Exception, reason: str
) -> None:
    def fail(_: JsonObject) -> JsonObject:
        raise failure

    custom_resource(fail)(event, None)

    assert [(answer["Status"], answer["Reason"]) for answer in response_url.answers] == [("FAILED", reason)]


def test_a_role_that_is_not_known_everywhere_yet_gets_a_minute(
    event: JsonObject, response_url: ResponseUrl
) -> None:
    slept: list[float] = []

    def load(_: JsonObject) -> JsonObject:
        if sum(slept) < 60:
            raise AwsError("AccessDeniedException")
        return {"version": 1}

    custom_resource(load, sleep=slept.append)(event, None)

    assert [(answer["Status"], answer["Data"]) for answer in response_url.answers] == [
        ("SUCCESS", {"version": 1})
    ]
    assert slept == [5] * 12


def test_a_role_that_may_not_is_told_after_that_minute(event: JsonObject, response_url: ResponseUrl) -> None:
    slept: list[float] = []

    def load(_: JsonObject) -> JsonObject:
        raise AwsError("AccessDeniedException")

    custom_resource(load, sleep=slept.append)(event, None)

    assert [(answer["Status"], answer["Reason"]) for answer in response_url.answers] == [
        ("FAILED", "AccessDeniedException")
    ]
    assert sum(slept) == 60
